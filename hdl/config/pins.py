"""The pins of a bridge array, the hard macro that the controller drives: the one table of them.

Signatures, black boxes, the simulated testbench, its drivers and the array's models are made from
it. The table is `ProgrammingPins`, each field of which is a pin to the array with its default the
level at rest, and `ANSWERS`. Columns of arrays that are chained on the same capacitive lines count
as one array's, array 0's lowest.
"""

import dataclasses
import enum
from dataclasses import dataclass, fields
from typing import Any, Self

from .array_group import ArrayGroup


class PinGroup(enum.Enum):
    """What a pin is for."""

    LINES = "word and bit lines, of evaluation and programming"
    EVALUATION = "one evaluation"
    BANK = "the bank of capacitors for read-out or trim, where there is one"
    PLANES = "the holding capacitors, with inputs of several bits"
    PROGRAMMING = "programming, where the controller does that"


class Per(enum.Enum):
    """What a pin has a wire for; the value of `NUMBER` pins is their width."""

    ROW = "row"
    COLUMN = "column"
    BANK_BIT = "bit of the bank"
    LEVEL_BIT = "bit of an amplitude code"
    ARRAY = 1
    OPERATION_BIT = 2


@dataclass(frozen=True)
class Pin:
    """A row of the table."""

    group: PinGroup
    per: Per = Per.ARRAY
    name: str = ""
    head_only: bool = False
    """In a chain, only array 0 has it: comparator, bank and holding capacitors are there."""
    idle: bool = True
    """Whether it is at 0 wherever its group is not at work."""
    to_array: bool = True
    """Whether the controller drives it."""

    @property
    def of_columns(self) -> bool:
        """Whether it has a wire for each column."""
        return self.per is Per.COLUMN


def _pin(
    group: PinGroup, per: Per = Per.ARRAY, *, head_only: bool = False, idle: bool = True
) -> Any:
    """A field of the table, 0 at rest; see `Pin`."""
    pin = Pin(group, per, head_only=head_only, idle=idle)
    return dataclasses.field(default=0, metadata={"pin": pin})


@dataclass(slots=True, kw_only=True)
class ArrayPins:
    """What an array sees in evaluation, at one instant; bit i of a bus is row or column i."""

    wl: int = _pin(PinGroup.LINES, Per.ROW)
    """Word lines, one-hot or 0."""
    bl: int = _pin(PinGroup.LINES, Per.COLUMN)
    """Bit-line drivers: the complement of `blb` when driven, both 0 when not."""
    blb: int = _pin(PinGroup.LINES, Per.COLUMN)
    precharge: int = _pin(PinGroup.EVALUATION)
    """Resets both capacitive lines, bottom plates low."""
    evaluate: int = _pin(PinGroup.EVALUATION)
    """Connects the source-line inverters to the capacitors."""
    strobe: int = _pin(PinGroup.EVALUATION, head_only=True)
    """Comparator clock."""
    dac_p: int = _pin(PinGroup.BANK, Per.BANK_BIT, head_only=True)
    """Bottom plates of the bank on line P; bit k drives 2^k unit capacitors."""
    dac_n: int = _pin(PinGroup.BANK, Per.BANK_BIT, head_only=True)
    """The same on line N."""
    share: int = _pin(PinGroup.PLANES, head_only=True)
    """Averages both lines into their holding capacitors."""
    acc_reset: int = _pin(PinGroup.PLANES, head_only=True)
    """Clears the holding capacitors."""


@dataclass(slots=True, kw_only=True)
class ProgrammingPins(ArrayPins):
    """What an array that can be programmed sees, at one instant."""

    prog_op: int = _pin(PinGroup.PROGRAMMING, Per.OPERATION_BIT)
    """A `ProgrammingOperation`; NONE where no pulse is prepared."""
    prog_device: int = _pin(PinGroup.PROGRAMMING, idle=False)
    """A `Device`: which one of the pair."""
    prog_level: int = _pin(PinGroup.PROGRAMMING, Per.LEVEL_BIT, idle=False)
    """Amplitude code."""
    prog_mask: int = _pin(PinGroup.PROGRAMMING, Per.COLUMN, idle=False)
    """Columns pulsed."""
    prog_pulse: int = _pin(PinGroup.PROGRAMMING)
    """The pulse. The four pins above and `wl` stand still from `setup_cycles` before it to
    `hold_cycles` after it."""


ANSWERS = (
    # Outputs of the inverters on the source lines.
    Pin(PinGroup.PROGRAMMING, Per.COLUMN, "sl_q", to_array=False),
    # Comparator outputs for +1 and for -1: 0 until resolved, then one is 1 until strobe falls.
    Pin(PinGroup.EVALUATION, name="sense_p", head_only=True, to_array=False),
    Pin(PinGroup.EVALUATION, name="sense_n", head_only=True, to_array=False),
)
"""What an array gives."""
PINS = (
    *(
        dataclasses.replace(each.metadata["pin"], name=each.name)
        for each in fields(ProgrammingPins)
    ),
    *ANSWERS,
)
"""All pins, in the order of an array's ports."""


@dataclass(frozen=True, kw_only=True)
class PinSizes:
    """What the widths of an array's pins follow from."""

    rows: int
    columns: int
    bank_bits: int = 0
    """Capacitors of the bank on each line; 0: it has no such pins."""
    planes: int = 1
    """Bit planes of an input; 1: it has no such pins."""
    level_bits: int = 0
    """Width of an amplitude code; 0: it has no pins of programming."""

    @classmethod
    def of_group(cls, config: ArrayGroup) -> Self:
        """The sizes of each macro of an array group."""
        macro = config.macro
        return cls(
            rows=macro.rows,
            columns=config.line_columns,
            bank_bits=config.bank_bits,
            planes=config.bits_per_input,
            level_bits=macro.programming.level_bits if macro.programmable else 0,
        )

    def widths(self, *groups: PinGroup) -> dict[Pin, int]:
        """The pins that an array of these sizes has, in order; of some groups only, if given."""
        present = {
            PinGroup.LINES: True,
            PinGroup.EVALUATION: True,
            PinGroup.BANK: self.bank_bits > 0,
            PinGroup.PLANES: self.planes > 1,
            PinGroup.PROGRAMMING: self.level_bits > 0,
        }
        bits = {
            Per.ROW: self.rows,
            Per.COLUMN: self.columns,
            Per.BANK_BIT: self.bank_bits,
            Per.LEVEL_BIT: self.level_bits,
            Per.ARRAY: 1,
            Per.OPERATION_BIT: 2,
        }
        wanted = groups or tuple(PinGroup)
        return {pin: bits[pin.per] for pin in PINS if pin.group in wanted and present[pin.group]}

    def inference_inputs(self) -> list[str]:
        """Names of the pins that evaluation drives, those of `ArrayPins`."""
        return [
            pin.name
            for pin in self.widths()
            if pin.to_array and pin.group is not PinGroup.PROGRAMMING
        ]

    def drivers(self) -> list[str]:
        """Names of the pins that are 0 unless a program driver is at work."""
        return [pin.name for pin in self.widths(PinGroup.PROGRAMMING) if pin.to_array and pin.idle]
