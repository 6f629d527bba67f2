"""The controller of a whole network: images in, array pins, classes and scores out."""

import functools
from collections.abc import Callable

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .array_pins import ArraySignature
from .config import NetworkConfig
from .dense_layer import DenseLayer, sum_of
from .frames import FrameInput, ScoreOutput, axi_stream_members

__all__ = ["NetworkController", "NetworkSignature", "StatusSignature"]

COUNTER_BITS = 32


class StatusSignature(wiring.Signature):
    """Event counters; each stays at its largest value once there.

    Members
    -------
    dropped : Out(32)
        Frames dropped for their length.
    unresolved : Out(32)
        Comparator decisions that were not resolved at the end of their strobe.
    """

    def __init__(self) -> None:
        super().__init__({"dropped": Out(COUNTER_BITS), "unresolved": Out(COUNTER_BITS)})


class NetworkSignature(wiring.Signature):
    """The ports of a network's controller.

    Members
    -------
    s_axis_*, m_axis_*
        AXI4-Stream image input and result output, see `FrameInput` and `ScoreOutput`.
    status : Out(StatusSignature())
        Event counters.
    <layer>_macro<k> : Out(ArraySignature)
        The pins of each array.
    """

    def __init__(self, config: NetworkConfig):
        members = axi_stream_members("s_axis", In) | axi_stream_members("m_axis", Out)
        members["status"] = Out(StatusSignature())
        for layer in config.layers:
            pins = Out(ArraySignature.of_layer(layer))
            members |= {f"{layer.name}_{macro}": pins for macro in layer.macro_names}
        super().__init__(members)


class NetworkController(wiring.Component):
    """All layers of a network, each with its macros, working on successive images at once.

    Parameters
    ----------
    config : NetworkConfig
        Layers and offsets.

    Members
    -------
    As in `NetworkSignature`.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self.frame_input = FrameInput(config)
        self.layers = [DenseLayer(layer) for layer in config.layers]
        self.score_output = ScoreOutput(config)
        super().__init__(NetworkSignature(config))

    @property
    def latency(self) -> int:
        """Cycles from an image's first beat to its result's last, the pipeline empty."""
        return self.config.latency

    @property
    def interval(self) -> int:
        """Cycles from one result to the next while images wait."""
        return self.config.interval

    def model(self, bits: int, score: Callable[[int, int, int], int]) -> list[int]:
        """The result packet of one image, as signed integers.

        Parameters
        ----------
        bits : int
            The image, bit 0 first.
        score : callable (layer, neuron, input bits) -> int
            2m - n as the neuron's comparator sees it.
        """
        for index, layer in enumerate(self.layers):
            bits = layer.model(bits, functools.partial(score, index))
        return self.score_output.model(bits)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.frame_input = self.frame_input
        m.submodules.score_output = self.score_output
        for signal in ("tdata", "tvalid", "tlast", "tready"):
            sink, source = f"s_axis_{signal}", f"m_axis_{signal}"
            inward = (getattr(self.frame_input, sink), getattr(self, sink))
            outward = (getattr(self, source), getattr(self.score_output, source))
            if signal == "tready":
                inward, outward = inward[::-1], outward[::-1]
            m.d.comb += [target.eq(value) for target, value in (inward, outward)]
        previous = self.frame_input.o
        for layer in self.layers:
            m.submodules[layer.config.name] = layer
            connect(m, previous, layer.i)
            previous = layer.o
            for macro in layer.config.macro_names:
                pins = getattr(self, f"{layer.config.name}_{macro}")
                connect(m, getattr(layer, macro), flipped(pins))
        connect(m, previous, self.score_output.i)
        self._count(m, self.status.dropped, self.frame_input.dropped)
        self._count(m, self.status.unresolved, sum_of([layer.unresolved for layer in self.layers]))
        return m

    @staticmethod
    def _count(m: Module, counter: Signal, events: Value) -> None:
        total = Signal(COUNTER_BITS + 1, name=f"{counter.name}_total")
        m.d.comb += total.eq(counter + events)
        m.d.sync += counter.eq(Mux(total[-1], (1 << COUNTER_BITS) - 1, total))
