"""Reset from any state, and a state register that is upset: back to rest, and what holds meanwhile.

The solver chooses the value of every register in the first cycle.
"""

from amaranth.hdl import Cat, Const, ResetSignal, Signal, Value
from amaranth.lib import wiring

from ...hdl.config import PHASE_NAMES, LayerConfig, MacroConfig, NetworkConfig, PhaseTiming, Readout
from ...hdl.controller.controller import NetworkController
from ...hdl.layer.calibrator import Calibrator
from ...hdl.layer.dense_layer import DenseLayer
from ...hdl.layer.sequencer import PINS
from .bench import Bench, Fault, Method, Proof, Property
from .layer_monitor import at_most_one, implies

NETWORK = NetworkConfig(
    layers=(
        LayerConfig(
            name="first", inputs=2, bias_columns=1, neurons=4,
            macro=MacroConfig(rows=3, spare_rows=1, columns=3, programmable=True, trim_bits=2),
        ),
        LayerConfig(
            name="last", inputs=4, bias_columns=1, neurons=2, readout=Readout.COUNT,
            macro=MacroConfig(rows=3, spare_rows=1, columns=5, programmable=True, trim_bits=2),
        ),
    ),
    offsets=(0, 0),
)  # fmt: skip
"""All that a controller can have: programming with spare rows, trims, both read-outs."""


def cycle_number(bench: Bench, last: int) -> Signal:
    """The number of the cycle, 0 in the first one, up to `last`."""
    number = Signal(range(last + 1), reset_less=True)
    with bench.m.If(number != last):
        bench.m.d.sync += number.eq(number + 1)
    return number


def outputs_of(pins: wiring.PureInterface) -> Value:
    """All that a macro gets."""
    return Cat(
        getattr(pins, name) for name in pins.signature.members
        if name not in ("sense_p", "sense_n", "sl_q")
    )  # fmt: skip


def _reset(bench: Bench) -> None:
    controller = bench.hardware
    cycle = cycle_number(bench, 2)
    bench.assume(implies(cycle == 0, ResetSignal("sync")))
    macros = [
        getattr(controller, f"{layer.name}_{macro}")
        for layer in NETWORK.layers for macro in layer.macro_names
    ]  # fmt: skip
    pins = Cat(outputs_of(macro) for macro in macros)
    answers = Cat(controller.m_axis_tvalid, controller.s_axil_bvalid, controller.s_axil_rvalid)
    quiet = (pins == 0) & (answers == 0) & ~controller.irq
    bench.prove("reset_is_safe", implies(cycle == 1, quiet))
    bench.cover("reset_is_safe", cycle == 1)


def _before_phases_are_upset(bench: Bench, config: LayerConfig, trials: int, first: Value) -> None:
    """All registers of a phase sequencer but its state register are as in some state."""
    sequencer, timing = "sequencer", config.macro.timing
    for name in PHASE_NAMES:
        length = Const(getattr(timing, name))
        bench.drive(getattr(bench.hardware.timing, name), length)
        bench.assume(implies(first, bench.inner(sequencer, f"held__{name}") == length))
    longest = max(getattr(timing, name) for name in PHASE_NAMES)
    bench.assume(implies(first, bench.inner(sequencer, "remaining") <= longest))
    bench.assume(implies(first, bench.inner(sequencer, "trial") < trials))
    names = ("precharge", "evaluate", "strobe", "share")
    pins = Cat(bench.inner(sequencer, name) for name in names)
    of_states = [sum(bit << k for k, bit in enumerate(PINS[state][:4])) for state in PINS]
    bench.assume(implies(first, Cat(pins == code for code in set(of_states)).any()))


def _upset_calibrator(bench: Bench) -> None:
    calibrator = bench.hardware
    cycle = cycle_number(bench, CALIBRATION_BOUND)
    bench.assume(~ResetSignal("sync"))
    bench.drive(calibrator.start, Const(0))
    _before_phases_are_upset(bench, TRIMMED, TRIMMED.macro.trim_strobes, cycle == 0)
    pins = Cat(calibrator.precharge, calibrator.evaluate, calibrator.strobe)
    together = calibrator.precharge & calibrator.evaluate
    rest = (pins == 0) & ~calibrator.busy
    returns = implies(cycle == CALIBRATION_BOUND, rest)
    bench.prove("upset_calibration_ends", returns & ~together)
    bench.cover("upset_calibration_ends", cycle == CALIBRATION_BOUND)


