"""Energy of evaluations, drawn from the supply, split by cause.

An evaluation is one row of one macro. What it draws [D], with VDD the supply and C a capacitance:

- bridges: VDD^2 t_on / (T' + B') per cell. t_on is the whole row: the word line rises with
  precharge and falls after the last dead time while the bit lines are driven, so that a bridge
  conducts in every phase, though only evaluate needs it. A word line raised for evaluate alone
  would save the rest.
- capacitors: a line of total T on which plates of A rise from precharge draws VDD^2 (A - A^2 / T).
- SL and inverters: C VDD^2 / 2 per node that toggles, C_SL with its own swing. Whether a column
  toggles from one row to the next depends on the weights alone.
- bit lines: of each pair one rises per image, and all fall at the end of the scan.
- word lines, plate switches, comparators: constant per evaluation. Of a macro that is a chain of
  arrays the word line rises in each of them, and there is one comparator.

Precharge resets lines to 0 V that stand there already but for leakage: it draws nothing. Leakage,
short-circuit current of inverters and the digital controller are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..hdl.config import LayerConfig, MacroConfig, NetworkConfig
from .devices import draw_resistances_ohm
from .energy_parameters import EnergyParameters
from .energy_terms import bridge_energy_j, evaluation_units, line_energy_units
from .neuron import line_units
from .params import ChipParameters

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


def mean_bridge_siemens(
    config: LayerConfig,
    weights: NDArray[np.int8],
    parameters: ChipParameters,
    energy: EnergyParameters,
    chip: int | None,
    layer: int,
) -> float:
    """Mean of 1 / (T' + B') over a layer's cells, S.

    Of a sampled chip every cell is taken with its draw. An ideal chip has the medians; they
    understate what spread devices draw, because the mean of 1 / H of a log-normal H is
    exp(sigma^2 / 2) over its median: 1.65 times at sigma 1.
    """
    if energy.bridge_ohm:
        return 1 / energy.bridge_ohm
    access_ohm = 2 * parameters.bridge.access_resistance_ohm
    devices = parameters.devices
    if chip is None:
        return 1 / (devices.lrs_median_ohm + devices.hrs_median_ohm + access_ohm)
    top_ohm, bottom_ohm = draw_resistances_ohm(config, weights, devices, chip, layer)
    return float(np.mean(1 / (top_ohm + bottom_ohm + access_ohm)))


@dataclass(frozen=True, kw_only=True)
class LayerEnergy:
    """Energy of a layer for one image."""

    name: str
    evaluations: int
    """Rows evaluated for one image: the layer's neurons."""
    operations: int
    """Of one image: a multiplication and an addition per input and neuron."""
    causes_j: dict[str, float]
    """J per image, by the names of `CAUSES`."""

    @property
    def per_image_j(self) -> float:
        """All causes together, J."""
        return sum(self.causes_j.values())


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """Condition, macro and energy parameters with the overrides applied."""

    energy: EnergyParameters
    vdd_v: float
    unit_f: float
    sl_f: float
    swing_v: float
    period_s: float

    @classmethod
    def of(cls, macro: MacroConfig, chip: ChipParameters, energy: EnergyParameters) -> _Figures:
        vdd_v = energy.vdd_v or chip.bridge.vdd_v
        low = chip.devices.lrs_median_ohm + chip.bridge.access_resistance_ohm
        high = chip.devices.hrs_median_ohm + chip.bridge.access_resistance_ohm
        # A given bridge resistance says nothing about L and H: the whole supply is the most.
        swing = 1.0 if energy.bridge_ohm else abs(high - low) / (high + low)
        return cls(
            energy=energy,
            vdd_v=vdd_v,
            unit_f=energy.unit_capacitor_f or chip.neuron.unit_capacitor_f,
            sl_f=energy.sl_capacitor_f or chip.bridge.sl_capacitor_f,
            swing_v=swing * vdd_v,
            period_s=energy.clock_period_s or macro.timing.clock_period_s,
        )

    def causes_j(
        self,
        macro: MacroConfig,
        *,
        evaluations: int,
        scans: int,
        columns: int,
        fan_in: int,
        trials: int,
        line_units: float,
        toggles: float,
        siemens: float,
    ) -> dict[str, float]:
        """Energy of `evaluations` rows in `scans` scans of a macro, J, by cause.

        `columns` hang on a line, `fan_in` of them are in use. `line_units` and `toggles` are those
        of all the rows together, `siemens` is that of a cell.
        """
        square = self.vdd_v**2
        energy = self.energy
        on_s = macro.slot_cycles(trials) * self.period_s
        cells = columns * evaluations
        toggle_j = (self.sl_f * self.swing_v**2 + _NODES * energy.inverter_node_f * square) / 2
        joules = (
            fan_in * evaluations * float(bridge_energy_j(1 / siemens, self.vdd_v, on_s)),
            line_units * self.unit_f * square,
            toggles * toggle_j,
            scans * fan_in * macro.rows * energy.bit_line_f * square,
            cells * energy.word_line_f * square,
            cells * _PLATE_SWITCHES * energy.switch_gate_f * square,
            evaluations * trials * energy.comparator_j,
        )
        return {cause: float(value) for cause, value in zip(CAUSES, joules, strict=True)}


