"""Lengths of the phases of an evaluation."""

from dataclasses import fields
from typing import Annotated, TypeAlias

from ...errors import InputError
from ...field_types import ClockSeconds, Limits
from ...record import Record

PHASE_BITS = 16
"""Width of a phase's length: in the sequencer, on its way there, and in its control register."""
Phase: TypeAlias = Annotated[int, Limits(1, (1 << PHASE_BITS) - 1)]
DeadTime: TypeAlias = Annotated[int, Limits(0, (1 << PHASE_BITS) - 1)]


class PhaseTiming(Record):
    """Length of each phase of an evaluation, in clock cycles."""

    clock_period_s: ClockSeconds = 5e-9
    """Period of the controller's clock, s."""
    precharge_cycles: Phase = 1
    """Both capacitive lines are reset, bottom plates low."""
    dead_before_evaluate_cycles: DeadTime = 1
    """Between precharge and evaluate, both low."""
    evaluate_cycles: Phase = 1
    """Bridges settle and drive the capacitors before the first strobe."""
    strobe_cycles: Phase = 1
    """Comparator clock high; evaluate stays high."""
    settle_cycles: Phase = 1
    """Before each further trial of the capacitor bank: strobe low, the bank settles."""
    dead_after_strobe_cycles: DeadTime = 1
    """After the last strobe, everything low, before the word line changes."""
    share_cycles: Phase = 1
    """With inputs of several bits: the lines are averaged into the holding capacitors, evaluate
    stays high."""
    dead_after_share_cycles: DeadTime = 1
    """Between the share of a bit plane and the next one's precharge, everything low."""
    bridge_cycles: Phase = 1
    """In a pipelined macro, the least time from a word line's rise to its row's evaluate."""

    @property
    def clock_period_ps(self) -> int:
        """The clock period in ps, as simulators keep time; clock high and low for half of it each.

        Raises
        ------
        InputError
            It is not a whole, even number.
        """
        half_ps = self.clock_period_s * 1e12 / 2
        if round(half_ps) < 1 or abs(half_ps - round(half_ps)) > 1e-6:
            raise InputError(
                f"timing.clock_period_s: found {self.clock_period_s!r}, expected a whole, even "
                "number of picoseconds: simulators keep time in whole ones"
            )
        return 2 * round(half_ps)

    @property
    def before_evaluate_cycles(self) -> int:
        """Clock cycles of an evaluation until evaluate rises."""
        return self.precharge_cycles + self.dead_before_evaluate_cycles

    def phases(self, trials: int, planes: int = 1) -> list[tuple[str, int]]:
        """The phases of one evaluation in their order, and how long each lasts.

        With several bit planes each is precharged, evaluated and shared; a dead time is between
        them, and a settling before the first strobe.

        Parameters
        ----------
        trials : int
            Strobes of the evaluation, at least 1.
        planes : int
            Bit planes, at least 1.

        Returns
        -------
        list of (str, int)
            A name of `PHASE_NAMES` without ``_cycles``, and clock cycles: 0 for a dead time that
            the macro does without.
        """
        to_evaluate = [
            ("precharge", self.precharge_cycles),
            ("dead_before_evaluate", self.dead_before_evaluate_cycles),
            ("evaluate", self.evaluate_cycles),
        ]
        share, settle = ("share", self.share_cycles), ("settle", self.settle_cycles)
        strobe = ("strobe", self.strobe_cycles)
        plane = [*to_evaluate, share, ("dead_after_share", self.dead_after_share_cycles)]
        return [
            *plane * (planes - 1),
            *to_evaluate,
            *([share, settle] if planes > 1 else []),
            *[strobe, settle] * (trials - 1),
            strobe,
            ("dead_after_strobe", self.dead_after_strobe_cycles),
        ]

    def row_cycles(self, trials: int, planes: int = 1) -> int:
        """Clock cycles of one evaluation; parameters as in `phases`."""
        return sum(cycles for _, cycles in self.phases(trials, planes))

    def from_evaluate_cycles(self, trials: int) -> int:
        """Clock cycles of an evaluation from evaluate's rise, with `trials` strobes."""
        return self.row_cycles(trials) - self.before_evaluate_cycles

    def row_s(self, trials: int) -> float:
        """Seconds of one evaluation that strobes `trials` times after one evaluate."""
        return self.row_cycles(trials) * self.clock_period_s

    def pipelined_slot_cycles(self, trials: int) -> int:
        """Clock cycles from one evaluate to the next in a pipelined macro.

        The next row's word line rises one cycle after evaluate, once the latches hold: its bridges
        have the rest of the slot.
        """
        return max(self.row_cycles(trials), self.bridge_cycles + 1)


PHASE_NAMES = tuple(each.name for each in fields(PhaseTiming) if each.name.endswith("_cycles"))
"""The fields of `PhaseTiming` that are lengths of phases."""
DEAD_TIME_NAMES = tuple(name for name in PHASE_NAMES if name.startswith("dead_"))
"""Those that may be 0 in a macro that allows it."""
