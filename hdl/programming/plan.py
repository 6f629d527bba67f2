"""What programming a row consists of: steps, each pulsing and reading until its cells are right.

A blank device cannot be told from one in the high-resistance state where its partner is blank too,
so forming goes device by device, each read through the bridge against a partner that is known:

1. FORM_TOP: the top device is formed, and so in the low-resistance state, against a blank bottom
   device: a cell reads +1.
2. FORM_BOTTOM: the top device is RESET, then the bottom device formed: a cell reads -1.
3. WRITE: a cell of weight +1 has its bottom device RESET and its top device SET, one of weight -1
   the reverse.

Every step begins with a read-back; only cells that read wrong are pulsed, so that a cell that holds
its weight already is not worn. A row that was formed before begins with WRITE.
"""

import enum
from typing import NamedTuple

from ..config import ProgrammingOperation


class Device(enum.IntEnum):
    """A device of the pair; the value is that of the pin `prog_device`."""

    TOP = 0
    """To BL."""
    BOTTOM = 1
    """To BLb."""


class Cells(enum.Enum):
    """Which cells of a row a step's pulse or expectation is about."""

    ALL = "all"
    NONE = "none"
    POSITIVE = "positive"
    """Weight +1."""
    NEGATIVE = "negative"
    """Weight -1."""

    def of(self, weights: int, columns: int) -> int:
        """The mask of these cells, for weights as bits (1: +1)."""
        every = (1 << columns) - 1
        return {
            Cells.ALL: every,
            Cells.NONE: 0,
            Cells.POSITIVE: weights & every,
            Cells.NEGATIVE: ~weights & every,
        }[self]


class PulseKind(NamedTuple):
    """One kind of pulse of a step, given group by group of columns."""

    operation: ProgrammingOperation
    device: Device
    cells: Cells


class Step(NamedTuple):
    """Pulses for the cells that read wrong, repeated at rising amplitude."""

    name: str
    right: Cells
    """Cells that are to read +1; the others -1."""
    pulses: tuple[PulseKind, ...]


STEPS = (
    Step("FORM_TOP", Cells.ALL, (PulseKind(ProgrammingOperation.FORM, Device.TOP, Cells.ALL),)),
    Step(
        "FORM_BOTTOM",
        Cells.NONE,
        (
            PulseKind(ProgrammingOperation.RESET, Device.TOP, Cells.ALL),
            PulseKind(ProgrammingOperation.FORM, Device.BOTTOM, Cells.ALL),
        ),
    ),
    Step(
        "WRITE",
        Cells.POSITIVE,
        (
            PulseKind(ProgrammingOperation.RESET, Device.TOP, Cells.NEGATIVE),
            PulseKind(ProgrammingOperation.RESET, Device.BOTTOM, Cells.POSITIVE),
            PulseKind(ProgrammingOperation.SET, Device.TOP, Cells.POSITIVE),
            PulseKind(ProgrammingOperation.SET, Device.BOTTOM, Cells.NEGATIVE),
        ),
    ),
)
"""The steps in order."""
PULSES = tuple(pulse for step in STEPS for pulse in step.pulses)
"""Their pulses in order."""
