"""Reset from any state, and a state register that is upset: back to rest, and what holds meanwhile.

The solver chooses the value of every register in the first cycle.
"""

from dataclasses import replace

from amaranth.hdl import Cat, Const, ResetSignal, Signal, Value
from amaranth.lib import wiring

from ...hdl.config import PHASE_NAMES, LayerConfig, MacroConfig, NetworkConfig, PhaseTiming, Readout
from ...hdl.controller.controller import NetworkController
from ...hdl.layer.calibrator import Calibrator
from ...hdl.layer.dense_layer import DenseLayer
from ...hdl.layer.sequencer import PINS
from .bench import Bench, Fault, Proof, Property, Task, also
from .layer_monitor import at_most_one, implies

_MACRO = MacroConfig(rows=3, spare_rows=1, columns=3, programmable=True, trim_bits=2)
_WIDER = replace(_MACRO, columns=5)
_FIRST = LayerConfig(name="first", inputs=2, bias_columns=1, neurons=4, macro=_MACRO)
_LAST = LayerConfig(
    name="last", inputs=4, bias_columns=1, neurons=2, readout=Readout.COUNT, macro=_WIDER
)
NETWORK = NetworkConfig(layers=(_FIRST, _LAST), offsets=(0, 0))
"""All that a controller can have: programming with spare rows, trims, both read-outs."""
LAYER = LayerConfig(
    name="layer", inputs=2, bias_columns=1, neurons=2,
    macro=MacroConfig(rows=2, columns=3, votes=3, timing=PhaseTiming(evaluate_cycles=2)),
)  # fmt: skip
SCAN_BOUND = LAYER.latency + LAYER.row_cycles
"""Cycles after which a layer is at rest: a scan, what is in progress, and a margin."""
TRIMMED = replace(LAYER, macro=MacroConfig(rows=2, columns=3, trim_bits=1))
CALIBRATION_BOUND = TRIMMED.calibration_cycles
"""Cycles after which a calibrator is at rest: a whole calibration."""


def cycle_number(bench: Bench, last: int) -> Signal:
    """The number of the cycle, 0 in the first one, up to `last`."""
    number = Signal(range(last + 1), reset_less=True)
    with bench.m.If(number != last):
        bench.m.d.sync += number.eq(number + 1)
    return number


def outputs_of(pins: wiring.PureInterface) -> Value:
    """All that a macro gets."""
    answers = ("sense_p", "sense_n", "sl_q")
    return Cat(getattr(pins, name) for name in pins.signature.members if name not in answers)


def _reset(bench: Bench) -> None:
    controller = bench.hardware
    cycle = cycle_number(bench, 2)
    bench.assume(implies(cycle == 0, ResetSignal("sync")))
    macros = [f"{layer.name}_{macro}" for layer in NETWORK.layers for macro in layer.macro_names]
    pins = Cat(outputs_of(getattr(controller, macro)) for macro in macros)
    answers = Cat(controller.m_axis_tvalid, controller.s_axil_bvalid, controller.s_axil_rvalid)
    quiet = (pins == 0) & (answers == 0) & ~controller.irq
    bench.prove("reset_is_safe", implies(cycle == 1, quiet), cycle == 1)


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
    ends = cycle == CALIBRATION_BOUND
    bench.prove("upset_calibration_ends", implies(ends, rest) & ~together, ends)


def _upset_layer(bench: Bench) -> None:
    layer, pins = bench.hardware, bench.hardware.macro0
    cycle = cycle_number(bench, SCAN_BOUND)
    bench.assume(~ResetSignal("sync"))
    bench.assume(~layer.i.valid)
    _before_phases_are_upset(bench, LAYER, LAYER.trials, cycle == 0)
    row = bench.inner("word_lines", "row")
    driving = bench.inner("bit_lines", "driving")
    bench.assume(implies(cycle == 0, at_most_one(row) & (driving == (row != 0))))
    together = pins.precharge & pins.evaluate
    rows = at_most_one(pins.wl) & ((pins.bl & pins.blb) == 0)
    busy = outputs_of(pins) != 0
    bench.prove("upset_keeps_pins_apart", ~together & rows, busy & (cycle == 1))
    rest = (outputs_of(pins) == 0) & bench.inner("sequencer", "idle")
    ends = cycle == SCAN_BOUND
    bench.prove("upset_returns_to_rest", implies(ends, rest), ends)


def recovery_proofs() -> list[Proof]:
    """Reset, and an upset state register: of a scan, and of a calibration."""
    reset = Proof(
        design="controller",
        scope="two programmable layers with spare rows and trims",
        hardware=lambda: NetworkController(NETWORK),
        specify=_reset,
        depth=3,
        reach="complete: one cycle of reset from every state",
        properties=(
            Property(
                "reset_is_safe",
                "Whatever the registers hold, after one cycle of reset every pin of every macro is "
                "0, and nothing is answered, sent or interrupted.",
                Fault(
                    "precharge of the first layer is inverted", "first.sequencer.precharge",
                    lambda true, inner: ~true,
                ),
                Task.ANY_STATE,
            ),
        ),
    )  # fmt: skip
    upset_layer = Proof(
        design="upset layer",
        scope="2 neurons with 3 votes",
        hardware=lambda: DenseLayer(LAYER),
        specify=_upset_layer,
        depth=SCAN_BOUND + 1,
        reach=f"one scan is {LAYER.latency}",
        properties=(
            Property(
                "upset_returns_to_rest",
                "Whatever value the state register of a scan is upset to, with no further image "
                f"all pins are 0 and the layer is idle after {SCAN_BOUND} cycles, a scan and a "
                "row.",
                Fault(
                    "word lines do not go down with the phases", "release",
                    lambda true, inner: Const(0),
                ),
                Task.ANY_STATE,
            ),
            Property(
                "upset_keeps_pins_apart",
                "Meanwhile precharge and evaluate are never high together, at most one word line "
                "is up, and no column has both bit lines high.",
                Fault(
                    "precharge is high in evaluate, too", "sequencer.precharge", also("evaluate")
                ),
                Task.ANY_STATE,
            ),
        ),
    )  # fmt: skip
    upset_calibrator = Proof(
        design="upset calibrator",
        scope="a trim of one bit",
        hardware=lambda: Calibrator(TRIMMED),
        specify=_upset_calibrator,
        depth=CALIBRATION_BOUND + 1,
        reach=f"one calibration is {TRIMMED.calibration_cycles}",
        properties=(
            Property(
                "upset_calibration_ends",
                "Whatever value the state register of a calibration is upset to, all pins are 0 "
                f"after {CALIBRATION_BOUND} cycles, a whole calibration, and meanwhile precharge "
                "and evaluate are never high together.",
                Fault(
                    "only the last step ends it", "last_row", lambda true, inner: inner("step")[0]
                ),
                Task.ANY_STATE,
            ),
        ),
    )  # fmt: skip
    return [reset, upset_layer, upset_calibrator]
