"""Proof that a bridge layer with an ideal array and an all-digital layer decide alike.

The miter holds both layers with the same neurons. Weights and bias weights are free but constant;
the digital layer's memory is filled with them through its write port, its threshold computed from
the bias weights. Both layers are offered the same free input word, and when both have their result
the two words are compared; then comes the next image. The registers of both may start with any
content: one cycle of reset is all that goes before.

Bounded model checking up to the second image's result: the first image follows reset, the second
one whatever an image leaves behind. Results may have to wait, as far as that leaves time.
"""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amaranth.asserts import AnyConst, AnySeq, Initial
from amaranth.back import rtlil
from amaranth.hdl import (
    Assert,
    Assume,
    Const,
    Cover,
    Elaboratable,
    Module,
    ResetSignal,
    Signal,
    Value,
)
from amaranth.lib import wiring

from ...hdl.config import DigitalLayerConfig, LayerConfig, MacroConfig
from ...hdl.digital.layer import DigitalLayer
from ...hdl.idioms import sum_of
from ...hdl.layer.dense_layer import DenseLayer
from ..tools.symbiyosys import TOP, SbyRun, run_sby
from .bench import Task
from .verdict import CAUGHT, FAILED, PROVEN, REACHED, SURVIVES, UNDECIDED, UNREACHED, Verdict

LAYER = LayerConfig(
    name="miter", inputs=3, bias_columns=2, neurons=3, macro=MacroConfig(rows=2, columns=6)
)
"""The geometry of the proof: bias columns, a column and a row out of use, a shorter last macro."""

FAULTS = ("product", "threshold")
"""What a mutant gets wrong: one cell's product is inverted; one threshold is one too large."""

IMAGES = 2
EQUIVALENCE = "sign_readout_equals_digital_layer"


class IdealArray(Elaboratable):
    """One macro's array without time or noise: each cell an XNOR, the majority wins.

    Parameters
    ----------
    pins : interface of ArraySignature
        Driven by the layer; this drives the sense pins.
    weights : sequence of Value
        The cells of each row in use, column 0 lowest.
    inverted : bool
        A fault: the product of row 0, column 0 is the wrong way round.
    """

    def __init__(
        self, pins: wiring.PureInterface, weights: Sequence[Value], *, inverted: bool = False
    ):
        self.pins = pins
        self.weights = weights
        self.inverted = inverted

    def elaborate(self, platform: object) -> Module:
        m = Module()
        positive, negative = [], []
        for row, cells in enumerate(self.weights):
            for column, cell in enumerate(cells):
                top, bottom = self.pins.bl[column], self.pins.blb[column]
                if self.inverted and row == column == 0:
                    top, bottom = bottom, top
                selected = self.pins.wl[row]
                # The cell's midpoint follows the bit line on its low-resistance side.
                positive.append(selected & ((top & cell) | (bottom & ~cell)))
                negative.append(selected & ((top & ~cell) | (bottom & cell)))
        difference = sum_of(positive) - sum_of(negative)
        strobe = self.pins.strobe
        m.d.comb += [
            self.pins.sense_p.eq(strobe & (difference > 0)),
            self.pins.sense_n.eq(strobe & (difference < 0)),
        ]
        return m


