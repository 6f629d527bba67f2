"""State registers of programming that are upset: back to rest, and what holds meanwhile.

Programming a row takes thousands of cycles, too many to go through one by one. Instead a number of
cycles left is computed from the registers, and it is proven that, whatever they hold, it falls in
every cycle until all is at rest. Its largest value is then the bound.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from amaranth.hdl import Const, Mux, ResetSignal, Signal, Value

from ...hdl.config import (
    STREAM_BITS,
    LayerConfig,
    MacroConfig,
    ProgrammingConfig,
    ProgrammingOperation,
)
from ...hdl.programming.plan import PULSES, STEPS
from ...hdl.programming.row import RowProgrammer
from .bench import Bench, Fault, Proof, Property, Task, also
from .layer_monitor import at_most_one, implies, past
from .recovery import cycle_number, outputs_of
from .scan_lemmas import fsm_states

LAYER = LayerConfig(
    name="layer", inputs=2, bias_columns=1, neurons=4,
    macro=MacroConfig(
        rows=3, spare_rows=1, columns=4, programmable=True,
        programming=ProgrammingConfig(
            columns_per_pulse=2, form_cycles=5, set_cycles=2, reset_cycles=3,
            verify_settle_cycles=3, most_retries=2,
        ),
    ),
)  # fmt: skip
"""Groups of columns, retries and a spare row: each loop of programming is there."""


class Left(NamedTuple):
    """Cycles until a state machine is at rest, at most."""

    now: Value
    """0 at rest."""
    most: int


def _by_state(state: Signal, cycles: Mapping[str, Value | int], most: int, rest: int = 1) -> Left:
    """The cycles left in each state; `rest` in states that are not named, 0 in IDLE."""
    now: Value = Const(rest)
    codes = fsm_states(state)
    for name, here in {"IDLE": 0, **cycles}.items():
        now = Mux(state == codes[name], here, now)
    return Left(now, most)


def _up_to(counter: Signal, last: int) -> Left:
    """Steps until a counter that wraps around is at `last`."""
    return Left((last - counter)[: len(counter)], (1 << len(counter)) - 1)


class CyclesLeft:
    """The cycles left of each machine of a `RowProgrammer`, the innermost first."""

    def __init__(self, bench: Bench, config: LayerConfig):
        self.inner = bench.inner
        self.config = config
        self.programming = programming = config.macro.programming
        hold, settle = programming.hold_cycles, programming.verify_settle_cycles
        longest = max(map(programming.width_cycles, filter(None, ProgrammingOperation)))
        pulse = {"HOLD": (), "PULSE": (hold,), "SETUP": (longest, hold)}
        self.pulse = self._timed("driver", "pulse_state", pulse)
        self.reading = self._timed("reader", "read_state", {"MINUS": (), "PLUS": (settle,)})
        self.line = self._line()
        self.row = self._row()

    @property
    def total(self) -> Left:
        """Of all of them: a machine may go on when the one above it is at rest already."""
        inner = max(self.pulse.most, self.reading.most)
        pins = Mux(self.pulse.now > self.reading.now, self.pulse.now, self.reading.now)
        line = Mux(self.line.now > 0, self.line.now + inner, pins)
        row = Mux(self.row.now > 0, self.row.now + self.line.most + inner, line)
        return Left(row, self.row.most + self.line.most + inner)

    def _timed(self, part: str, state: str, later: Mapping[str, Sequence[int]]) -> Left:
        """Of a machine with a timer: what that has left, and the cycles of the states `later`."""
        remaining = self.inner("word_line", part, "remaining")
        cycles = {name: sum(more, remaining + 1) for name, more in later.items()}
        most = (1 << len(remaining)) + max(map(sum, later.values()))
        return _by_state(self.inner("word_line", part, state), cycles, most)

    def _line(self) -> Left:
        """Steps, attempts, kinds of pulses, groups of columns: digits of mixed radix."""
        step, kind, group, attempt = (
            self.inner("word_line", name) for name in ("step", "kind", "group", "attempt")
        )
        steps = _up_to(step, len(STEPS) - 1)
        groups = _up_to(group, -(-self.config.fan_in // self.programming.columns_per_pulse) - 1)
        kinds = _kinds_left(kind)
        one_pulse = 1 + self.pulse.most + 1
        pulses = kinds.now * (groups.most + 1) + groups.now
        all_pulses = (kinds.most + 1) * (groups.most + 1) * one_pulse
        read = self.reading.most + 3
        attempts = _up_to(attempt, self.programming.attempts)
        # Choosing and pulsing lead to the next attempt, which after the last is the first.
        further = (attempts.now - 1)[: len(attempt)]
        one_attempt = read + all_pulses

        def from_attempt(left: Value) -> Value:
            return (steps.now * (attempts.most + 1) + left) * one_attempt

        most = (steps.most + 1) * (attempts.most + 1) * one_attempt
        same, other = from_attempt(attempts.now), from_attempt(further) + read
        cycles = {
            "JUDGE": same + 1,
            "VERIFY": same + 2 + self.reading.now,
            "READ": same + read,
            "PULSE": other + pulses * one_pulse + 1 + self.pulse.now,
            "CHOOSE": other + (pulses + 1) * one_pulse,
        }
        return _by_state(self.inner("word_line", "program_state"), cycles, most)

    def _row(self) -> Left:
        """A spare row begins anew; a packet that waits is one more row."""
        words = _up_to(self.inner("word"), -(-self.config.fan_in // STREAM_BITS) - 1)
        spare_rows = self.config.macro.spare_rows
        spares = [
            _up_to(self.inner("spares", f"taken_{macro}"), spare_rows)
            for macro in range(self.config.macros)
        ]
        one_line = words.most + self.line.most + 6
        lines = sum((each.now for each in spares), Const(0)) * one_line
        most = (1 + sum(each.most for each in spares)) * one_line + 1
        packet = self.inner("input", "frame_state")
        waits = packet == fsm_states(packet)["FULL"]
        cycles = {
            "IDLE": Mux(waits, most + 1, 0),
            "DONE": 1,
            "DECIDE": lines + 2,
            "COUNT": lines + words.now + 3,
            "PROGRAM": lines + words.most + 4 + self.line.now,
            "SELECT": lines + one_line,
            "REQUEST": lines + one_line + 1,
        }
        return _by_state(self.inner("row_state"), cycles, most + 2, rest=most + 2)


def _kinds_left(kind: Signal) -> Left:
    """Kinds of pulses until the last one of a step, the register wrapping around."""
    last = {PULSES.index(step.pulses[-1]) for step in STEPS}
    codes = 1 << len(kind)
    table = [
        next(ahead for ahead in range(codes) if (code + ahead) % codes in last)
        for code in range(codes)
    ]
    now: Value = Const(0)
    for code, ahead in enumerate(table):
        now = Mux(kind == code, ahead, now)
    return Left(now, max(table))


def _specify(bench: Bench) -> None:
    programmer = bench.hardware
    cycle = cycle_number(bench, 1)
    bench.assume(~ResetSignal("sync"))
    bench.drive(programmer.s_axis_tvalid, Const(0))
    bench.drive(programmer.grant, Const(1))
    pins = programmer.pins
    total = CyclesLeft(bench, LAYER).total
    left = Signal(total.now.shape())
    bench.m.d.comb += left.eq(total.now)
    before = past(bench.m, left, "left")
    at_rest = (left == 0) & (outputs_of(pins) == 0) & ~programmer.request
    returns = Mux(before == 0, at_rest, left < before) & (before <= total.most)
    second = cycle == 1
    bench.prove(
        "programming_upset_returns_to_rest", implies(second, returns), second & (before == 1)
    )
    # Any state in which they are apart leads to one in which they are.
    apart = at_most_one(pins.wl) & ((pins.bl & pins.blb) == 0)
    bench.assume(implies(cycle == 0, apart))
    bench.prove("programming_upset_keeps_lines_apart", apart, second & pins.wl.any())


def programming_upset_proof() -> Proof:
    """The proof about the programmer of a layer's rows."""
    return Proof(
        design="upset programmer",
        scope="4 neurons on two macros with a spare row each, two retries",
        hardware=lambda: RowProgrammer(LAYER),
        specify=_specify,
        depth=2,
        reach="complete: one cycle from every state",
        properties=(
            Property(
                "programming_upset_returns_to_rest",
                "Whatever the state registers of programming are upset to, with no further packet "
                "the cycles left fall in every cycle, until all pins are 0 and no row is in "
                "progress.",
                Fault(
                    "a read-back that is not in progress is waited for", "word_line.reader.idle",
                    lambda true, inner: Const(0),
                ),
                Task.ANY_STATE,
            ),
            Property(
                "programming_upset_keeps_lines_apart",
                "Meanwhile at most one word line is up, and no column has both bit lines high.",
                Fault("both bit lines are up while reading +1", "word_line.reader.blb", also("bl")),
                Task.ANY_STATE,
            ),
        ),
    )  # fmt: skip
