"""The phases of an evaluation, cycle by cycle."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import PHASE_BITS, PHASE_NAMES, PhaseTiming
from ..idioms import members_of, unused_states


class PhasePins(NamedTuple):
    """The analog phase pins of one clock cycle."""

    precharge: int = 0
    evaluate: int = 0
    strobe: int = 0
    share: int = 0
    acc_reset: int = 0


PINS = {
    "IDLE": PhasePins(),
    "PRECHARGE": PhasePins(precharge=1),
    "DEAD_BEFORE_EVALUATE": PhasePins(),
    "EVALUATE": PhasePins(evaluate=1),
    "STROBE": PhasePins(evaluate=1, strobe=1),
    "SETTLE": PhasePins(evaluate=1),
    "DEAD_AFTER_STROBE": PhasePins(),
    "SHARE": PhasePins(evaluate=1, share=1),
    "DEAD_AFTER_SHARE": PhasePins(),
}
"""What the pins are in each state; with several bit planes the first one's PRECHARGE also resets
the holding capacitors."""


class PhaseTimingSignature(wiring.Signature):
    """The length of each phase, on its way to a sequencer.

    Parameters
    ----------
    timing : PhaseTiming
        The lengths after reset, and where nothing drives them.

    Members
    -------
    precharge_cycles, dead_before_evaluate_cycles, ... : Out(PHASE_BITS)
        As in `PhaseTiming`.
    """

    def __init__(self, timing: PhaseTiming):
        super().__init__(
            {name: Out(PHASE_BITS, init=getattr(timing, name)) for name in PHASE_NAMES}
        )


class PhaseSequencer(wiring.Component):
    """Steps all macros of a layer through the phases of each row.

    The length of a phase never depends on data. Pins come straight from registers, so that the
    analog switches see no glitch. A state register that is upset to a code without a state goes to
    IDLE, all pins 0.

    Parameters
    ----------
    configured : PhaseTiming
        Cycles of each phase after reset.
    trials : int
        Strobes per row; before each but the first the capacitor bank settles.
    planes : int
        Bit planes of an input; each but the last is precharged, evaluated and shared before it.
    pipelined : bool
        For one plane. The word line goes on to the next row one cycle after evaluate rises, and
        PRECHARGE lasts until that row's bridges have had `bridge_cycles` by the time of its
        evaluate.

    Members
    -------
    timing : In(PhaseTimingSignature(configured))
        Cycles of each phase, at least 1; a dead time of 0 leaves its state out. Taken at `start`
        and held for the whole scan, so that all of its rows are alike.
    start : In(1)
        Begin with the first row; taken only in IDLE.
    last_row : In(1)
        The row in progress is the last one: the one that is evaluated, not the word line's.
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
    advance : Out(1)
        Last cycle before the word line goes on; that of `row_done` unless pipelined.
    next_plane : Out(1)
        Last cycle before the bit lines go on to the next bit plane, or from the last to the first.
    precharge, evaluate, strobe, share, acc_reset : Out(1)
        The array's pins.
    """

    def __init__(
        self, configured: PhaseTiming, *, trials: int = 1, planes: int = 1, pipelined: bool = False
    ):
        for name, number in (("trials", trials), ("planes", planes)):
            if number < 1:
                raise ValueError(f"{name}: found {number!r}, expected at least 1")
        if pipelined and planes > 1:
            raise ValueError(f"planes: found {planes} in a pipelined scan, expected 1")
        self.configured = configured
        self.trials = trials
        self.planes = planes
        self.pipelined = pipelined
        steps = ("idle", "arm", "sample", "last_trial", "row_done", "advance", "next_plane")
        timing = In(PhaseTimingSignature(configured))
        super().__init__(
            {"timing": timing, "start": In(1), "last_row": In(1)}
            | {name: Out(1) for name in (*steps, *PhasePins._fields)}
        )

    @property
    def latency(self) -> int:
        """Cycles of one row as configured; `PhaseTiming.row_cycles` of any other timing."""
        return self.configured.row_cycles(self.trials, self.planes)

    def model(self, rows: int, timing: PhaseTiming) -> Iterator[PhasePins]:
        """The pins of each cycle from the one after `start` until the last row is done."""
        for row in range(rows):
            for place, (phase, cycles) in enumerate(timing.phases(self.trials, self.planes)):
                waiting = self._waiting_cycles(timing, row) if phase == "precharge" else 0
                pins = PINS[phase.upper()]._replace(acc_reset=int(self.planes > 1 and place == 0))
                yield from [pins] * (cycles + waiting)

    def _waiting_cycles(self, timing: PhaseTiming, row: int) -> int:
        """By how much PRECHARGE is prolonged for the bridges of a row."""
        if not self.pipelined:
            return 0
        if row == 0:
            return max(0, timing.bridge_cycles - timing.before_evaluate_cycles)
        return timing.pipelined_slot_cycles(self.trials) - timing.row_cycles(self.trials)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ends = Signal()
        row = _Row(m, self)
        # The last cycle of a phase has 1 remaining: no bit above the lowest, which takes a tree of
        # gates where a comparison takes a carry chain.
        m.d.comb += ends.eq(~row.remaining[1:].any())
        with m.If(~ends):
            m.d.sync += row.remaining.eq(row.remaining - 1)
        settled = self._bridges_settled(m, row.held) if self.pipelined else Const(1)
        with m.FSM(init="IDLE", name="phase") as fsm:
            m.d.comb += self.idle.eq(fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                # The pins are 0 already, unless the state register was upset.
                row.enter("IDLE")
                with m.If(self.start):
                    row.begin_scan()
            with m.State("PRECHARGE"), m.If(ends & settled):
                with m.If(row.held.dead_before_evaluate_cycles == 0):
                    row.enter_evaluate()
                with m.Else():
                    row.enter("DEAD_BEFORE_EVALUATE")
            with m.State("DEAD_BEFORE_EVALUATE"), m.If(ends):
                row.enter_evaluate()
            with m.State("EVALUATE"), m.If(ends):
                row.enter("STROBE" if self.planes == 1 else "SHARE")
            if self.planes > 1:
                with m.State("SHARE"), m.If(ends):
                    with m.If(row.plane == self.planes - 1):
                        row.enter("SETTLE")
                    with m.Elif(row.held.dead_after_share_cycles == 0):
                        row.next_plane()
                    with m.Else():
                        row.enter("DEAD_AFTER_SHARE")
                with m.State("DEAD_AFTER_SHARE"), m.If(ends):
                    row.next_plane()
            with m.State("STROBE"), m.If(ends):
                m.d.comb += self.sample.eq(1)
                with m.If(self.last_trial):
                    with m.If(row.held.dead_after_strobe_cycles == 0):
                        row.finish()
                    with m.Else():
                        row.enter("DEAD_AFTER_STROBE")
                if self.trials > 1:
                    with m.Else():
                        m.d.sync += row.trial.eq(row.trial + 1)
                        row.enter("SETTLE")
            if self.trials > 1 or self.planes > 1:
                with m.State("SETTLE"), m.If(ends):
                    row.enter("STROBE")
            with m.State("DEAD_AFTER_STROBE"), m.If(ends):
                row.finish()
            for unused in unused_states(fsm):
                with m.State(unused):
                    row.enter("IDLE")
        if not self.pipelined:
            m.d.comb += self.advance.eq(self.row_done)
        return m

    def _bridges_settled(self, m: Module, held: wiring.PureInterface) -> Value:
        """Whether PRECHARGE may end; drives `advance`, in evaluate's first cycle."""
        remaining = Signal(PHASE_BITS, name="bridge_remaining")
        evaluated = Signal()
        m.d.sync += evaluated.eq(self.evaluate)
        rises = self.evaluate & ~evaluated
        m.d.comb += self.advance.eq(Mux(self.last_row, self.row_done, rises))
        with m.If(self.start & self.idle):
            m.d.sync += remaining.eq(self.timing.bridge_cycles)
        with m.Elif(self.advance):
            m.d.sync += remaining.eq(held.bridge_cycles)
        with m.Elif(remaining != 0):
            m.d.sync += remaining.eq(remaining - 1)
        return remaining <= held.dead_before_evaluate_cycles + 1


