"""One layer of one chip as drawn: what everything that looks at a chip reads."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...hdl.config import ArrayGroup
from ..cell.bridge import draw_thresholds_v
from ..cell.devices import LayerCells, draw_cells, ideal_cells
from ..cell.settling import ScanOutcome, scan_products
from ..draws import LayerKey
from ..neuron.capacitors import MacroLines, draw_kept_parts, draw_lines
from ..neuron.comparator import draw_offsets_v
from ..parameters.chip import ChipParameters
from .circuit import MacroCircuit


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnLayer:
    """Every device, threshold, capacitor and offset of a layer of a chip; from `draw_layer`."""

    config: ArrayGroup
    weights: NDArray[np.int8]
    """Shape (M, n): +1 or -1, as asked for, bias columns included."""
    condition: ChipParameters
    """As given; `parameters` are those that hold."""
    key: LayerKey
    cells: LayerCells
    """Devices as drawn or as programmed, drift included, and where each neuron is."""
    thresholds_v: NDArray[np.float64]
    """Shape (macros, n): of the inverters, V."""
    lines: tuple[MacroLines, ...]
    """Per macro."""
    offsets_v: NDArray[np.float64]
    """Shape (macros,): of the comparators, V."""
    kept: NDArray[np.float32]
    """Shape (macros,): part of a holding capacitor's charge that a share keeps."""

    @property
    def ideal(self) -> bool:
        """Whether the chip is the ideal one."""
        return self.key.chip is None

    @functools.cached_property
    def parameters(self) -> ChipParameters:
        """The condition that holds: without variation on the ideal chip."""
        return self.condition.without_variation() if self.ideal else self.condition

    def products(self) -> ScanOutcome:
        """Product bits of every cell, as the first strobe finds them in a scan."""
        return scan_products(
            self.config, self.weights, self.cells, self.thresholds_v, self.parameters.bridge
        )

    def circuit(self, macro: int) -> MacroCircuit:
        """One macro as a circuit."""
        neurons = self.config.neurons_of_macro(macro)
        top_ohm, bottom_ohm, word_lines = self.cells
        of_macro = slice(neurons.start, neurons.stop)
        return MacroCircuit(
            bridge=self.parameters.bridge,
            neuron=self.parameters.neuron,
            top_ohm=top_ohm[of_macro],
            bottom_ohm=bottom_ohm[of_macro],
            word_lines=word_lines[of_macro],
            threshold_v=self.thresholds_v[macro],
            lines=self.lines[macro],
            latched=self.config.macro.pipelined,
        )


def draw_layer(
    config: ArrayGroup,
    weights: ArrayLike,
    condition: ChipParameters,
    key: LayerKey,
    cells: LayerCells | None = None,
) -> DrawnLayer:
    """Draw one layer of a chip.

    Parameters
    ----------
    weights : array_like of int8, shape (M, n)
        +1 or -1, bias columns included.
    key : LayerKey
        Without a chip: the ideal chip, which has neither variation nor noise and whose cells are
        exact whatever the condition.
    cells : LayerCells, optional
        Those that were programmed pulse by pulse, of a chip with a number; drawn without it. All
        else is the same with it and without.

    Raises
    ------
    InputError
        Weights of another shape or value.
    """
    signs = _checked_weights(config, weights)
    parameters = condition.without_variation() if key.chip is None else condition
    if cells is None:
        cells = (
            ideal_cells(config, signs, parameters.devices)
            if key.chip is None
            else draw_cells(config, signs, parameters.devices, key)
        )
    macros = range(config.macros)
    return DrawnLayer(
        config=config,
        weights=signs,
        condition=condition,
        key=key,
        cells=cells,
        thresholds_v=draw_thresholds_v(config, parameters.bridge, key),
        lines=tuple(draw_lines(config, parameters.neuron, key, macro) for macro in macros),
        offsets_v=draw_offsets_v(config, parameters.comparator, key),
        kept=draw_kept_parts(config, parameters.neuron, key),
    )


def _checked_weights(config: ArrayGroup, weights: ArrayLike) -> NDArray[np.int8]:
    given = np.asarray(weights)
    expected = (config.neurons, config.fan_in)
    if given.shape != expected:
        raise InputError(f"{config.name}: found weights {given.shape}, expected {expected}")
    if not np.isin(given, (-1, 1)).all():
        raise InputError(f"{config.name}: found weights other than +1 and -1")
    return given.astype(np.int8)
