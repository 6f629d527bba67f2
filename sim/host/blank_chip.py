"""A chip of blank cells, and what the programmer's model makes of them, without pins."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.cells import MacroCells, programmed_cells
from ...behav.chip.drawn import DrawnLayer, draw_layer
from ...behav.chip.layer import LayerChip
from ...behav.draws import LayerKey
from ...behav.parameters.chip import ChipParameters
from ...bits import bits_of_word, word_of_bits
from ...errors import InputError
from ...hdl.config import LayerConfig
from ...hdl.programming.model import ProgrammedRow, ProgrammingModel, Pulse
from ..job import Job


class PulsedCells:
    """The cells of a macro, pulsed and read as `programming.model.CellRow` asks.

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
        columns = bits_of_word(pulse.mask, self.cells.config.fan_in).astype(np.bool_)
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


class BlankLayer:
    """A layer whose cells are blank at first.

    Parameters
    ----------
    config : LayerConfig
    parameters : ChipParameters
        The condition.
    key : LayerKey
        Of every draw.

    Attributes
    ----------
    macros : list of MacroCells
        Its cells, which change as they are pulsed.
    """

    def __init__(self, config: LayerConfig, parameters: ChipParameters, key: LayerKey) -> None:
        self.config = config
        self.macros = [MacroCells(config, macro, parameters, key) for macro in range(config.macros)]
        self._parameters = parameters
        self._key = key
        self._model = ProgrammingModel(config)
        self._pulsed = [PulsedCells(cells) for cells in self.macros]
        self._blank = True

    def program(self, positive: NDArray[np.bool_]) -> list[ProgrammedRow]:
        """Program every row as the hardware has to, neuron by neuron in order.

        Parameters
        ----------
        positive : ndarray of bool, shape (M, n)
            Where a weight is +1, bias columns included.
        """
        blank, self._blank = self._blank, False
        return [
            self._model.program(macro, row, word_of_bits(weights), blank, self._pulsed[macro])
            for neuron, weights in enumerate(positive)
            for macro, row in [divmod(neuron, self.config.rows_used)]
        ]

    def drawn(self, weights: NDArray[np.int8], word_lines: Sequence[int]) -> DrawnLayer:
        """The layer on exactly these cells.

        Parameters
        ----------
        weights : ndarray of int8, shape (M, n)
            What was asked for, +1 or -1.
        word_lines : sequence of int
            The word line that holds each neuron.
        """
        cells = programmed_cells(self.config, self.macros, np.array(word_lines))
        return draw_layer(self.config, weights, self._parameters, self._key, cells)

    def layer_chip(self, weights: NDArray[np.int8], word_lines: Sequence[int]) -> LayerChip:
        """The physics of `drawn`, for inference."""
        return LayerChip(self.drawn(weights, word_lines))


class BlankChip:
    """All cells of a job's network before programming, and the layers that they make after it.

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
        self.layers = [
            BlankLayer(layer, job.parameters, job.key(index))
            for index, layer in enumerate(job.config.layers)
        ]

    def drawn_layers(self, word_lines: Sequence[Sequence[int]]) -> list[DrawnLayer]:
        """The layers on exactly these cells.

        Parameters
        ----------
        word_lines : sequence of sequence of int
            Per layer and neuron, the word line that holds it.
        """
        layers = zip(self.layers, self.job.weights, word_lines, strict=True)
        return [layer.drawn(weights, lines) for layer, weights, lines in layers]

    def layer_chips(self, word_lines: Sequence[Sequence[int]]) -> list[LayerChip]:
        """The physics of `drawn_layers`, for inference; calibrated if the job is."""
        return self.job.chips_of(self.drawn_layers(word_lines))
