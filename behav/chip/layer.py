"""One layer of one chip: its decisions, read-out by read-out, vectorised over evaluations."""

import copy
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...hdl.config import ArrayGroup
from ...hdl.config.laws import bank_codes, search_trim, successive_approximation
from ..draws import LayerKey
from ..neuron.comparator import ALL_NEURONS, LayerComparator
from ..parameters.chip import ChipParameters
from .drawn import DrawnLayer, draw_layer
from .scores import LayerScores


class Calibration(NamedTuple):
    """The trims of a layer, and the decisions that they come from."""

    trims: NDArray[np.int64]
    """(macros,), score units: the offset, which a score has to exceed, rounded towards 0."""
    decisions: NDArray[np.int8]
    """(steps, strobes, macros): the comparators' answers, +1, -1, or 0 if unresolved."""


class LayerChip(LayerScores):
    """The physics of one layer: its scores, and what its comparators make of them.

    Parameters
    ----------
    drawn : DrawnLayer

    Attributes
    ----------
    trims : ndarray of int64, shape (macros,)
        In force, score units; 0 unless it is `calibrated` or `trimmed`.

    Raises
    ------
    InputError
        The sums of a row would not be exact in float32.
    """

    def __init__(self, drawn: DrawnLayer) -> None:
        super().__init__(drawn)
        self.comparator = LayerComparator(
            drawn.config, drawn.parameters, drawn.key, drawn.offsets_v
        )
        self._undriven = self.comparator.undriven()
        self.trims = np.zeros(drawn.config.macros, dtype=np.int64)

    def decide(
        self,
        scores: NDArray[np.floating],
        evaluations: ArrayLike,
        trial: int = 0,
        codes: tuple[ArrayLike, ArrayLike] = (0, 0),
        neurons: slice = ALL_NEURONS,
    ) -> NDArray[np.int8]:
        """One strobe of the comparators, with the read-out bank driven.

        Parameters
        ----------
        scores : ndarray of float, shape (..., M)
            From `scores_seen`.
        evaluations : int or array_like of int, shape (...)
            Evaluation numbers, keys of the noise.
        trial : int
            Number of the strobe since evaluate rose, from 0.
        codes : pair of int or array_like of int64, shape (..., M)
            dac_p and dac_n, on the bottom plates of the bank.
        neurons : slice
            The neurons that `scores` is for, if not all.

        Returns
        -------
        ndarray of int8, shape (..., M)
            +1 or -1; 0 where the comparator stays unresolved.
        """
        # A sign's strobe, the commonest, leaves the bank alone.
        if not all(isinstance(code, int) and code == 0 for code in codes):
            scores = scores + self.bank_scores(self.macros[neurons], *codes)
        return self.comparator.decide(scores, evaluations, trial, neurons)

    def decide_undriven(
        self, evaluation: int, strobe: int, dac_p: ArrayLike, dac_n: ArrayLike
    ) -> NDArray[np.int8]:
        """One strobe of each macro's comparator with no bit line driven: the bank's score alone.

        Parameters
        ----------
        evaluation : int
            Number of the evaluation among such ones, key of the noise.
        strobe : int
            Number of the strobe since evaluate rose, from 0.
        dac_p, dac_n : int or array_like of int, shape (macros,)
            Codes on the bottom plates of the bank.

        Returns
        -------
        ndarray of int8, shape (macros,)
            As in `decide`.
        """
        scores = self.bank_scores(np.arange(self.config.macros), dac_p, dac_n)
        return self._undriven.decide(scores.astype(np.float32), evaluation, strobe)

    def calibration(self) -> Calibration:
        """The first calibration since reset, as the hardware runs it."""
        strobes = self.config.macro.trim_strobes
        decisions: list[NDArray[np.int8]] = []

        def majority(dac_p: ArrayLike, dac_n: ArrayLike) -> NDArray[np.bool_]:
            step = len(decisions)
            answers = [self.decide_undriven(step, k, dac_p, dac_n) for k in range(strobes)]
            decisions.append(np.stack(answers))
            return 2 * np.count_nonzero(decisions[-1] > 0, axis=0) > strobes

        trims = search_trim(self.config.trim_bits_in_use, majority)
        return Calibration(trims, np.stack(decisions))

    def calibrated(self) -> Self:
        """This layer with the trims of `calibration`; as it is where it has no trim."""
        return self.trimmed(self.calibration().trims) if self.config.trim_bits_in_use else self

    def trimmed(self, trims: ArrayLike) -> Self:
        """This layer with given trims, shape (macros,), in force."""
        layer = copy.copy(self)
        layer.trims = np.asarray(trims, dtype=np.int64)
        return layer

    def neuron_trims(self) -> NDArray[np.int64]:
        """The trim of each neuron's macro, shape (M,)."""
        return self.trims[self.macros]

    def _held_codes(self) -> tuple[ArrayLike, ArrayLike]:
        """What a SIGN row has on its bank, per neuron; 0 without trims in force."""
        if not self.trims.any():
            return 0, 0
        return bank_codes(self.neuron_trims(), self.config.trim_bits_in_use)

    def signs(self, inputs: ArrayLike, evaluations: ArrayLike) -> NDArray[np.bool_]:
        """The neurons' bits: what most of their strobes say.

        Parameters
        ----------
        inputs : array_like, shape (..., n)
            As in `scores_seen`.
        evaluations : int or array_like of int, shape (...)
            Evaluation numbers, keys of the noise.

        Returns
        -------
        ndarray of bool, shape (..., M)
            True for +1.
        """
        if self.config.trials == 1:
            scores = self.scores_seen(inputs)
            return self.decide(scores, evaluations, 0, self._held_codes()) > 0
        return self.votes(inputs, evaluations)[0]

    def votes(
        self, inputs: ArrayLike, evaluations: ArrayLike
    ) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        """The neurons' bits, and every strobe that they are the majority of.

        Strobes of a row see the same charge, each with noise of its own; one that stays unresolved
        votes for -1.

        Parameters
        ----------
        inputs, evaluations
            As in `signs`.

        Returns
        -------
        bits : ndarray of bool, shape (..., M)
        decisions : ndarray of int8, shape (..., M, trials)
            The comparator's answers in the order of the strobes, as `decide` gives them.
        """
        scores, held = self.scores_seen(inputs), self._held_codes()
        trials = range(self.config.trials)
        decisions = np.stack(
            [self.decide(scores, evaluations, trial, held) for trial in trials], axis=-1
        )
        return 2 * np.count_nonzero(decisions > 0, axis=-1) > len(trials), decisions

    def counts(
        self, inputs: ArrayLike, evaluations: ArrayLike
    ) -> tuple[NDArray[np.uint16], NDArray[np.int8]]:
        """Successive approximation of the score, as the hardware runs it.

        Parameters
        ----------
        inputs, evaluations
            As in `signs`.

        Returns
        -------
        codes : ndarray of uint16, shape (..., M)
            v, no trim taken off; the score is 2v + 1 - 2^K (`laws.score_of_code`).
        decisions : ndarray of int8, shape (..., M, K)
            The comparator's answers in the order of the trials, as `decide` gives them.
        """
        scores = self.scores_seen(inputs)
        decisions: list[NDArray[np.int8]] = []

        def compare(dac_p: ArrayLike, dac_n: ArrayLike) -> NDArray[np.bool_]:
            decisions.append(self.decide(scores, evaluations, len(decisions), (dac_p, dac_n)))
            return decisions[-1] > 0

        codes = successive_approximation(self.config.count_bits, compare)
        return codes.astype(np.uint16), np.stack(decisions, axis=-1)


def sample_layer(
    config: ArrayGroup, weights: ArrayLike, condition: ChipParameters, key: LayerKey
) -> LayerChip:
    """Draw one layer of a chip and make its physics; parameters as for `draw_layer`."""
    return LayerChip(draw_layer(config, weights, condition, key))
