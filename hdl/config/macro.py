"""Size and reading of a macro, and the presets."""

from dataclasses import field
from typing import Annotated

from ...errors import InputError
from ...field_types import Count, Limits, Size
from ...record import Record
from .programming import ProgrammingConfig
from .timing import DEAD_TIME_NAMES, PhaseTiming

MOST_TRIM_BITS = 12
"""A bank of more units would outweigh the columns of any array here."""
MOST_TRIM_STROBES = 255
"""Of a step of a calibration: what numbers its noise."""
WIDEST_BUS = 65_535
"""Bits of the widest signal: beyond, the tools that carry the hardware to Verilog give up."""


def require_bus(name: str, bits: int) -> None:
    if bits > WIDEST_BUS:
        raise InputError(f"{name}: found {bits} bits on a bus, expected at most {WIDEST_BUS}")


class MacroConfig(Record):
    """One ReRAM bridge array with its analog periphery."""

    rows: Annotated[int, Limits(1, WIDEST_BUS)] = 128
    """Word lines, spare ones included."""
    spare_rows: Count = 0
    """Of them, the last ones, kept for rows whose cells fail: no neuron is mapped onto them."""
    columns: Annotated[int, Limits(1, WIDEST_BUS)] = 1152
    """Bit-line pairs."""
    votes: Size = 1
    """Strobes of a SIGN row, odd: its bit is what most of them say."""
    trim_bits: Annotated[int, Limits(0, MOST_TRIM_BITS)] = 0
    """K, capacitors of each line's trim bank, 2^k units each, that cancel the comparator's offset;
    0: no trim. A COUNT layer measures with its read-out bank, which is there anyway."""
    trim_strobes: Annotated[int, Limits(1, MOST_TRIM_STROBES)] = 7
    """Strobes of each step of a calibration, odd: most of them decide."""
    pipelined: bool = False
    """Whether SL latches hold a row's products during evaluate, so that the bridges of the next row
    settle meanwhile."""
    zero_dead_time_allowed: bool = False
    """Whether the macro's own circuits keep precharge, evaluate and word lines apart."""
    programmable: bool = False
    """Whether the controller has pins, stream and registers to program the cells."""
    timing: PhaseTiming = field(default_factory=PhaseTiming)
    programming: ProgrammingConfig = field(default_factory=ProgrammingConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spare_rows >= self.rows:
            raise InputError(
                f"spare_rows: found {self.spare_rows}, expected fewer than rows, {self.rows}"
            )
        for name, strobes in (("votes", self.votes), ("trim_strobes", self.trim_strobes)):
            if strobes % 2 == 0:
                raise InputError(
                    f"{name}: found {strobes}, expected an odd number: votes never tie"
                )
        for name in DEAD_TIME_NAMES:
            if getattr(self.timing, name) == 0 and not self.zero_dead_time_allowed:
                raise InputError(
                    f"timing.{name}: found 0, expected at least 1 "
                    "unless the macro sets zero_dead_time_allowed"
                )

    def slot_cycles(self, trials: int) -> int:
        """Clock cycles from one row to the next in a scan."""
        if self.pipelined:
            return self.timing.pipelined_slot_cycles(trials)
        return self.timing.row_cycles(trials)

    def slot_s(self, trials: int) -> float:
        """Seconds from one row to the next in a scan."""
        return self.slot_cycles(trials) * self.timing.clock_period_s

    @property
    def neuron_rows(self) -> int:
        """Rows that neurons are mapped onto: all but the spare ones."""
        return self.rows - self.spare_rows


def _paper_clock(row_s: float) -> MacroConfig:
    """The default macro with a SIGN row that takes `row_s` in all."""
    timing = PhaseTiming()
    return MacroConfig(timing=timing.replace(clock_period_s=row_s / timing.row_cycles(1)))


MACROS: dict[str, MacroConfig] = {
    # The size used throughout.
    "default": MacroConfig(),
    # A row in the clock period of the authors' comparator, the phases sharing it evenly [E].
    "paper-6ns": _paper_clock(6e-9),
    "paper-8ns": _paper_clock(8e-9),
    "paper-20ns": _paper_clock(20e-9),
    # With SL latches: the bridges have 6 ns, while the other phases take 7 ns [E].
    "pipelined": MacroConfig(
        pipelined=True, timing=PhaseTiming(clock_period_s=1e-9, precharge_cycles=3, bridge_cycles=6)
    ),
    # Programmed by its controller, with spare rows.
    "programmable": MacroConfig(programmable=True, spare_rows=8),
    # As wide as the 23-column neuron of the authors' test chip; its number of rows is ours.
    "test-chip": MacroConfig(rows=16, columns=24),
    # Cancels comparator offsets of up to 63 score units [E].
    "trimmed": MacroConfig(trim_bits=6),
}
"""Macro presets."""