class UpsetProof:
    """A layer whose state register has any value, be it of a state or not."""

    def __init__(self, config: LayerConfig):
        self.config = config

    @property
    def bound(self) -> int:
        """Cycles after which the layer is at rest: a scan, what is in progress, and a margin."""
        return self.config.latency + self.config.row_cycles

    def specify(self, bench: Bench) -> None:
        """State the properties about a bench."""
        layer = bench.hardware
        cycle = cycle_number(bench, self.bound)
        pins = layer.macro0
        bench.assume(~ResetSignal("sync"))
        bench.assume(~layer.i.valid)
        self._before_the_upset(bench, cycle == 0)
        together = pins.precharge & pins.evaluate
        rows = at_most_one(pins.wl) & ((pins.bl & pins.blb) == 0)
        bench.prove("upset_keeps_pins_apart", ~together & rows)
        rest = (outputs_of(pins) == 0) & bench.inner("sequencer", "idle")
        bench.prove("upset_returns_to_rest", implies(cycle == self.bound, rest))
        busy = outputs_of(pins) != 0
        bench.cover("upset_keeps_pins_apart", busy & (cycle == 1))
        bench.cover("upset_returns_to_rest", cycle == self.bound)

    def _before_the_upset(self, bench: Bench, first: Value) -> None:
        """All registers but the state register are as in some state of a scan."""
        _before_phases_are_upset(bench, self.config, self.config.trials, first)
        row = bench.inner("word_lines", "row")
        driving = bench.inner("bit_lines", "driving")
        bench.assume(implies(first, at_most_one(row) & (driving == (row != 0))))


LAYER = LayerConfig(
    name="layer", inputs=2, bias_columns=1, neurons=2,
    macro=MacroConfig(rows=2, columns=3, votes=3, timing=PhaseTiming(evaluate_cycles=2)),
)  # fmt: skip


TRIMMED = LayerConfig(
    name="layer", inputs=2, bias_columns=1, neurons=2,
    macro=MacroConfig(rows=2, columns=3, trim_bits=1),
)  # fmt: skip
CALIBRATION_BOUND = TRIMMED.calibration_cycles
"""Cycles after which a calibrator is at rest: a whole calibration."""


def any_state_property(name: str, statement: str, fault: Fault) -> Property:
    """A property that is proven whatever the registers hold."""
    return Property(name=name, statement=statement, method=Method.ANY_STATE, fault=fault)


def _reset_proof() -> Proof:
    """One cycle of reset."""
    return Proof(
        design="controller",
        scope="two programmable layers with spare rows and trims",
        hardware=lambda: NetworkController(NETWORK),
        specify=_reset,
        depth=3,
        reach="complete: one cycle of reset from every state",
        properties=(
            any_state_property(
                "reset_is_safe",
                "Whatever the registers hold, after one cycle of reset every pin of every macro is "
                "0, and nothing is answered, sent or interrupted.",
                Fault(
                    meaning="precharge of the first layer is inverted",
                    path=("first", "sequencer"), signal="precharge",
                    edit=lambda true, inner: ~true,
                ),
            ),
        ),
    )  # fmt: skip


def _upset_layer_proof() -> Proof:
    """A scan's state register."""
    upset = UpsetProof(LAYER)
    return Proof(
        design="upset layer",
        scope="2 neurons with 3 votes",
        hardware=lambda: DenseLayer(LAYER),
        specify=upset.specify,
        depth=upset.bound + 1,
        reach=f"one scan is {LAYER.latency}",
        properties=(
            any_state_property(
                "upset_returns_to_rest",
                "Whatever value the state register of a scan is upset to, with no further image "
                f"all pins are 0 and the layer is idle after {upset.bound} cycles, a scan and a "
                "row.",
                Fault(
                    meaning="word lines do not go down with the phases", path=(),
                    signal="release", edit=lambda true, inner: Const(0),
                ),
            ),
            any_state_property(
                "upset_keeps_pins_apart",
                "Meanwhile precharge and evaluate are never high together, at most one word line "
                "is up, and no column has both bit lines high.",
                Fault(
                    meaning="precharge is high in evaluate, too", path=("sequencer",),
                    signal="precharge", edit=lambda true, inner: true | inner("evaluate"),
                ),
            ),
        ),
    )  # fmt: skip


def _upset_calibrator_proof() -> Proof:
    """A calibration's state register."""
    return Proof(
        design="upset calibrator",
        scope="a trim of one bit",
        hardware=lambda: Calibrator(TRIMMED),
        specify=_upset_calibrator,
        depth=CALIBRATION_BOUND + 1,
        reach=f"one calibration is {TRIMMED.calibration_cycles}",
        properties=(
            any_state_property(
                "upset_calibration_ends",
                "Whatever value the state register of a calibration is upset to, all pins are 0 "
                f"after {CALIBRATION_BOUND} cycles, a whole calibration, and meanwhile precharge "
                "and evaluate are never high together.",
                Fault(
                    meaning="only the last step ends it", path=(), signal="last_row",
                    edit=lambda true, inner: inner("step")[0],
                ),
            ),
        ),
    )  # fmt: skip


def recovery_proofs() -> list[Proof]:
    """Reset, and an upset state register."""
    return [_reset_proof(), _upset_layer_proof(), _upset_calibrator_proof()]
