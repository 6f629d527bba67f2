"""What arrays see of a layer: columns, rows, macros and read-out, and the time of a scan."""

import enum
from dataclasses import field
from typing import Annotated

from ...errors import InputError
from ...field_types import Count, Limits, Size
from ...record import Record
from .macro import MacroConfig, require_bus


class Readout(enum.Enum):
    """How a neuron is read after its evaluate."""

    SIGN = "sign"
    """The sign of the popcount difference: one strobe, or the majority of `MacroConfig.votes`."""
    COUNT = "count"
    """Successive approximation on the capacitor bank: the popcount itself."""


class ArrayGroup(Record):
    """Side-by-side macros that scan their rows together: what the physics knows of a layer.

    When an input vector is presented, and what becomes of the results, is its layer kind's matter.

    A fan-in beyond the columns of one array takes a chain of arrays on the same capacitive lines,
    with one comparator: a macro of the layer is then such a chain. Neuron ``k * rows_used + r`` is
    row ``r`` of macro ``k``: neurons are shared out evenly, so that a layer takes the fewest
    word-line steps.
    """

    name: str
    inputs: Size
    """N, the inputs of a neuron."""
    bias_columns: Count
    """n_b, columns whose input is always +1."""
    neurons: Size
    """M."""
    bits_per_input: Annotated[int, Limits(1, 8)] = 1
    """k: an input of several bits is evaluated bit plane by bit plane, the least significant one
    first, and averaged on the holding capacitors."""
    readout: Readout = Readout.SIGN
    macro: MacroConfig = field(default_factory=MacroConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.name.isidentifier() and self.name.isascii()):
            raise InputError(
                f"name: found {self.name!r}, expected letters, digits and underscores, "
                "no digit first: it becomes part of port names"
            )
        if self.bits_per_input > 1 and self.readout is Readout.COUNT:
            raise InputError(
                f"{self.name}: found inputs of {self.bits_per_input} bits in a count layer, "
                "expected a sign layer: the read-out bank is on the lines, not on the holding "
                "capacitors"
            )
        if self.bits_per_input > 1 and self.macro.trim_bits:
            raise InputError(
                f"{self.name}: found inputs of {self.bits_per_input} bits and trim_bits "
                f"{self.macro.trim_bits}, expected 0: the trim bank is on the lines, not on the "
                "holding capacitors"
            )
        require_bus(f"{self.name}: input", self.inputs * self.bits_per_input)
        if self.fan_in % 2 == 0:
            raise InputError(
                f"{self.name}: found {self.inputs} inputs and {self.bias_columns} bias columns, "
                "expected an odd sum, so that a popcount is never a tie"
            )
        require_bus(f"{self.name}: bit lines of {self.chain} arrays", self.line_columns)
        require_bus(f"{self.name}: result", self.neurons * self.trials)

    @property
    def fan_in(self) -> int:
        """n = N + n_b, the columns in use; odd."""
        return self.inputs + self.bias_columns

    @property
    def input_top(self) -> int:
        """2^k - 1, the largest value of an input; what a bias column carries."""
        return 2**self.bits_per_input - 1

    @property
    def chain(self) -> int:
        """Arrays on the same capacitive lines: ceil(n / C) for arrays of C columns."""
        return -(-self.fan_in // self.macro.columns)

    @property
    def line_columns(self) -> int:
        """Columns on a capacitive line, used or not: those of all arrays of a chain."""
        return self.chain * self.macro.columns

    @property
    def columns_per_pulse(self) -> int:
        """Columns that a programming pulse takes at once, at most those in use."""
        return min(self.macro.programming.columns_per_pulse, self.fan_in)

    @property
    def macros(self) -> int:
        """Macros side by side, each a chain of arrays with one comparator: ceil(M / R).

        R is without the spare rows.
        """
        return -(-self.neurons // self.macro.neuron_rows)

    @property
    def arrays(self) -> int:
        """Arrays of all macros."""
        return self.macros * self.chain

    @property
    def rows_used(self) -> int:
        """Word-line steps of one scan: ceil(M / macros)."""
        return -(-self.neurons // self.macros)

    @property
    def macro_names(self) -> list[str]:
        """Names of the macros' pins within the layer."""
        return [f"macro{index}" for index in range(self.macros)]

    def neurons_of_macro(self, macro: int) -> range:
        """The neurons that sit in macro number `macro`, in row order."""
        first = macro * self.rows_used
        return range(first, min(first + self.rows_used, self.neurons))

    @property
    def count_bits(self) -> int:
        """K = ceil(log2(n + 1)), trials and bank size of a COUNT layer; 0 for SIGN."""
        return self.fan_in.bit_length() if self.readout is Readout.COUNT else 0

    @property
    def trim_bits_in_use(self) -> int:
        """K of the trim, whose magnitude is below 2^K score units; 0 without one."""
        return min(self.macro.trim_bits, self.count_bits or self.macro.trim_bits)

    @property
    def bank_bits(self) -> int:
        """Capacitors of the bank on each line: of read-out or trim, 0 without either."""
        return self.count_bits or self.trim_bits_in_use

    @property
    def calibration_steps(self) -> int:
        """Evaluations of a calibration: the sign of the offset, then its bits; 0 without a trim."""
        return self.trim_bits_in_use + 1 if self.trim_bits_in_use else 0

    @property
    def calibration_cycles(self) -> int:
        """Clock cycles from a calibration's start to its trims; 0 without a trim."""
        if not self.trim_bits_in_use:
            return 0
        return self.calibration_steps * self.macro.timing.row_cycles(self.macro.trim_strobes) + 1

    @property
    def trials(self) -> int:
        """Strobes in one evaluation."""
        return self.count_bits or self.macro.votes

    @property
    def overlapped(self) -> bool:
        """Whether rows overlap: in a pipelined macro, but with inputs of one bit only."""
        return self.macro.pipelined and self.bits_per_input == 1

    @property
    def row_cycles(self) -> int:
        """Clock cycles from one row to the next in a scan."""
        if self.overlapped:
            return self.macro.timing.pipelined_slot_cycles(self.trials)
        return self.macro.timing.row_cycles(self.trials, self.bits_per_input)

    @property
    def lead_cycles(self) -> int:
        """Clock cycles from the first word line's rise to the first evaluate."""
        timing = self.macro.timing
        least = timing.bridge_cycles if self.overlapped else 0
        return max(timing.before_evaluate_cycles, least)

    @property
    def precharge_with_waiting_cycles(self) -> int:
        """Clock cycles of precharge between two rows, waiting for bridges included."""
        timing = self.macro.timing
        waiting = self.row_cycles - timing.row_cycles(self.trials) if self.overlapped else 0
        return timing.precharge_cycles + waiting

    @property
    def scan_cycles(self) -> int:
        """Clock cycles of one scan, from the first word line's rise to the last one's fall."""
        if not self.overlapped:
            return self.rows_used * self.row_cycles
        last = self.macro.timing.from_evaluate_cycles(self.trials)
        return self.lead_cycles + (self.rows_used - 1) * self.row_cycles + last

    @property
    def strobe_slots_busy(self) -> float:
        """Share of a scan, in slots of `row_cycles`, in which a row is evaluated."""
        return self.rows_used * self.row_cycles / self.scan_cycles