def layer_energy(
    config: LayerConfig,
    weights: NDArray[np.int8],
    plus: NDArray[np.int64],
    parameters: ChipParameters,
    energy: EnergyParameters,
    siemens: float,
) -> LayerEnergy:
    """Energy of one layer for one image.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        As programmed, bias columns included.
    plus : ndarray of int64, shape (K, M)
        m of every neuron for K images, over which the mean is taken.
    siemens : float
        Mean conductance of a bridge, `mean_bridge_siemens`.
    """
    total = line_units(parameters.neuron, config.columns, config.bank_bits)
    units = evaluation_units(plus, config.fan_in, total, config.count_bits)
    causes = _Figures.of(config.macro, parameters, energy).causes_j(
        config.macro,
        evaluations=config.neurons,
        scans=config.macros,
        columns=config.columns,
        fan_in=config.fan_in,
        trials=config.trials,
        line_units=float(units.sum(axis=1).mean()),
        toggles=_toggles(config, weights),
        siemens=siemens,
    )
    return LayerEnergy(
        name=config.name,
        evaluations=config.neurons,
        operations=2 * config.inputs * config.neurons,
        causes_j=causes,
    )


def _toggles(config: LayerConfig, weights: NDArray[np.int8]) -> float:
    """Products that change from one row to the next in a scan; in its first row half of them."""
    macros = [config.neurons_of_macro(macro) for macro in range(config.macros)]
    changes = sum(
        np.count_nonzero(np.diff(weights[rows.start : rows.stop], axis=0)) for rows in macros
    )
    return changes + config.macros * config.fan_in / 2


def network_energy(
    config: NetworkConfig,
    weights: Sequence[NDArray[np.int8]],
    inputs: Sequence[NDArray[np.uint8]],
    parameters: ChipParameters,
    energy: EnergyParameters,
    chip: int | None,
) -> list[LayerEnergy]:
    """Energy of every layer for the mean image.

    Parameters
    ----------
    inputs : sequence of ndarray of uint8, shape (K, N)
        Per layer: the input bits on its bit lines.
    chip : int or None
        The chip whose bridges are drawn; None for the ideal one.
    """
    layers = []
    for number, (layer, signs, bits) in enumerate(zip(config.layers, weights, inputs, strict=True)):
        siemens = mean_bridge_siemens(layer, signs, parameters, energy, chip, number)
        plus = _columns_at_plus(layer, signs, bits)
        layers.append(layer_energy(layer, signs, plus, parameters, energy, siemens))
    return layers


def _columns_at_plus(
    config: LayerConfig, weights: NDArray[np.int8], bits: NDArray[np.uint8]
) -> NDArray[np.int64]:
    signs = np.ones((len(bits), config.fan_in), dtype=np.float32)
    signs[:, : config.inputs] = 2 * bits.astype(np.float32) - 1
    sums = signs @ weights.astype(np.float32).T
    return (config.fan_in + np.rint(sums).astype(np.int64)) // 2


def peak_evaluation_j(
    macro: MacroConfig, parameters: ChipParameters, energy: EnergyParameters, siemens: float
) -> dict[str, float]:
    """One evaluation of a macro of one array with all rows and columns in use, J, by cause.

    One strobe, half of the products at +1 and half of them toggling. It does 2 operations per
    column.
    """
    columns = macro.columns
    total = line_units(parameters.neuron, columns, 0)
    causes = _Figures.of(macro, parameters, energy).causes_j(
        macro,
        evaluations=macro.rows,
        scans=1,
        columns=columns,
        fan_in=columns,
        trials=1,
        line_units=macro.rows * 2 * float(line_energy_units(0, columns / 2, columns / 2, total)),
        toggles=macro.rows * columns / 2,
        siemens=siemens,
    )
    return {name: joules / macro.rows for name, joules in causes.items()}
