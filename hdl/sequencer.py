"""The phases of an evaluation, cycle by cycle."""

from collections.abc import Iterator
from typing import NamedTuple

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .config import PhaseTiming

__all__ = ["PhasePins", "PhaseSequencer"]


class PhasePins(NamedTuple):
    """The analog phase pins of one clock cycle."""

    precharge: int
    evaluate: int
    strobe: int


PINS = {
    "IDLE": PhasePins(0, 0, 0),
    "PRECHARGE": PhasePins(1, 0, 0),
    "DEAD_BEFORE_EVALUATE": PhasePins(0, 0, 0),
    "EVALUATE": PhasePins(0, 1, 0),
    "STROBE": PhasePins(0, 1, 1),
    "SETTLE": PhasePins(0, 1, 0),
    "DEAD_AFTER_STROBE": PhasePins(0, 0, 0),
}
"""What the pins are in each state."""


class PhaseSequencer(wiring.Component):
    """Steps all macros of a layer through the phases of each row.

    The length of a phase never depends on data. Pins come straight from registers, so that the
    analog switches see no glitch.

    Parameters
    ----------
    timing : PhaseTiming
        Cycles of each phase; a dead time of 0 leaves its state out.
    trials : int
        Strobes per row; before each but the first the capacitor bank settles.

    Members
    -------
    start : In(1)
        Begin with the first row; taken only in IDLE.
    last_row : In(1)
        The row in progress is the last one.
    idle : Out(1)
        No row is in progress.
    arm : Out(1)
        Last cycle before EVALUATE.
    sample : Out(1)
        Last cycle of a STROBE: the comparator's outputs are to be taken.
    last_trial : Out(1)
        The strobe in progress is the row's last.
    row_done : Out(1)
        Last cycle of a row.
    precharge, evaluate, strobe : Out(1)
        The array's pins.
    """

    def __init__(self, timing: PhaseTiming, *, trials: int = 1):
        if trials < 1:
            raise ValueError(f"trials: found {trials!r}, expected at least 1")
        self.timing = timing
        self.trials = trials
        self._cycles = {
            "PRECHARGE": timing.precharge_cycles,
            "DEAD_BEFORE_EVALUATE": timing.dead_before_evaluate_cycles,
            "EVALUATE": timing.evaluate_cycles,
            "STROBE": timing.strobe_cycles,
            "SETTLE": timing.settle_cycles,
            "DEAD_AFTER_STROBE": timing.dead_after_strobe_cycles,
        }
        outputs = ("idle", "arm", "sample", "last_trial", "row_done", *PhasePins._fields)
        super().__init__({"start": In(1), "last_row": In(1)} | {name: Out(1) for name in outputs})

    @property
    def latency(self) -> int:
        """Cycles of one row."""
        return self.timing.row_cycles(self.trials)

    def row_states(self) -> list[str]:
        """The states of one row in order; those without a cycle left out."""
        states = ["PRECHARGE", "DEAD_BEFORE_EVALUATE", "EVALUATE", "STROBE"]
        states += ["SETTLE", "STROBE"] * (self.trials - 1)
        states.append("DEAD_AFTER_STROBE")
        return [state for state in states if self._cycles[state]]

    def model(self, rows: int) -> Iterator[PhasePins]:
        """The pins of each cycle from the one after `start` until the last row is done."""
        for _ in range(rows):
            for state in self.row_states():
                for _ in range(self._cycles[state]):
                    yield PINS[state]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        remaining = Signal(range(max(self._cycles.values()) + 1))
        trial = Signal(range(max(2, self.trials)))
        ends = Signal()
        m.d.comb += [ends.eq(remaining == 0), self.last_trial.eq(trial == self.trials - 1)]
        with m.If(~ends):
            m.d.sync += remaining.eq(remaining - 1)

        def enter(state: str) -> None:
            pins = PINS[state]
            m.d.sync += [getattr(self, name).eq(pins._asdict()[name]) for name in pins._fields]
            m.d.sync += remaining.eq(max(self._cycles.get(state, 0) - 1, 0))
            m.next = state

        def enter_evaluate() -> None:
            m.d.comb += self.arm.eq(1)
            m.d.sync += trial.eq(0)
            enter("EVALUATE")

        def finish_row() -> None:
            m.d.comb += self.row_done.eq(1)
            with m.If(self.last_row):
                enter("IDLE")
            with m.Else():
                enter("PRECHARGE")

        with m.FSM(init="IDLE", name="phase") as fsm:
            m.d.comb += self.idle.eq(fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                enter("PRECHARGE")
            with m.State("PRECHARGE"), m.If(ends):
                if self._cycles["DEAD_BEFORE_EVALUATE"]:
                    enter("DEAD_BEFORE_EVALUATE")
                else:
                    enter_evaluate()
            if self._cycles["DEAD_BEFORE_EVALUATE"]:
                with m.State("DEAD_BEFORE_EVALUATE"), m.If(ends):
                    enter_evaluate()
            with m.State("EVALUATE"), m.If(ends):
                enter("STROBE")
            with m.State("STROBE"), m.If(ends):
                m.d.comb += self.sample.eq(1)
                with m.If(self.last_trial):
                    if self._cycles["DEAD_AFTER_STROBE"]:
                        enter("DEAD_AFTER_STROBE")
                    else:
                        finish_row()
                if self.trials > 1:
                    with m.Else():
                        m.d.sync += trial.eq(trial + 1)
                        enter("SETTLE")
            if self.trials > 1:
                with m.State("SETTLE"), m.If(ends):
                    enter("STROBE")
            if self._cycles["DEAD_AFTER_STROBE"]:
                with m.State("DEAD_AFTER_STROBE"), m.If(ends):
                    finish_row()
        return m
