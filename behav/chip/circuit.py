"""The analog parts of one macro of a chip: what hangs on its word lines and capacitive lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...hdl.config import ArrayGroup
from ..cell.bridge import draw_thresholds_v
from ..cell.devices import draw_resistances_ohm
from ..neuron.capacitors import draw_capacitor_units, injected_difference_v
from ..parameters.bridge import BridgeParameters
from ..parameters.chip import ChipParameters
from ..parameters.neuron import NeuronParameters


@dataclass(frozen=True, kw_only=True, eq=False)
class MacroCircuit:
    """One macro as drawn; columns are the n in use. Axis of 2: line P, line N."""

    bridge: BridgeParameters
    top_ohm: NDArray[np.float64]
    """Shape (rows, n): device to BL, infinite if open."""
    bottom_ohm: NDArray[np.float64]
    """Shape (rows, n): device to BLb."""
    threshold_v: NDArray[np.float64]
    """Shape (n,): switching threshold of the inverter on SL."""
    plate_v: NDArray[np.float64]
    """Shape (2, n): what a column's plate adds to its line as it rises, VDD C_i / T."""
    bank_v: NDArray[np.float64]
    """Shape (2, K): likewise for bit k of the read-out bank's code."""
    injected_v: NDArray[np.float64]
    """Shape (2,): what the precharge switches leave on a line as they open."""
    latched: bool
    """Whether latches hold the products from evaluate's rise on."""
    precharge_tau_s: float
    """Time constant of a line through its precharge switch; 0 if it has none."""

    @property
    def rows(self) -> int:
        """Rows in use."""
        return len(self.top_ohm)

    @property
    def columns(self) -> int:
        """Columns in use, n."""
        return len(self.threshold_v)


def draw_macros(
    config: ArrayGroup,
    weights: NDArray[np.int8],
    parameters: ChipParameters,
    chip: int | None,
    layer: int,
    macros: Sequence[int],
) -> list[MacroCircuit]:
    """Macros of a layer, with every device and capacitor as `chip.sample_layer` draws it.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        Of the layer: +1 or -1, bias columns included.
    chip : int or None
        None: the ideal chip, whose cells are exact whatever the condition. One device of each
        conducts and the other is open, so that SL goes to a rail, at once.
    layer : int
        Number of the layer in its network.
    macros : sequence of int
        Numbers of the wanted macros in the layer.
    """
    if chip is None:
        parameters = parameters.without_variation()
        low_ohm = parameters.devices.lrs_median_ohm
        top, bottom = (np.where(weights == sign, low_ohm, math.inf) for sign in (1, -1))
    else:
        top, bottom = draw_resistances_ohm(config, weights, parameters.devices, chip, layer)
    keys = (chip or 0, layer)
    thresholds_v = draw_thresholds_v(config, parameters.bridge, *keys)
    circuits = []
    for macro in macros:
        neurons = config.neurons_of_macro(macro)
        of_macro = slice(neurons.start, neurons.stop)
        plate_v, bank_v = _draw_lines_v(config, parameters, *keys, macro)
        circuits.append(
            MacroCircuit(
                bridge=parameters.bridge,
                # Copies: a view would hold on to the whole layer.
                top_ohm=top[of_macro].copy(),
                bottom_ohm=bottom[of_macro].copy(),
                threshold_v=thresholds_v[macro],
                plate_v=plate_v,
                bank_v=bank_v,
                injected_v=_injected_v(parameters.neuron),
                latched=config.macro.pipelined,
                precharge_tau_s=parameters.neuron.precharge_tau_s,
            )
        )
    return circuits


def _draw_lines_v(
    config: ArrayGroup, parameters: ChipParameters, chip: int, layer: int, macro: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the plates of the columns (2, n) and of the bank (2, K) add to lines P and N, V."""
    neuron = parameters.neuron
    plate_v, bank_v = [], []
    for line in (0, 1):
        columns, bank = draw_capacitor_units(config, neuron, chip, layer, macro, line)
        total = columns.sum() + bank.sum() + config.line_columns * neuron.parasitic_fraction
        unit_v = parameters.bridge.vdd_v / total
        plate_v.append(unit_v * columns[: config.fan_in])
        bank_v.append(unit_v * bank)
    return np.stack(plate_v), np.stack(bank_v)


def _injected_v(neuron: NeuronParameters) -> NDArray[np.float64]:
    return neuron.injection_common_v + injected_difference_v(neuron) * np.array([0.5, -0.5])
