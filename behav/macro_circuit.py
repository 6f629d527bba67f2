"""The analog parts of one macro of a chip: what hangs on its word lines and capacitive lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..hdl.config import LayerConfig
from .bridge import draw_thresholds_v
from .devices import draw_resistances_ohm
from .neuron import draw_capacitor_units, injected_difference_v
from .params import BridgeParameters, ChipParameters


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


def draw_macro(
    config: LayerConfig,
    weights: NDArray[np.int8],
    parameters: ChipParameters,
    chip: int | None,
    layer: int,
    macro: int,
) -> MacroCircuit:
    """A macro of a layer, with every device and capacitor as `chip.sample_layer` draws it.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        Of the layer: +1 or -1, bias columns included.
    chip : int or None
        None: the ideal chip, whose cells are exact whatever the condition. One device of each
        conducts and the other is open, so that SL goes to a rail, at once.
    layer, macro : int
        Numbers of the layer in its network and of the macro in its layer.
    """
    neurons = config.neurons_of_macro(macro)
    of_macro = slice(neurons.start, neurons.stop)
    if chip is None:
        parameters = parameters.without_variation()
        low_ohm = parameters.devices.lrs_median_ohm
        top, bottom = (np.where(weights == sign, low_ohm, math.inf) for sign in (1, -1))
    else:
        top, bottom = draw_resistances_ohm(config, weights, parameters.devices, chip, layer)
    neuron, bridge = parameters.neuron, parameters.bridge
    lines = [draw_capacitor_units(config, neuron, chip or 0, layer, macro, line) for line in (0, 1)]
    parasitic_units = config.macro.columns * neuron.parasitic_fraction
    unit_v = [
        bridge.vdd_v / (columns.sum() + bank.sum() + parasitic_units) for columns, bank in lines
    ]
    difference_v = injected_difference_v(neuron) * np.array([0.5, -0.5])
    return MacroCircuit(
        bridge=bridge,
        top_ohm=top[of_macro],
        bottom_ohm=bottom[of_macro],
        threshold_v=draw_thresholds_v(config, bridge, chip or 0, layer)[macro],
        plate_v=np.stack(
            [v * columns[: config.fan_in] for v, (columns, _) in zip(unit_v, lines, strict=True)]
        ),
        bank_v=np.stack([v * bank for v, (_, bank) in zip(unit_v, lines, strict=True)]),
        injected_v=neuron.injection_common_v + difference_v,
        precharge_tau_s=neuron.precharge_tau_s,
    )
