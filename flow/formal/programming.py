"""Programming and evaluation never meet, and a pulse is on one word line with its pins still."""

from functools import partial

from amaranth.hdl import Cat, Const, Value

from ...hdl.config import LayerConfig, NetworkConfig
from ...hdl.controller.control_registers import control_registers
from ...hdl.controller.controller import NetworkController
from ...hdl.programming.plan import PULSES
from ...hdl.programming.word_line import PULSE_PINS
from .bench import Bench, Fault, Proof, Property, also
from .layer_monitor import at_most_one, implies, past
from .scan import also_next
from .scan_lemmas import fsm_states

PATHS = {
    "row": ("row_state",),
    "line": ("word_line", "program_state"),
    "pulse": ("word_line", "driver", "pulse_state"),
    "reader": ("word_line", "reader", "read_state"),
    "packet": ("input", "frame_state"),
}
"""State machine to its register, from the row's programmer down."""


class RowStates:
    """The state machines that program a layer's rows."""

    def __init__(self, bench: Bench, layer: LayerConfig):
        self.inner = partial(bench.inner, "programmer", f"{layer.name}_rows")
        """A signal of the layer's programmer."""
        self.states = {name: self.inner(*path) for name, path in PATHS.items()}

    def within(self, machine: str, *names: str) -> Value:
        """Whether a machine is in one of these states."""
        state = self.states[machine]
        return Cat(state == fsm_states(state)[name] for name in names).any()


def _specify(config: NetworkConfig, bench: Bench) -> None:
    controller, m = bench.hardware, bench.m
    layers = config.layers
    macros = {
        layer.name: [getattr(controller, f"{layer.name}_{macro}") for macro in layer.macro_names]
        for layer in layers
    }
    every = [pins for several in macros.values() for pins in several]
    evaluating = Cat(Cat(pins.precharge, pins.evaluate, pins.strobe) for pins in every).any()
    programming = Cat(getattr(pins, name) for pins in every for name in PULSE_PINS).any()
    pulsing = Cat(pins.prog_pulse for pins in every).any()
    bench.prove("programming_apart", ~(programming & evaluating), pulsing)
    alone, still, named = Const(1), Const(1), Const(1)
    for number, pins in enumerate(every):
        held = Cat(pins.wl, *(getattr(pins, name) for name in PULSE_PINS[:-1]))
        pulsed = past(m, pins.prog_pulse, f"pulse_{number}")
        moved = past(m, held, f"held_{number}") != held
        still &= ~((pins.prog_pulse | pulsed) & moved)
        still &= implies(pins.prog_pulse, (pins.bl == 0) & (pins.blb == 0))
        named &= implies(pins.prog_pulse, pins.prog_op != 0)
    for several in macros.values():
        lines = Cat(pins.wl for pins in several)
        pulse = Cat(pins.prog_pulse for pins in several).any()
        alone &= implies(pulse, at_most_one(lines) & lines.any())
    bench.prove("one_word_line_under_pulse", alone, pulsing)
    bench.prove("pulse_pins_stand_still", still, pulsing)
    bench.prove("pulse_has_one_operation", named, pulsing)
    for number, layer in enumerate(layers):
        _row_lemmas(bench, layer, number)
    _idle_lemmas(config, bench)
    if bench.example:
        _steer(config, bench)


def _steer(config: NetworkConfig, bench: Bench) -> None:
    """Stop the controller and send packets without a pause: a run in which a row is pulsed."""
    controller = bench.hardware
    registers = control_registers(config)
    address = registers.address("CONTROL")
    (stop,) = (place for place, field in registers["CONTROL"].placed_fields if field.name == "stop")
    for name, value in (
        ("awaddr", address), ("wdata", 1 << stop), ("wstrb", 1), ("awvalid", 1), ("wvalid", 1),
        ("bready", 1), ("arvalid", 0),
    ):  # fmt: skip
        bench.drive(getattr(controller, f"s_axil_{name}"), Const(value))
    bench.drive(controller.w_axis_tvalid, Const(1))
    bench.drive(controller.s_axis_tvalid, Const(0))


