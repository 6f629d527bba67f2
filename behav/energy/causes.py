"""What the circuits of a macro draw from the supply for what they do, by cause."""

from dataclasses import dataclass
from typing import Self

from ...hdl.config import MacroConfig
from ..parameters.chip import ChipParameters
from ..parameters.energy import EnergyParameters
from .terms import bridge_energy_j

CAUSES = (
    "bridges",
    "capacitors",
    "sl_and_inverters",
    "bit_lines",
    "word_lines",
    "switches",
    "comparators",
)
"""What energy is split by, in the order of tables."""

_NODES = 3
"""Nodes behind an SL that follow it: its inverter, the product, the complement."""

_PLATE_SWITCHES = 4
"""Per column: to inverter and to ground, on either line."""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What rows of a macro do that draws energy."""

    evaluations: int
    """Rows evaluated."""
    planes: int
    """Bit planes of each."""
    trials: int
    """Strobes of each."""
    row_cycles: int
    """Clock cycles of each."""
    columns: int
    """Columns on a capacitive line."""
    fan_in: int
    """Of them, those in use."""
    line_units: float
    """What the capacitive lines draw in all rows together, in C VDD^2."""
    toggles: float
    """Products that change in all rows together."""
    bit_line_rises: float
    """Bit lines that rise in all rows together."""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Condition, macro and energy parameters with the overrides applied."""

    energy: EnergyParameters
    macro: MacroConfig
    vdd_v: float
    unit_f: float
    sl_f: float
    swing_v: float
    period_s: float

    @classmethod
    def of(cls, macro: MacroConfig, chip: ChipParameters, energy: EnergyParameters) -> Self:
        vdd_v = energy.vdd_v or chip.bridge.vdd_v
        low = chip.devices.lrs_median_ohm + chip.bridge.access_resistance_ohm
        high = chip.devices.hrs_median_ohm + chip.bridge.access_resistance_ohm
        # A given bridge resistance says nothing about L and H: the whole supply is the most.
        swing = 1.0 if energy.bridge_ohm else abs(high - low) / (high + low)
        return cls(
            energy=energy,
            macro=macro,
            vdd_v=vdd_v,
            unit_f=energy.unit_capacitor_f or chip.neuron.unit_capacitor_f,
            sl_f=energy.sl_capacitor_f or chip.bridge.sl_capacitor_f,
            swing_v=swing * vdd_v,
            period_s=energy.clock_period_s or macro.timing.clock_period_s,
        )

    def causes_j(self, activity: Activity, siemens: float) -> dict[str, float]:
        """Energy of an activity, J, by cause; `siemens` is the mean conductance of a bridge."""
        square = self.vdd_v**2
        energy = self.energy
        on_s = activity.row_cycles * self.period_s
        bridge_j = float(bridge_energy_j(1 / siemens, self.vdd_v, on_s))
        cells = activity.columns * activity.evaluations
        toggle_j = (self.sl_f * self.swing_v**2 + _NODES * energy.inverter_node_f * square) / 2
        joules = (
            activity.fan_in * activity.evaluations * bridge_j,
            activity.line_units * self.unit_f * square,
            activity.toggles * toggle_j,
            activity.bit_line_rises * self.macro.rows * energy.bit_line_f * square,
            cells * energy.word_line_f * square,
            cells * activity.planes * _PLATE_SWITCHES * energy.switch_gate_f * square,
            activity.evaluations * activity.trials * energy.comparator_j,
        )
        return {cause: float(value) for cause, value in zip(CAUSES, joules, strict=True)}
