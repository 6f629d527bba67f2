"""How a macro's cells are programmed: pulses, read-back, retries."""

import enum

from ...field_types import Count, Size
from ...record import Record


class ProgrammingOperation(enum.IntEnum):
    """What a pulse is for; the value is that of the pins `prog_op`."""

    NONE = 0
    FORM = 1
    """Makes a blank device switchable and leaves it in the low-resistance state."""
    SET = 2
    """To the low-resistance state."""
    RESET = 3
    """To the high-resistance state."""


class ProgrammingConfig(Record):
    """Pulses, read-back and retries of a macro's programming. All values are estimates [E]."""

    columns_per_pulse: Size = 32
    """Columns pulsed at once: neighbours, the first group beginning at column 0."""
    form_cycles: Size = 200
    """Length of a FORM pulse."""
    set_cycles: Size = 20
    """Length of a SET pulse."""
    reset_cycles: Size = 20
    """Length of a RESET pulse."""
    setup_cycles: Size = 2
    """Word line, operation, device, amplitude and columns stand still before each pulse."""
    hold_cycles: Size = 2
    """They stand still after each pulse."""
    verify_settle_cycles: Size = 4
    """Bit lines are driven so long, per input polarity, before the source lines are read."""
    first_level: Size = 8
    """Amplitude code of a first attempt."""
    level_step: Count = 2
    """What each retry adds to the amplitude code."""
    most_retries: Count = 7
    """Attempts at a cell after the first."""
    failure_limit: Count = 4
    """A row with more failing cells than this moves to a spare row."""

    @property
    def attempts(self) -> int:
        """Most attempts at a cell, the first included."""
        return 1 + self.most_retries

    def level(self, attempt: int) -> int:
        """Amplitude code of attempt number `attempt`, from 0."""
        return self.first_level + attempt * self.level_step

    @property
    def level_bits(self) -> int:
        """Width of an amplitude code."""
        return self.level(self.most_retries).bit_length()

    def width_cycles(self, operation: ProgrammingOperation) -> int:
        """Length of an operation's pulse."""
        return {
            ProgrammingOperation.FORM: self.form_cycles,
            ProgrammingOperation.SET: self.set_cycles,
            ProgrammingOperation.RESET: self.reset_cycles,
        }[operation]

    def pulse_cycles(self, operation: ProgrammingOperation) -> int:
        """Clock cycles of a pulse with its setup and hold."""
        return self.setup_cycles + self.width_cycles(operation) + self.hold_cycles

    @property
    def verify_cycles(self) -> int:
        """Clock cycles of a read-back: its start, both input polarities, the verdict."""
        return 1 + 2 * self.verify_settle_cycles + 1