def _row_lemmas(bench: Bench, layer: LayerConfig, number: int) -> None:
    rows = RowStates(bench, layer)
    granted = bench.inner("programmer", "granted")[number]
    request, line = rows.inner("request"), rows.inner("pins__wl")
    lemma, within = bench.lemma, rows.within
    at_work = within("row", "SELECT", "PROGRAM", "COUNT", "DECIDE", "DONE")
    for state in rows.states.values():
        lemma(Cat(state == code for code in fsm_states(state).values()).any())
    lemma(implies(at_work, granted))
    lemma(request == (at_work | within("row", "REQUEST")))
    lemma(implies(request, within("packet", "FULL")))
    lemma(rows.inner("input", "whole") == within("packet", "FULL"))
    up = within("row", "PROGRAM", "COUNT", "DECIDE")
    lemma(implies(up, at_most_one(line) & line.any()))
    lemma(implies(~up, line == 0))
    lemma(implies(~within("row", "PROGRAM"), within("line", "IDLE")))
    lemma(implies(within("row", "PROGRAM"), ~within("line", "IDLE")))
    lemma(within("line", "PULSE") == ~within("pulse", "IDLE"))
    lemma(within("line", "VERIFY") == ~within("reader", "IDLE"))
    driver = {name: rows.inner("word_line", "driver", name) for name in PULSE_PINS}
    lemma(driver["prog_pulse"] == within("pulse", "PULSE"))
    asked = Cat(driver[name] for name in PULSE_PINS)
    lemma(implies(within("pulse", "IDLE"), asked == 0))
    lemma(implies(~within("pulse", "IDLE"), driver["prog_op"] != 0))
    for side, state in (("bl", "PLUS"), ("blb", "MINUS")):
        lines = rows.inner("word_line", "reader", side)
        lemma((lines != 0) == within("reader", state))
    kind = rows.inner("word_line", "kind")
    lemma(implies(within("line", "CHOOSE", "PULSE"), kind < len(PULSES)))


def _idle_lemmas(config: NetworkConfig, bench: Bench) -> None:
    """While a row is granted no layer is at work, and none begins."""
    granted = bench.inner("programmer", "granted").any()
    lemma = bench.lemma
    lemma(implies(granted, ~bench.inner("busy") & ~bench.inner("calibrating")))
    frame, count = (bench.inner("frame_input", name) for name in ("frame_state", "count"))
    lemma(implies(frame != fsm_states(frame)["COLLECT"], count == 0))
    for layer in config.layers:
        for path in ((layer.name, "sequencer"), (layer.name, "calibrator", "sequencer")):
            state = bench.inner(*path, "phase_state")
            pins = Cat(bench.inner(*path, name) for name in ("precharge", "evaluate", "strobe"))
            idle = state == fsm_states(state)["IDLE"]
            lemma(implies(idle, pins == 0))
            lemma(implies(granted, idle))
        driving = bench.inner(layer.name, "bit_lines", "driving")
        lemma(implies(granted, ~driving))


def programming_proof(config: NetworkConfig) -> Proof:
    """The proof about a programmable controller."""
    first = config.layers[0].name
    rows = f"programmer.{first}_rows"
    return Proof(
        design="programming",
        scope="controller of two programmable layers with spare rows and trims",
        hardware=lambda: NetworkController(config),
        specify=partial(_specify, config),
        depth=30,
        properties=(
            Property(
                "programming_apart",
                "No program driver of any macro is on while any macro precharges, evaluates or "
                "strobes.",
                Fault(
                    "precharge is high between scans", f"{first}.sequencer.precharge", also("idle")
                ),
            ),
            Property(
                "one_word_line_under_pulse",
                "In a pulse exactly one word line of the layer is up.",
                Fault("the next word line is up as well", f"{rows}.pins__wl", also_next),
            ),
            Property(
                "pulse_pins_stand_still",
                "Word line, operation, device, amplitude and columns stand still from the cycle "
                "before a pulse to the cycle after it; both bit lines are 0 in it.",
                Fault(
                    "the amplitude is one step up in the pulse",
                    f"{rows}.word_line.driver.prog_level",
                    lambda true, inner: true + inner("prog_pulse"),
                ),
            ),
            Property(
                "pulse_has_one_operation",
                "Every pulse is one of FORM, SET and RESET; the code makes them exclusive.",
                Fault(
                    "the operation is taken back in the pulse",
                    f"{rows}.word_line.driver.prog_op",
                    lambda true, inner: true & ~inner("prog_pulse").replicate(2),
                ),
            ),
        ),
    )
