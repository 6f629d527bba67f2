"""Programs the row whose word line is up: read-back, pulses, retries, step after step."""

from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import LayerConfig
from ..idioms import bits_of, drive, unused_states
from .plan import PULSES, STEPS, Cells
from .pulse import PulseDriver, RowReader

PULSE_PINS = ("prog_op", "prog_device", "prog_level", "prog_mask", "prog_pulse")
LAST_STEP = len(STEPS) - 1


class _Place(NamedTuple):
    """How far the row has come."""

    step: Signal
    """In `STEPS`."""
    kind: Signal
    """Kind of pulse, in `PULSES`."""
    group: Signal
    """Group of columns that are pulsed at once."""
    attempt: Signal
    level: Signal
    """Amplitude code of the attempt."""


class WordLineProgrammer(wiring.Component):
    """Takes one row through the steps of `plan.STEPS`, on the word line that is up.

    Parameters
    ----------
    config : LayerConfig

    Members
    -------
    start : In(1)
        Begin. Given only while no row is in progress; its word line is up from the cycle after.
    blank : In(1)
        With `start`: begin with forming.
    weights : In(n)
        A bit per column in use, 1 for +1; stands still until `done`.
    sl_q : In(columns)
        Outputs of the inverters on the source lines.
    idle : Out(1)
        No row is in progress.
    done : Out(1)
        The last step's last verdict.
    failing : Out(n)
        From `done` to the next `start`: columns that still read wrong.
    pulsed, retried : Out(1)
        High for one cycle for each pulse, and for each attempt after the first of a step.
    bl, blb, prog_op, prog_device, prog_level, prog_mask, prog_pulse : Out
        As in `config.pins`.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        self.programming = config.macro.programming
        self.groups = -(-config.fan_in // self.programming.columns_per_pulse)
        self._driver = PulseDriver(config)
        self._reader = RowReader(config)
        columns = config.line_columns
        members = {
            **dict.fromkeys(("start", "blank"), In(1)),
            **dict.fromkeys(("idle", "done", "pulsed", "retried"), Out(1)),
            **dict.fromkeys(("bl", "blb"), Out(columns)),
            "weights": In(config.fan_in),
            "sl_q": In(columns),
            "failing": Out(config.fan_in),
        }
        members |= {name: Out(getattr(self._driver, name).shape()) for name in PULSE_PINS}
        super().__init__(members)

    @property
    def latency(self) -> int:
        """Cycles from `start` to `done` of a row that is right already and not blank."""
        return self.programming.verify_cycles

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.driver = driver = self._driver
        m.submodules.reader = reader = self._reader
        place = _Place(
            step=Signal(range(len(STEPS)), name="step"),
            kind=Signal(range(len(PULSES)), name="kind"),
            group=Signal(range(max(2, self.groups)), name="group"),
            attempt=Signal(bits_of(self.programming.attempts), name="attempt"),
            level=Signal(self.programming.level_bits, name="level"),
        )
        drive(m, self, driver, PULSE_PINS)
        drive(m, self, reader, ("bl", "blb"))
        m.d.comb += [
            reader.sl_q.eq(self.sl_q),
            self.failing.eq(reader.failing),
            self.pulsed.eq(driver.start),
            driver.level.eq(place.level),
        ]
        first_kind = self._expect(m, place.step)
        last_of_step = self._choose(m, place.kind, place.group)
        self._sequence(m, place, first_kind, last_of_step)
        return m

    def _expect(self, m: Module, step: Signal) -> Signal:
        """What the step's read-back is compared with; its first kind of pulse."""
        first_kind = Signal(range(len(PULSES)))
        with m.Switch(step):
            for index, planned in enumerate(STEPS):
                with m.Case(index):
                    m.d.comb += [
                        self._reader.right.eq(_mask(planned.right, self.weights)),
                        first_kind.eq(PULSES.index(planned.pulses[0])),
                    ]
        return first_kind

    def _choose(self, m: Module, kind: Signal, group: Signal) -> Signal:
        """The pulse of a kind for a group of columns; whether the step ends with the kind."""
        size = self.config.columns_per_pulse
        window = Cat((group == index).replicate(size) for index in range(self.groups))
        failing = self.failing & window[: self.config.fan_in]
        last_of_step = Signal()
        last_pulses = [planned.pulses[-1] for planned in STEPS]
        with m.Switch(kind):
            for index, pulse in enumerate(PULSES):
                with m.Case(index):
                    m.d.comb += [
                        self._driver.operation.eq(pulse.operation),
                        self._driver.device.eq(pulse.device),
                        self._driver.columns.eq(failing & _mask(pulse.cells, self.weights)),
                        last_of_step.eq(pulse in last_pulses),
                    ]
        return last_of_step

    def _sequence(self, m: Module, place: _Place, first_kind: Signal, last_of_step: Signal) -> None:
        driver, reader, programming = self._driver, self._reader, self.programming
        step, kind, group, attempt, level = place

        def begin_step(number: Value) -> None:
            m.d.sync += [step.eq(number), attempt.eq(0), level.eq(programming.first_level)]
            m.next = "READ"

        def next_columns() -> None:
            m.next = "CHOOSE"
            with m.If(group != self.groups - 1):
                m.d.sync += group.eq(group + 1)
            with m.Else():
                m.d.sync += [group.eq(0), kind.eq(kind + 1)]
                with m.If(last_of_step):
                    m.d.sync += [attempt.eq(attempt + 1), level.eq(level + programming.level_step)]
                    m.next = "READ"

        # Whoever is waited for is at work, unless a state register was upset: then nobody waits.
        with m.FSM(init="IDLE", name="program") as fsm:
            m.d.comb += self.idle.eq(fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                begin_step(Mux(self.blank, 0, LAST_STEP))
            with m.State("READ"):
                m.d.comb += reader.start.eq(1)
                m.next = "VERIFY"
            with m.State("VERIFY"), m.If(reader.done | reader.idle):
                m.next = "JUDGE"
            with m.State("JUDGE"):
                with m.If(reader.failing.any() & (attempt != programming.attempts)):
                    m.d.comb += self.retried.eq(attempt != 0)
                    m.d.sync += [kind.eq(first_kind), group.eq(0)]
                    m.next = "CHOOSE"
                with m.Elif(step != LAST_STEP):
                    begin_step(step + 1)
                with m.Else():
                    m.d.comb += self.done.eq(1)
                    m.next = "IDLE"
            with m.State("CHOOSE"):
                with m.If(driver.columns.any()):
                    m.d.comb += driver.start.eq(1)
                    m.next = "PULSE"
                with m.Else():
                    next_columns()
            with m.State("PULSE"), m.If(driver.done | driver.idle):
                next_columns()
            for unused in unused_states(fsm):
                with m.State(unused):
                    m.next = "IDLE"


def _mask(cells: Cells, weights: Value) -> Value:
    """The columns of these cells, as `Cells.of`, in hardware."""
    if cells in (Cells.ALL, Cells.NONE):
        return Const(int(cells is Cells.ALL)).replicate(len(weights))
    return weights if cells is Cells.POSITIVE else ~weights
