"""What the arrays' pins may break in bulk simulation, by the number that the testbench gives."""

import enum


class Violation(enum.IntEnum):
    """A rule of the pins that was broken."""

    WRONG_PHASE = 1
    WRONG_WORD_LINE = 2
    WRONG_BIT_LINES = 3
    WRONG_CODE = 4
    DRIVER_ON = 5

    @property
    def meaning(self) -> str:
        """What the hardware did."""
        return _MEANINGS[self]


_MEANINGS = {
    Violation.WRONG_PHASE: "a phase out of order or not of its configured length",
    Violation.WRONG_WORD_LINE: "a word line that is not the next row's",
    Violation.WRONG_BIT_LINES: (
        "bit lines that changed, or are not complementary, or differ between macros"
    ),
    Violation.WRONG_CODE: (
        "a code on the capacitor bank that successive approximation does not give"
    ),
    Violation.DRIVER_ON: "a program driver on in inference",
}
