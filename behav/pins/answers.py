"""What the comparator of a macro says, strobe by strobe."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...bits import bits_of_word
from ..chip.layer import LayerChip

Sense = tuple[int, int]
"""sense_p and sense_n: (1, 0) for +1, (0, 1) for -1, (0, 0) if unresolved."""


class Strobe(NamedTuple):
    """What the comparator's answers for the rows of a macro depend on."""

    planes: tuple[tuple[int, int], ...]
    """bl and blb of each bit plane, the first one shared first."""
    evaluation: int
    """Number of the evaluation."""
    trial: int
    """Number of the strobe since evaluate rose."""
    dac_p: int
    dac_n: int


class MacroAnswers:
    """The answers of one macro, computed for all its rows together and kept for the next ones.

    Parameters
    ----------
    layer_chip : LayerChip
    macro : int
        Number of the macro in the layer.
    """

    def __init__(self, layer_chip: LayerChip, macro: int) -> None:
        self._chip = layer_chip
        self._macro = macro
        neurons = layer_chip.config.neurons_of_macro(macro)
        self._neurons = slice(neurons.start, neurons.stop)
        self._scores_of: tuple[tuple[int, int], ...] | None = None
        self._scores: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._answers_of: Strobe | None = None
        self._answers: list[int] = []

    def of_row(self, row: int, strobe: Strobe) -> Sense:
        """The answer for a row."""
        if strobe != self._answers_of:
            self._answers = self._decide(strobe)
            self._answers_of = strobe
        return _sense(self._answers[row])

    def undriven(self, strobe: Strobe) -> Sense:
        """The answer with no bit line driven."""
        answers = self._chip.decide_undriven(*strobe[1:])
        return _sense(int(answers[self._macro]))

    def _decide(self, strobe: Strobe) -> list[int]:
        if self._scores_of != strobe.planes:
            columns = self._chip.config.fan_in
            inputs = np.zeros(columns, dtype=np.int16)
            for plane, (bl, blb) in enumerate(strobe.planes):
                signs = bits_of_word(bl, columns).astype(np.int8) - bits_of_word(blb, columns)
                inputs += signs.astype(np.int16) << plane
            self._scores = self._chip.scores_seen(inputs, self._neurons)
            self._scores_of = strobe.planes
        codes = (strobe.dac_p, strobe.dac_n)
        return self._chip.decide(
            self._scores, strobe.evaluation, strobe.trial, codes, self._neurons
        ).tolist()


def _sense(answer: int) -> Sense:
    return int(answer > 0), int(answer < 0)
