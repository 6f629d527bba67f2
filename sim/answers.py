"""What arrays answer: a layer's for an image at once, or one array from its pins, noted down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..behav.chip.layer import LayerChip
from ..behav.pins.evaluation import ArrayModel
from ..bits import bits_of_word
from ..hdl.config import Readout
from ..hdl.config.pins import ArrayPins
from .outcome import Outcome


@dataclass(frozen=True, eq=False)
class LayerAnswer:
    """What a layer's comparators say about one image."""

    positive: NDArray[np.bool_]
    """(M, trials), in the order of the trials."""
    resolved: NDArray[np.bool_]
    """(M, trials)."""
    answer: NDArray[np.uint16]
    """(M,): bits or codes."""


def answer_layer(chip: LayerChip, bits: NDArray[np.uint8], image: int) -> LayerAnswer:
    """All decisions of a layer for the inputs on its bit lines, bias columns included."""
    config = chip.config
    signs = bits.astype(np.float32)
    signs += signs
    signs -= config.input_top
    if config.readout is Readout.COUNT:
        codes, decisions = chip.counts(signs, image)
        return LayerAnswer(decisions > 0, decisions != 0, codes)
    positive, decisions = chip.votes(signs, image)
    return LayerAnswer(decisions > 0, decisions != 0, positive.astype(np.uint16))


class ArrayAdapter:
    """Answers from the pins of one array alone, and keeps a record of what it saw and said.

    Parameters
    ----------
    chip : LayerChip
        The array's layer.
    layer, macro : int
        Numbers of the layer in its network and of the array in its layer.
    outcome : Outcome
        Filled in: the inputs (by array 0) and answers of the layer.
    """

    def __init__(self, chip: LayerChip, layer: int, macro: int, outcome: Outcome):
        self._config = chip.config
        self._model = ArrayModel(chip, macro)
        self._neurons = chip.config.neurons_of_macro(macro)
        self._inputs = outcome.inputs[layer] if macro == 0 else None
        self._answers = outcome.answers[layer]
        self._outcome = outcome
        self._strobing = False
        self._trial = 0
        self._positive = 0
        self._plane = 0
        self._was_shared = False

    def observe(self, time_s: float, pins: ArrayPins) -> tuple[int, int]:
        """Pass the pins on to the model; see `ArrayModel.observe`."""
        sense = self._model.observe(time_s, pins)
        if pins.acc_reset:
            self._plane = 0
        if pins.share and not self._was_shared:
            self._record_inputs(pins, self._plane)
            self._plane += 1
        self._was_shared = bool(pins.share)
        if pins.strobe and not self._strobing:
            self._record(pins, sense)
        if not pins.evaluate:
            self._trial = 0
        self._strobing = bool(pins.strobe)
        return sense

    def _record(self, pins: ArrayPins, sense: tuple[int, int]) -> None:
        row, image = self._model.row, self._model.evaluation
        if 0 <= row < len(self._neurons) and image < len(self._answers):
            self._answers[image, self._neurons[row]] |= self._answer(sense[0])
            self._outcome.unanswered += sense == (0, 0)
            if self._config.bits_per_input == 1:
                self._record_inputs(pins, 0)
        self._trial += 1

    def _record_inputs(self, pins: ArrayPins, plane: int) -> None:
        row, image = self._model.row, self._model.evaluation
        if row == 0 and self._inputs is not None and image < len(self._answers):
            bits = bits_of_word(pins.bl, self._config.inputs)
            self._inputs[image] |= bits << np.uint8(plane)

    def _answer(self, positive: int) -> int:
        """What a strobe adds to the row's answer: a bit of the code, or with the last the sign."""
        config = self._config
        if config.readout is Readout.COUNT:
            return positive << config.trials - 1 - self._trial
        self._positive = positive + (self._positive if self._trial else 0)
        return int(self._trial == config.trials - 1 and 2 * self._positive > config.trials)


def array_adapters(
    chips: Sequence[LayerChip], outcome: Outcome
) -> Iterator[tuple[str, ArrayAdapter, LayerChip]]:
    """Each array of a chip: what its pins' names begin with, its answers, and its layer."""
    for layer, chip in enumerate(chips):
        for number, macro in enumerate(chip.config.macro_names):
            yield f"{chip.config.name}_{macro}", ArrayAdapter(chip, layer, number, outcome), chip
