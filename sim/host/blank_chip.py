"""A layer programmed from blank: the programmer's model and the cells' physics, without pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.cells import MacroCells, programmed_cells
from ...behav.chip.drawn import DrawnLayer, draw_layer
from ...behav.chip.layer import LayerChip
from ...behav.draws import LayerKey
from ...behav.parameters.chip import ChipParameters
from ...bits import bits_of_bus, word_of_bits
from ...errors import InputError
from ...hdl.config import LayerConfig
from ...hdl.programming.model import ProgrammedRow, ProgrammingModel, Pulse
from ..job import Job


class PulsedCells:
    """The cells of a macro, pulsed and read as `programming_model.CellRow` asks.

    Parameters
    ----------
    cells : MacroCells
        Changed in place.
    """

    def __init__(self, cells: MacroCells) -> None:
        self.cells = cells
        self._programming = cells.config.macro.programming
        self._period_s = cells.config.macro.timing.clock_period_s
        self._for_minus = 0

    def pulse(self, pulse: Pulse) -> None:
        columns = bits_of_bus(pulse.mask, self.cells.config.fan_in).astype(np.bool_)
        width_s = self._programming.width_cycles(pulse.operation) * self._period_s
        self.cells.pulse(pulse.line, pulse.operation, pulse.device, pulse.level, columns, width_s)

    def read(self, line: int, positive: bool) -> int:
        """The programmer reads +1 first, then -1: the second answer is kept from the first."""
        if positive:
            settle_s = self._programming.verify_settle_cycles * self._period_s
            for_plus, for_minus = self.cells.read(line, settle_s)
            self._for_minus = word_of_bits(for_minus)
            return word_of_bits(for_plus)
        return self._for_minus


@dataclass(frozen=True, kw_only=True)
class ProgrammedLayer:
    """A layer after programming."""

    config: LayerConfig
    weights: NDArray[np.int8]
    """Shape (M, n): what was asked for."""
    parameters: ChipParameters
    chip: int
    layer: int
    macros: tuple[MacroCells, ...]
    rows: tuple[ProgrammedRow, ...]
    """Per neuron, what programming its row came to."""

    @property
    def word_lines(self) -> NDArray[np.int_]:
        """The word line that holds each neuron, shape (M,)."""
        return np.array([row.line for row in self.rows])

    def layer_chip(self, noise_seed: int) -> LayerChip:
        """The layer's physics on exactly these cells, for inference."""
        cells = programmed_cells(self.config, self.macros, self.word_lines)
        key = LayerKey(self.chip, self.layer, noise_seed)
        return LayerChip(draw_layer(self.config, self.weights, self.parameters, key, cells))


class BlankChip:
    """All cells of a network before programming, and the layers that they make after it.

    Parameters
    ----------
    job : Job
        Its chip has a number.
    """

    def __init__(self, job: Job) -> None:
        if job.chip is None:
            raise InputError(
                "chip: found ideal, expected a number to program: an ideal chip has no devices"
            )
        self.job = job
        self.macros = [
            [
                MacroCells(layer, macro, job.parameters, job.key(index))
                for macro in range(layer.macros)
            ]
            for index, layer in enumerate(job.config.layers)
        ]

    def drawn_layers(self, word_lines: Sequence[Sequence[int]]) -> list[DrawnLayer]:
        """The layers on exactly these cells.

        Parameters
        ----------
        word_lines : sequence of sequence of int
            Per layer and neuron, the word line that holds it.
        """
        job = self.job
        layers = zip(job.config.layers, job.weights, self.macros, word_lines, strict=True)
        return [
            draw_layer(
                layer, weights, job.parameters, job.key(index),
                programmed_cells(layer, macros, np.array(lines)),
            )
            for index, (layer, weights, macros, lines) in enumerate(layers)
        ]  # fmt: skip

    def layer_chips(self, word_lines: Sequence[Sequence[int]]) -> list[LayerChip]:
        """The physics of `drawn_layers`, for inference; calibrated if the job is."""
        chips = [LayerChip(drawn) for drawn in self.drawn_layers(word_lines)]
        return [chip.calibrated() for chip in chips] if self.job.calibrate else chips


def program_layer(
    config: LayerConfig,
    weights: NDArray[np.int8],
    parameters: ChipParameters,
    chip: int,
    layer: int,
) -> ProgrammedLayer:
    """Program a blank layer, neuron by neuron in order.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        +1 or -1, bias columns included.
    parameters : ChipParameters
        The condition.
    chip, layer : int
        Keys of every draw.
    """
    macros = tuple(
        MacroCells(config, macro, parameters, LayerKey(chip, layer))
        for macro in range(config.macros)
    )
    programmer = ProgrammingModel(config)
    pulsed = [PulsedCells(cells) for cells in macros]
    rows = tuple(
        programmer.program(macro, row, word_of_bits(weights[neuron] > 0), True, pulsed[macro])
        for neuron, (macro, row) in enumerate(
            divmod(neuron, config.rows_used) for neuron in range(config.neurons)
        )
    )
    return ProgrammedLayer(
        config=config,
        weights=weights,
        parameters=parameters,
        chip=chip,
        layer=layer,
        macros=macros,
        rows=rows,
    )
