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
- inputs of several bits: a row's bridges conduct through all its bit planes. Each plane charges
  the capacitors anew and lets the products of the bits that differ toggle, and each of these bits
  raises a line of its pair. A share takes the lines to the mean of themselves and the holding
  capacitors, against which raised plates at VDD supply A (V - V') VDD. There is one strobe per
  vote. The two switches of a share are left out beside those of the plates.
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

from ...hdl.config import ArrayGroup, MacroConfig, NetworkConfig
from ..cell.devices import draw_resistances_ohm
from ..neuron.capacitors import line_units
from ..parameters.chip import ChipParameters
from ..parameters.energy import EnergyParameters
from .terms import bridge_energy_j, evaluation_units, line_energy_units, share_units

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
    config: ArrayGroup,
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
        planes: int,
        columns: int,
        fan_in: int,
        row_cycles: int,
        trials: int,
        line_units: float,
        toggles: float,
        line_rises: float,
        siemens: float,
    ) -> dict[str, float]:
        """Energy of `evaluations` rows of a macro, each of `planes` bit planes, J, by cause.

        `columns` hang on a line, `fan_in` of them are in use. `line_units`, `toggles` and
        `line_rises` (of bit lines) are those of all the rows together, `siemens` is that of a cell.
        """
        square = self.vdd_v**2
        energy = self.energy
        on_s = row_cycles * self.period_s
        cells = columns * evaluations
        toggle_j = (self.sl_f * self.swing_v**2 + _NODES * energy.inverter_node_f * square) / 2
        joules = (
            fan_in * evaluations * float(bridge_energy_j(1 / siemens, self.vdd_v, on_s)),
            line_units * self.unit_f * square,
            toggles * toggle_j,
            line_rises * macro.rows * energy.bit_line_f * square,
            cells * energy.word_line_f * square,
            cells * planes * _PLATE_SWITCHES * energy.switch_gate_f * square,
            evaluations * trials * energy.comparator_j,
        )
        return {cause: float(value) for cause, value in zip(CAUSES, joules, strict=True)}


def layer_energy(
    config: ArrayGroup,
    weights: NDArray[np.int8],
    inputs: NDArray[np.uint8],
    parameters: ChipParameters,
    energy: EnergyParameters,
    siemens: float,
) -> LayerEnergy:
    """Energy of one layer for one image.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        As programmed, bias columns included.
    inputs : ndarray of uint8, shape (K, N)
        What is on the bit lines for K images, over which the mean is taken.
    siemens : float
        Mean conductance of a bridge, `mean_bridge_siemens`.
    """
    planes = _bit_planes(config, inputs)
    # By how many of the images each column's bit changes before the next plane, and back again.
    changes = (planes != np.roll(planes, -1, axis=0)).mean(axis=1)
    causes = _Figures.of(config.macro, parameters, energy).causes_j(
        config.macro,
        evaluations=config.neurons,
        planes=config.bits_per_input,
        columns=config.line_columns,
        fan_in=config.fan_in,
        row_cycles=config.row_cycles,
        trials=config.trials,
        line_units=_line_units(config, weights, planes, parameters),
        toggles=_toggles(config, weights, changes),
        line_rises=_line_rises(config, changes),
        siemens=siemens,
    )
    return LayerEnergy(
        name=config.name,
        evaluations=config.neurons,
        operations=2 * config.inputs * config.neurons,
        causes_j=causes,
    )


def _bit_planes(config: ArrayGroup, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bits on the lines of all columns in use, shape (k, K, n), least significant plane first."""
    columns = np.full((len(inputs), config.fan_in), config.input_top, dtype=np.uint8)
    columns[:, : config.inputs] = inputs
    places = np.arange(config.bits_per_input, dtype=np.uint8)
    return (columns >> places[:, np.newaxis, np.newaxis] & 1).astype(np.uint8)


def _line_units(
    config: ArrayGroup,
    weights: NDArray[np.int8],
    planes: NDArray[np.uint8],
    parameters: ChipParameters,
) -> float:
    """What the capacitive lines draw for the mean image, in C VDD^2."""
    total = line_units(parameters.neuron, config.line_columns, config.bank_bits)
    plus = _columns_at_plus(weights, planes)
    units = evaluation_units(plus, config.fan_in, total, config.count_bits).sum(axis=0)
    if len(planes) > 1:
        units = units + share_units(plus, total) + share_units(config.fan_in - plus, total)
    return float(units.sum(axis=1).mean())


def _toggles(config: ArrayGroup, weights: NDArray[np.int8], changes: NDArray[np.float64]) -> float:
    """Products that change from plane to plane and from row to row; at a scan's start half of them.

    From a row's last plane to the next row's first a product changes if either its weight or its
    bit does. With one plane the bit never does.
    """
    *within, back = changes
    total = config.neurons * float(np.sum(within)) + config.macros * config.fan_in / 2
    for macro in range(config.macros):
        rows = config.neurons_of_macro(macro)
        differ = np.diff(weights[rows.start : rows.stop], axis=0) != 0
        total += float((differ + back - 2 * differ * back).sum())
    return total


def _line_rises(config: ArrayGroup, changes: NDArray[np.float64]) -> float:
    """Bit lines that rise in all macros for one image."""
    within, back = float(changes[:-1].sum()), float(changes[-1].sum())
    rows = config.rows_used
    return config.macros * (config.fan_in + rows * within + (rows - 1) * back)


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
        Per layer: the inputs on its bit lines, of all bit planes.
    chip : int or None
        The chip whose bridges are drawn; None for the ideal one.
    """
    layers = []
    for number, (layer, signs, given) in enumerate(
        zip(config.layers, weights, inputs, strict=True)
    ):
        siemens = mean_bridge_siemens(layer, signs, parameters, energy, chip, number)
        layers.append(layer_energy(layer, signs, given, parameters, energy, siemens))
    return layers


def _columns_at_plus(weights: NDArray[np.int8], planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """m of each plane, image and neuron, shape (k, K, M)."""
    sums = (2 * planes.astype(np.float32) - 1) @ weights.astype(np.float32).T
    return (weights.shape[1] + np.rint(sums).astype(np.int64)) // 2


def peak_evaluation_j(
    macro: MacroConfig, parameters: ChipParameters, energy: EnergyParameters, siemens: float
) -> dict[str, float]:
    """One evaluation of a macro of one array with all rows and columns in use, J, by cause.

    Inputs of one bit, one strobe, half of the products at +1 and half of them toggling. It does 2
    operations per column.
    """
    columns = macro.columns
    total = line_units(parameters.neuron, columns, 0)
    causes = _Figures.of(macro, parameters, energy).causes_j(
        macro,
        evaluations=macro.rows,
        planes=1,
        columns=columns,
        fan_in=columns,
        row_cycles=macro.slot_cycles(1),
        trials=1,
        line_units=macro.rows * 2 * float(line_energy_units(0, columns / 2, columns / 2, total)),
        toggles=macro.rows * columns / 2,
        line_rises=columns,
        siemens=siemens,
    )
    return {name: joules / macro.rows for name, joules in causes.items()}
