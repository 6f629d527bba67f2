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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...hdl.config import ArrayGroup, MacroConfig
from ..chip.drawn import DrawnLayer
from ..neuron.capacitors import line_units
from ..parameters.chip import ChipParameters
from ..parameters.energy import EnergyParameters
from .causes import Activity, Supply
from .terms import evaluation_units, line_energy_units, share_units


def mean_bridge_siemens(drawn: DrawnLayer, energy: EnergyParameters) -> float:
    """Mean of 1 / (T' + B') over a layer's cells, S.

    Of a chip every cell is taken as it was drawn or programmed. An ideal chip has the medians; they
    understate what spread devices draw, because the mean of 1 / H of a log-normal H is
    exp(sigma^2 / 2) over its median: 1.65 times at sigma 1.
    """
    if energy.bridge_ohm:
        return 1 / energy.bridge_ohm
    access_ohm = 2 * drawn.condition.bridge.access_resistance_ohm
    if drawn.ideal:
        devices = drawn.condition.devices
        return 1 / (devices.lrs_median_ohm + devices.hrs_median_ohm + access_ohm)
    top_ohm, bottom_ohm, _ = drawn.cells
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
    """J per image, by the names of `causes.CAUSES`."""

    @property
    def per_image_j(self) -> float:
        """All causes together, J."""
        return sum(self.causes_j.values())


def layer_energy(
    drawn: DrawnLayer, inputs: NDArray[np.uint8], energy: EnergyParameters
) -> LayerEnergy:
    """Energy of one layer for one image.

    Parameters
    ----------
    inputs : ndarray of uint8, shape (K, N)
        What is on the bit lines for K images, over which the mean is taken.
    """
    config, weights = drawn.config, drawn.weights
    planes = _bit_planes(config, inputs)
    # By how many of the images each column's bit changes before the next plane, and back again.
    changes = (planes != np.roll(planes, -1, axis=0)).mean(axis=1)
    activity = Activity(
        evaluations=config.neurons,
        planes=config.bits_per_input,
        trials=config.trials,
        row_cycles=config.row_cycles,
        columns=config.line_columns,
        fan_in=config.fan_in,
        line_units=_line_units(drawn, planes),
        toggles=_toggles(config, weights, changes),
        bit_line_rises=_bit_line_rises(config, changes),
    )
    supply = Supply.of(config.macro, drawn.condition, energy)
    return LayerEnergy(
        name=config.name,
        evaluations=config.neurons,
        operations=2 * config.inputs * config.neurons,
        causes_j=supply.causes_j(activity, mean_bridge_siemens(drawn, energy)),
    )


def network_energy(
    layers: Sequence[DrawnLayer], inputs: Sequence[NDArray[np.uint8]], energy: EnergyParameters
) -> list[LayerEnergy]:
    """Energy of every layer for the mean image.

    Parameters
    ----------
    layers : sequence of DrawnLayer
        Of the chip; where it was programmed, as programmed.
    inputs : sequence of ndarray of uint8, shape (K, N)
        Per layer: the inputs on its bit lines, of all bit planes.
    """
    return [layer_energy(drawn, given, energy) for drawn, given in zip(layers, inputs, strict=True)]


def peak_evaluation_j(
    macro: MacroConfig, parameters: ChipParameters, energy: EnergyParameters, siemens: float
) -> dict[str, float]:
    """One evaluation of a macro of one array with all rows and columns in use, J, by cause.

    Inputs of one bit, one strobe, half of the products at +1 and half of them toggling. It does 2
    operations per column. `siemens` is the mean conductance of a bridge.
    """
    columns = macro.columns
    total = line_units(parameters.neuron, columns, 0)
    activity = Activity(
        evaluations=macro.rows,
        planes=1,
        trials=1,
        row_cycles=macro.slot_cycles(1),
        columns=columns,
        fan_in=columns,
        line_units=macro.rows * 2 * float(line_energy_units(0, columns / 2, columns / 2, total)),
        toggles=macro.rows * columns / 2,
        bit_line_rises=columns,
    )
    causes = Supply.of(macro, parameters, energy).causes_j(activity, siemens)
    return {name: joules / macro.rows for name, joules in causes.items()}


def _bit_planes(config: ArrayGroup, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bits on the lines of all columns in use, shape (k, K, n), least significant plane first."""
    columns = np.full((len(inputs), config.fan_in), config.input_top, dtype=np.uint8)
    columns[:, : config.inputs] = inputs
    places = np.arange(config.bits_per_input, dtype=np.uint8)
    return (columns >> places[:, np.newaxis, np.newaxis] & 1).astype(np.uint8)


def _line_units(drawn: DrawnLayer, planes: NDArray[np.uint8]) -> float:
    """What the capacitive lines draw for the mean image, in C VDD^2, without mismatch."""
    config = drawn.config
    total = line_units(drawn.condition.neuron, config.line_columns, config.bank_bits)
    plus = _columns_at_plus(drawn.weights, planes)
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


def _bit_line_rises(config: ArrayGroup, changes: NDArray[np.float64]) -> float:
    """Bit lines that rise in all macros for one image."""
    within, back = float(changes[:-1].sum()), float(changes[-1].sum())
    rows = config.rows_used
    return config.macros * (config.fan_in + rows * within + (rows - 1) * back)


def _columns_at_plus(weights: NDArray[np.int8], planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """m of each plane, image and neuron, shape (k, K, M)."""
    sums = (2 * planes.astype(np.float32) - 1) @ weights.astype(np.float32).T
    return (weights.shape[1] + np.rint(sums).astype(np.int64)) // 2