class _Row:
    """Where a sequencer is in a row, and its steps from one phase into the next."""

    def __init__(self, m: Module, sequencer: PhaseSequencer):
        self.m = m
        self.sequencer = sequencer
        self.held = PhaseTimingSignature(sequencer.configured).create(path=("held",))
        self.remaining = Signal(PHASE_BITS, name="remaining")
        self.trial = Signal(range(max(2, sequencer.trials)), name="trial")
        self.plane = Signal(range(max(2, sequencer.planes)), name="plane")
        m.d.comb += sequencer.last_trial.eq(self.trial == sequencer.trials - 1)

    def begin_scan(self) -> None:
        """Hold the lengths that are given now, and precharge for the first row."""
        given, held = members_of(self.sequencer.timing), members_of(self.held)
        self.m.d.sync += [self.plane.eq(0), *(held[name].eq(given[name]) for name in PHASE_NAMES)]
        self.enter("PRECHARGE", self.sequencer.timing, resets=True)

    def enter(self, state: str, timing: Any = None, *, resets: bool = False) -> None:
        """Enter a phase, as long as held or as in `timing`; `resets` holding capacitors, too."""
        pins = PINS[state]._replace(acc_reset=int(resets and self.sequencer.planes > 1))
        own = self.sequencer
        driven = (own.precharge, own.evaluate, own.strobe, own.share, own.acc_reset)
        self.m.d.sync += [pin.eq(level) for pin, level in zip(driven, pins, strict=True)]
        if state != "IDLE":
            lengths = members_of(timing or self.held)
            self.m.d.sync += self.remaining.eq(lengths[f"{state.lower()}_cycles"])
        self.m.next = state

    def enter_evaluate(self) -> None:
        """Enter the row's evaluate, or that of its next bit plane."""
        self.m.d.comb += self.sequencer.arm.eq(1)
        self.m.d.sync += self.trial.eq(0)
        self.enter("EVALUATE")

    def next_plane(self) -> None:
        """Precharge for the row's next bit plane."""
        self.m.d.comb += self.sequencer.next_plane.eq(1)
        self.m.d.sync += self.plane.eq(self.plane + 1)
        self.enter("PRECHARGE")

    def finish(self) -> None:
        """End the row, and precharge for the next one if there is one."""
        self.m.d.comb += [self.sequencer.row_done.eq(1), self.sequencer.next_plane.eq(1)]
        self.m.d.sync += self.plane.eq(0)
        with self.m.If(self.sequencer.last_row):
            self.enter("IDLE")
        with self.m.Else():
            self.enter("PRECHARGE", resets=True)
