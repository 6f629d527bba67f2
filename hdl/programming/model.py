"""What the programmer does, pulse by pulse and cycle by cycle, free of Amaranth."""

from typing import NamedTuple, Protocol

from ..config import STREAM_BITS, LayerConfig, ProgrammingOperation
from .plan import PULSES, STEPS, Device, Step

ROW_BITS = 16
MACRO_BITS = 15


class Pulse(NamedTuple):
    """A programming pulse, as on the pins."""

    line: int
    """Word line that is up."""
    operation: ProgrammingOperation
    device: Device
    level: int
    """Amplitude code."""
    mask: int
    """Columns pulsed, column 0 lowest."""


class CellRow(Protocol):
    """The cells of a macro, as programming sees them."""

    def pulse(self, pulse: Pulse) -> None:
        """Take note of a pulse."""

    def read(self, line: int, positive: bool) -> int:
        """What the source lines say with every used column's input at +1 or -1."""


class ProgrammedRow(NamedTuple):
    """What programming a row came to."""

    line: int
    """Word line that holds it now."""
    failures: int
    """Mask of the columns that still read wrong there."""
    pulses: int
    """Pulses given, on every word line tried."""
    retries: int
    """Attempts after the first of a step."""
    moves: int
    """Spare rows taken."""
    unrepairable: bool
    """More failures than the limit, and no spare row left."""
    cycles: int
    """Clock cycles from `grant` to `row_done`, both included."""


def packet_of_row(config: LayerConfig, macro: int, row: int, weights: int, form: bool) -> list[int]:
    """The AXI4-Stream beats that program a row; tlast goes with the last one."""
    header = row | macro << ROW_BITS | form << ROW_BITS + MACRO_BITS
    mask = (1 << STREAM_BITS) - 1
    words = -(-config.fan_in // STREAM_BITS)
    return [header, *(weights >> STREAM_BITS * word & mask for word in range(words))]


def most_line_cycles(config: LayerConfig) -> int:
    """Upper bound of a row's clock cycles on one word line.

    Reached by a blank row none of whose cells ever reads right, with both weights in each group of
    columns.
    """
    programming = config.macro.programming
    groups = -(-config.fan_in // programming.columns_per_pulse)
    cycles = len(STEPS) * (1 + programming.attempts) * programming.verify_cycles
    for pulse in PULSES:
        each = 1 + programming.pulse_cycles(pulse.operation)
        cycles += programming.attempts * groups * each
    return cycles


def most_row_cycles(config: LayerConfig) -> int:
    """Upper bound of a row's clock cycles from `grant` to `row_done`, both included.

    Reached by a row that moves to every spare row. Each word line has its rise, the count of
    failures word by word, and the decision.
    """
    lines = 1 + config.macro.spare_rows
    counted = 1 + -(-config.fan_in // STREAM_BITS) + 1
    return 1 + lines * (counted + most_line_cycles(config)) + 1


class ProgrammingModel:
    """The programmer of a layer, given cells; keeps which rows have moved to which spare.

    Parameters
    ----------
    config : LayerConfig
    """

    def __init__(self, config: LayerConfig) -> None:
        self.config = config
        self.taken = [0] * config.macros
        """Spare rows taken, per macro."""
        self.spares: dict[tuple[int, int], int] = {}
        """(macro, row) to the number of the spare row that holds it."""

    def line(self, macro: int, row: int) -> int:
        """Word line of a row: its own, or that of its spare row."""
        spare = self.spares.get((macro, row))
        return row if spare is None else self.config.macro.neuron_rows + spare

    def program(
        self, macro: int, row: int, weights: int, form: bool, cells: CellRow
    ) -> ProgrammedRow:
        """Program one row.

        Parameters
        ----------
        macro, row : int
        weights : int
            Bit c is column c's weight: 1 for +1.
        form : bool
            The row is blank. A spare row that is taken is blank anyway.
        cells : CellRow
            The cells of that macro.
        """
        macro_config = self.config.macro
        attempt = _Attempt(self.config, weights, cells)
        moves = 0
        while True:
            failures = attempt.on_line(self.line(macro, row), form)
            over = failures.bit_count() > macro_config.programming.failure_limit
            if not over or self.taken[macro] == macro_config.spare_rows:
                break
            self.spares[macro, row] = self.taken[macro]
            self.taken[macro] += 1
            moves += 1
            form = True
        # One cycle each for the grant and for telling that the row is done.
        cycles = 1 + attempt.cycles + 1
        line = self.line(macro, row)
        return ProgrammedRow(line, failures, attempt.pulses, attempt.retries, moves, over, cycles)


class _Attempt:
    """Pulses, retries and cycles spent on a row, over the word lines tried."""

    def __init__(self, config: LayerConfig, weights: int, cells: CellRow) -> None:
        self.columns = config.fan_in
        self.programming = config.macro.programming
        self.weights = weights
        self.cells = cells
        self.pulses = self.retries = self.cycles = 0
        size = config.columns_per_pulse
        every = (1 << self.columns) - 1
        self.groups = [(1 << size) - 1 << first & every for first in range(0, self.columns, size)]

    def on_line(self, line: int, form: bool) -> int:
        """Program the row on a word line; the mask of failing columns."""
        failing = 0
        # The word line rises; at the end the failures are counted word by word and judged.
        self.cycles += 1 + -(-self.columns // STREAM_BITS) + 1
        for step in STEPS if form else STEPS[-1:]:
            failing = self._failing(line, step)
            for attempt in range(self.programming.attempts):
                if not failing:
                    break
                self.retries += attempt > 0
                self._pulse(line, step, self.programming.level(attempt), failing)
                failing = self._failing(line, step)
        return failing

    def _failing(self, line: int, step: Step) -> int:
        """Columns whose source line is wrong for either input."""
        self.cycles += self.programming.verify_cycles
        right = step.right.of(self.weights, self.columns)
        every = (1 << self.columns) - 1
        positive = self.cells.read(line, True) ^ right
        negative = self.cells.read(line, False) ^ right ^ every
        return (positive | negative) & every

    def _pulse(self, line: int, step: Step, level: int, failing: int) -> None:
        for kind in step.pulses:
            chosen = failing & kind.cells.of(self.weights, self.columns)
            for group in self.groups:
                self.cycles += 1
                if mask := chosen & group:
                    self.pulses += 1
                    self.cycles += self.programming.pulse_cycles(kind.operation)
                    self.cells.pulse(Pulse(line, kind.operation, kind.device, level, mask))
