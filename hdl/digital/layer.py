"""The all-digital alternative to a bridge layer: XNOR, popcount, threshold; weights in memory."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DigitalLayerConfig
from .popcount_tree import PopcountThreshold


def _word_layout(config: DigitalLayerConfig) -> data.StructLayout:
    return data.StructLayout({"weights": config.inputs, "threshold": config.threshold_bits})


class WeightSignature(wiring.Signature):
    """A port of a weight memory, seen from who reads it or fills it.

    Parameters
    ----------
    config : DigitalLayerConfig
        Sizes.
    word : In or Out
        In to read, Out to write.

    Members
    -------
    row : Out(range(max(2, neurons)))
        The neuron whose word is wanted or written.
    enable : Out(1)
        Read, or write, in this cycle; without a read the word stays.
    word : StructLayout
        `weights`, one bit per input, 1 for +1, and `threshold`; read one cycle after `enable`.
    """

    def __init__(self, config: DigitalLayerConfig, word: type[In] | type[Out]):
        row = Out(range(max(2, config.neurons)))
        super().__init__({"row": row, "enable": Out(1), "word": word(_word_layout(config))})


class PopcountLayer(wiring.Component):
    """The layer without its memory, as `DenseLayer` is one without its arrays.

    Reads one neuron's word per cycle. An input is taken when no row is in progress and the previous
    result has gone (or goes in that very cycle), as in `DenseLayer`.

    Parameters
    ----------
    config : DigitalLayerConfig
        Sizes and pipelining.

    Members
    -------
    i : In(stream.Signature(inputs))
        One image's input bits, input 0 lowest.
    o : Out(stream.Signature(neurons))
        A bit per neuron, neuron 0 lowest: 1 iff at least `threshold` inputs equal their weights.
    memory : Out(WeightSignature(config, In))
        The weight memory.
    busy : Out(1)
        A row is in progress or a result waits.
    """

    def __init__(self, config: DigitalLayerConfig):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(config.inputs)),
                "o": Out(stream.Signature(config.neurons)),
                "memory": Out(WeightSignature(config, In)),
                "busy": Out(1),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from the transfer at `i` to `o.valid`, and to the next."""
        return self.config.latency

    def model(self, bits: int, words: Sequence[tuple[int, int]]) -> int:
        """The word at `o` for the word `bits` at `i`.

        Parameters
        ----------
        bits : int
            Input bits, input 0 lowest.
        words : sequence of (int, int)
            Weights and threshold of each neuron.
        """
        every = (1 << self.config.inputs) - 1
        reached = [
            PopcountThreshold.model(every & ~(bits ^ weights), threshold)
            for weights, threshold in words
        ]
        return sum(bit << neuron for neuron, bit in enumerate(reached))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.tree = tree = PopcountThreshold(config)
        idle = Signal(init=1)
        accept = Signal()
        held = Signal(config.inputs, reset_less=True)
        m.d.comb += [
            self.i.ready.eq(idle & (~self.o.valid | self.o.ready)),
            self.busy.eq(~idle | self.o.valid),
            accept.eq(self.i.valid & self.i.ready),
            tree.bits.eq(~(held ^ self.memory.word.weights)),
            tree.threshold.eq(self.memory.word.threshold),
        ]
        last = self._read_rows(m, accept)
        # What goes with a row's word through the memory and the tree: that it is one, and the last.
        here = self._delayed(m, self.memory.enable, "here")
        finished = self._delayed(m, last, "finished")
        with m.If(accept):
            m.d.sync += [idle.eq(0), held.eq(self.i.payload)]
        with m.Elif(finished):
            m.d.sync += idle.eq(1)
        with m.If(finished):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        results = Signal(config.neurons, reset_less=True)
        with m.If(here):
            # Neuron 0, the first to come, ends up lowest.
            m.d.sync += results.eq(Cat(results[1:], tree.reached))
        m.d.comb += self.o.payload.eq(results)
        return m

    def _read_rows(self, m: Module, accept: Signal) -> Signal:
        """Presents the rows to the memory one by one; gives whether the last one is up."""
        last = Signal()
        m.d.comb += last.eq(self.memory.enable & (self.memory.row == self.config.neurons - 1))
        with m.If(accept):
            m.d.sync += [self.memory.enable.eq(1), self.memory.row.eq(0)]
        with m.Elif(self.memory.enable):
            m.d.sync += [self.memory.enable.eq(~last), self.memory.row.eq(self.memory.row + 1)]
        return last

    def _delayed(self, m: Module, flag: Signal, name: str) -> Signal:
        """The flag when the tree has decided the row that is up now."""
        flags = Signal(1 + self.config.tree_stages, name=name)
        m.d.sync += flags.eq(Cat(flag, flags[:-1]))
        return flags[-1]


class DigitalLayer(wiring.Component):
    """A `PopcountLayer` with its memory: one word per neuron, which is written before it computes.

    A memory rather than constants, because a bridge macro can be programmed, too, and constants
    would let synthesis fold a network's weights into the logic.

    Parameters
    ----------
    config : DigitalLayerConfig
        Sizes and pipelining.

    Members
    -------
    i, o, busy
        As in `PopcountLayer`.
    write : In(WeightSignature(config, Out))
        Fills the memory; not while a row is in progress.
    """

    def __init__(self, config: DigitalLayerConfig):
        self.config = config
        self._layer = PopcountLayer(config)
        members = dict(self._layer.signature.members)
        del members["memory"]
        super().__init__(members | {"write": In(WeightSignature(config, Out))})

    @property
    def latency(self) -> int:
        """As that of `PopcountLayer`."""
        return self.config.latency

    def model(self, bits: int, words: Sequence[tuple[int, int]]) -> int:
        """As that of `PopcountLayer`."""
        return self._layer.model(bits, words)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.layer = layer = self._layer
        # Two words at least: Verilog has no addresses without bits.
        depth = max(2, self.config.neurons)
        m.submodules.memory = memory = Memory(shape=_word_layout(self.config), depth=depth, init=[])
        read = memory.read_port()
        write = memory.write_port()
        connect(m, flipped(self.i), layer.i)
        connect(m, layer.o, flipped(self.o))
        m.d.comb += [
            self.busy.eq(layer.busy),
            read.addr.eq(layer.memory.row),
            read.en.eq(layer.memory.enable),
            layer.memory.word.eq(read.data),
            write.addr.eq(self.write.row),
            write.en.eq(self.write.enable),
            write.data.eq(self.write.word),
        ]
        return m