class EquivalenceMiter(Elaboratable):
    """Both layers, the array, free weights and inputs, and what must hold.

    Parameters
    ----------
    config : LayerConfig
        The bridge layer, read by signs.
    fault : str, optional
        One of `FAULTS`.
    """

    def __init__(self, config: LayerConfig, fault: str | None = None):
        self.config = config
        self.fault = fault
        self.digital = DigitalLayerConfig(inputs=config.inputs, neurons=config.neurons)
        self.slowest = max(config.latency, self.digital.latency)
        # An image is drawn in one cycle, taken in the next and compared when both are done.
        self.depth = 1 + config.neurons + IMAGES * (self.slowest + 2)
        """Cycles up to the last image's result: reset, filling, and each image's slower layer."""

    def run(self, name: str, mode: str) -> SbyRun:
        """A run of the solver; registers and memory may hold anything before reset."""
        return SbyRun(
            name=name,
            model=rtlil.convert(self, name=TOP, ports=(), platform="formal", emit_src=False),
            mode=mode,
            depth=self.depth,
            prepare=["delete t:$meminit*", "setattr -unset init w:*"],
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.bridge = bridge = DenseLayer(self.config)
        m.submodules.digital = digital = DigitalLayer(self.digital)
        cells = [AnyConst(self.config.fan_in) for _ in range(self.config.neurons)]
        for index, name in enumerate(self.config.macro_names):
            rows = self.config.neurons_of_macro(index)
            m.submodules[f"array{index}"] = IdealArray(
                getattr(bridge, name),
                cells[rows.start : rows.stop],
                inverted=self.fault == "product" and index == 0,
            )
        filled = self._fill(m, digital, cells)
        m.d.comb += Assume(ResetSignal() == Initial())
        self._offer_and_compare(m, bridge, digital, filled)
        return m

    def _fill(self, m: Module, digital: DigitalLayer, cells: Sequence[Value]) -> Value:
        """Writes the memory row by row; gives whether all rows are written."""
        row = Signal(range(self.config.neurons + 1))
        filled = row == self.config.neurons
        m.d.comb += [digital.write.enable.eq(~filled), digital.write.row.eq(row)]
        with m.If(~filled):
            m.d.sync += row.eq(row + 1)
        with m.Switch(row):
            for neuron, weights in enumerate(cells):
                with m.Case(neuron):
                    m.d.comb += [
                        digital.write.word.weights.eq(weights[: self.config.inputs]),
                        digital.write.word.threshold.eq(self._threshold(neuron, weights)),
                    ]
        return filled

    def _threshold(self, neuron: int, weights: Value) -> Value:
        """Of the n products more than half are +1 iff of the N inputs' at least this many are."""
        biases = weights[self.config.inputs :]
        fault = int(self.fault == "threshold" and neuron == 0)
        return (self.config.fan_in + 1) // 2 + fault - sum_of([Const(0, 1), *biases])

    def _offer_and_compare(
        self, m: Module, bridge: DenseLayer, digital: DigitalLayer, filled: Value
    ) -> None:
        """Image after image, each offered until taken, compared when both results are there."""
        drawn = Signal()
        word = Signal(self.config.inputs)
        images = Signal(range(IMAGES + 1))
        waited = Signal(range(self.depth + 1))
        both = bridge.o.valid & digital.o.valid
        compared = both & AnySeq(1)
        layers: tuple[DenseLayer | DigitalLayer, ...] = (bridge, digital)
        offered = [Signal(name="offered_0"), Signal(name="offered_1")]
        for layer, offers in zip(layers, offered, strict=True):
            m.d.comb += [layer.i.valid.eq(offers), layer.i.payload.eq(word)]
            m.d.comb += layer.o.ready.eq(compared)
            with m.If(layer.i.ready):
                m.d.sync += offers.eq(0)
        with m.If(filled & ~drawn & (images < IMAGES)):
            m.d.sync += [drawn.eq(1), word.eq(AnySeq(self.config.inputs)), waited.eq(0)]
            m.d.sync += [offers.eq(1) for offers in offered]
        with m.Elif(drawn):
            m.d.sync += waited.eq(waited + ~both)
        with m.If(compared):
            m.d.sync += [drawn.eq(0), images.eq(images + 1)]
        same = bridge.o.payload == digital.o.payload
        mixed = bridge.o.payload.any() & ~bridge.o.payload.all()
        m.d.comb += [
            Assert(Initial() | ~both | same),
            Assert(Initial() | ~drawn | both | (waited < self.slowest)),
            # The last image is decided, its neurons not all alike.
            Cover(~Initial() & both & (images == IMAGES - 1) & mixed),
        ]


def prove_equivalence(*, processes: int = 2) -> Verdict:
    """Prove it, and that both mutants fail: only if each of them does is the mutant caught.

    `processes` solvers run at a time; raises what `run_sby` does.
    """
    miter = EquivalenceMiter(LAYER)
    runs = [miter.run("proof", "bmc"), miter.run("cover", "cover")]
    runs += [EquivalenceMiter(LAYER, fault).run(fault, "bmc") for fault in FAULTS]
    with (
        tempfile.TemporaryDirectory(prefix="popbridge-formal-") as folder,
        ThreadPoolExecutor(processes) as pool,
    ):
        proof, cover, *mutants = pool.map(lambda run: run_sby(run, Path(folder)), runs)
    return Verdict(
        name=EQUIVALENCE,
        design="digital layer",
        scope=f"{LAYER.neurons} neurons on {LAYER.macros} macros of {LAYER.macro.rows} rows",
        statement="A layer read by signs, with an ideal array, and the all-digital layer give the "
        "same result for the same image, whatever the weights.",
        method=Task.BOUNDED.value,
        depth=miter.depth,
        reach=f"one scan is {LAYER.latency}",
        result=PROVEN if proof.passed else FAILED if proof.failed else UNDECIDED,
        cover_result=REACHED if cover.passed else UNREACHED,
        mutant="one product inverted; one threshold too large by one",
        mutant_design="digital layer",
        mutant_result=CAUGHT if all(mutant.failed for mutant in mutants) else SURVIVES,
    )
