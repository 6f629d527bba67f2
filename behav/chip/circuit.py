"""The analog parts of one macro of a chip: what hangs on its word lines and capacitive lines."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cell.settling import Pull, sl_pull
from ..neuron.capacitors import MacroLines, injected_difference_v
from ..parameters.bridge import BridgeParameters
from ..parameters.neuron import NeuronParameters


@dataclass(frozen=True, kw_only=True, eq=False)
class MacroCircuit:
    """One macro as drawn, from `DrawnLayer.circuit`; columns are the n in use.

    Axis of 2: line P, line N. Of the same capacitors `plate_v` says what they do to their line,
    and `plate_f` and `load_f` how large they are.
    """

    bridge: BridgeParameters
    neuron: NeuronParameters
    top_ohm: NDArray[np.float64]
    """Shape (rows, n): device to BL, infinite if open."""
    bottom_ohm: NDArray[np.float64]
    """Shape (rows, n): device to BLb."""
    word_lines: NDArray[np.int_]
    """Shape (rows,): the word line of each row."""
    threshold_v: NDArray[np.float64]
    """Shape (n,): switching threshold of the inverter on SL."""
    lines: MacroLines
    latched: bool
    """Whether latches hold the products from evaluate's rise on."""

    @functools.cached_property
    def row_of_line(self) -> dict[int, int]:
        """Word line to the row on it."""
        return {line: row for row, line in enumerate(self.word_lines.tolist())}

    def pull(self, row: int) -> Pull:
        """The pull on SLs by the cells of a row, for input +1."""
        line = int(self.word_lines[row])
        return sl_pull(self.top_ohm[row], self.bottom_ohm[row], self.bridge, line)

    @property
    def columns(self) -> int:
        """Columns in use, n."""
        return len(self.threshold_v)

    @functools.cached_property
    def plate_v(self) -> NDArray[np.float64]:
        """Shape (2, n): what a column's plate adds to its line as it rises, VDD C_i / T."""
        return self.lines.steps_v(self.bridge.vdd_v)[0][:, : self.columns]

    @functools.cached_property
    def bank_v(self) -> NDArray[np.float64]:
        """Shape (2, K): likewise for bit k of the read-out bank's code."""
        return self.lines.steps_v(self.bridge.vdd_v)[1]

    @functools.cached_property
    def injected_v(self) -> NDArray[np.float64]:
        """Shape (2,): what the precharge switches leave on a line as they open."""
        half_v = injected_difference_v(self.neuron) * np.array([0.5, -0.5])
        return self.neuron.injection_common_v + half_v

    @functools.cached_property
    def plate_f(self) -> NDArray[np.float64]:
        """Shape (2, n): capacitors of the columns, F."""
        return self.neuron.unit_capacitor_f * self.lines.column_units[:, : self.columns]

    def load_f(self, driven: int) -> NDArray[np.float64]:
        """All that hangs on the lines beside the first `driven` columns, F, shape (2,)."""
        others = self.lines.column_units[:, driven:].sum(axis=1)
        units = others + self.lines.bank_units.sum(axis=1) + self.lines.parasitic_units
        return self.neuron.unit_capacitor_f * units
