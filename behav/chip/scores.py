"""A layer of a chip as matrices: from inputs to the scores on its capacitive lines."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...hdl.config import ArrayGroup
from ..cell.settling import ScanOutcome
from ..neuron.capacitors import LineWeights, carry_residual, layer_residual, score_limit
from ..neuron.comparator import ALL_NEURONS
from .drawn import DrawnLayer


class LayerScores:
    """The scores of a drawn layer, vectorised over neurons and evaluations.

    Parameters
    ----------
    drawn : DrawnLayer

    Attributes
    ----------
    word_lines : ndarray of int, shape (M,)
        Word line that holds each neuron in its macro.
    bit_error_rate : float
        Fraction of (cell, input) whose product bit is wrong.
    slowest_settling_s : float
        Time that the slowest SL needs, from the opposite rail, to cross its inverter's threshold,
        over all cells that settle to the right bit and both inputs; 0 if SLs have no capacitance.
    residual : float
        Part of a row's score that precharge leaves to the next row; see `layer_residual`.
    gain, base : ndarray of float32, shape (M, n)
        A driven column adds base + gain * input to the score seen.

    Raises
    ------
    InputError
        The sums of a row would not be exact in float32.
    """

    def __init__(self, drawn: DrawnLayer) -> None:
        self.drawn = drawn
        self.config = config = drawn.config
        capacitors = drawn.parameters.neuron
        products = drawn.products()
        positive = drawn.weights > 0
        self.bit_error_rate = float(
            (np.mean(products.for_plus != positive) + np.mean(products.for_minus == positive)) / 2
        )
        self.slowest_settling_s = products.slowest_settling_s
        self.word_lines = drawn.cells.word_lines
        self.residual = layer_residual(config, capacitors)
        self.macros = np.arange(config.neurons) // config.rows_used
        lines = [line.weights(config, capacitors) for line in drawn.lines]
        self._bank_p = np.stack([line.bank_p for line in lines])
        self._bank_n = np.stack([line.bank_n for line in lines])
        self.gain, self.base = _gain_and_base(products, lines, self.macros)
        self._base_of_all = self.base.sum(axis=1, dtype=np.float64).astype(np.float32)
        _check_exact(config, self.gain, self.base)

    def scores_seen(self, inputs: ArrayLike, neurons: slice = ALL_NEURONS) -> NDArray[np.float32]:
        """Scores as they stand on the lines after evaluate, with capacitor mismatch.

        The sums are exact: the result does not depend on their order, nor on whether evaluations
        come one by one or in a batch.

        Parameters
        ----------
        inputs : array_like, shape (..., n)
            +1 or -1; 0 for a column that is not driven. With k bits per input the odd integers from
            -(2^k - 1) to 2^k - 1.
        neurons : slice
            Neurons to answer for, if not all.

        Returns
        -------
        ndarray of float32, shape (..., M)
            Score units; with k bits per input ideally sum(w x) / 2^k.

        Raises
        ------
        InputError
            The last axis of `inputs` is not n long.
        """
        signs = np.asarray(inputs, dtype=np.float32)
        if signs.ndim == 0 or signs.shape[-1] != self.config.fan_in:
            raise InputError(
                f"inputs: found shape {signs.shape}, expected (..., {self.config.fan_in})"
            )
        if self.config.bits_per_input > 1:
            return self._accumulated(signs, neurons)
        scores = self._plane_scores(signs, neurons)
        return carry_residual(scores, self.config.rows_used, self.residual)

    def bank_scores(
        self, macros: NDArray[np.int_], dac_p: ArrayLike, dac_n: ArrayLike
    ) -> NDArray[np.floating]:
        """What the banks of some macros add to their scores, driven with one code each."""
        codes_p, codes_n = np.asarray(dac_p, np.int64), np.asarray(dac_n, np.int64)
        return np.subtract(self._bank_p[macros, codes_p], self._bank_n[macros, codes_n])

    def _plane_scores(self, signs: NDArray[np.float32], neurons: slice) -> NDArray[np.float32]:
        scores = _row_sums(self.gain[neurons], signs)
        if np.count_nonzero(signs) == signs.size:
            scores += self._base_of_all[neurons]
        else:
            scores += _row_sums(self.base[neurons], np.abs(signs))
        return scores

    def _accumulated(self, inputs: NDArray[np.float32], neurons: slice) -> NDArray[np.float32]:
        """Scores on the holding capacitors after all bit planes, least significant first.

        Each share keeps a part a of what is held and adds 1 - a of what is on the lines [P, D].
        """
        planes = self.config.bits_per_input
        levels = ((inputs + self.config.input_top) / 2).astype(np.uint8)
        seen = np.stack(
            [
                self._plane_scores(2 * (levels >> plane & 1).astype(np.float32) - 1, neurons)
                for plane in range(planes)
            ],
            axis=-1,
        )
        if self.residual:
            # A plane finds what the one before it left: the planes of a row are rows of their own.
            rows = self.config.rows_used * planes
            shape = (*seen.shape[:-2], -1)
            seen = carry_residual(seen.reshape(shape), rows, self.residual).reshape(seen.shape)
        kept = self.drawn.kept[self.macros[neurons]]
        held = np.zeros(seen.shape[:-1], dtype=np.float32)
        for plane in range(planes):
            held = kept * held + (1 - kept) * seen[..., plane]
        return held


def _row_sums(matrix: NDArray[np.float32], signs: NDArray[np.float32]) -> NDArray[np.float32]:
    if signs.ndim == 1:
        # Not a matrix product: BLAS would wake its threads for a fifth of a millisecond's work,
        # and stall for milliseconds when the other processors are busy.
        return np.vecdot(matrix, signs)
    return signs @ matrix.T


def _gain_and_base(
    products: ScanOutcome, lines: list[LineWeights], macros: NDArray[np.int_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A driven column adds base + gain * input; both (M, n) and multiples of the weight step."""
    gains = np.stack([line.gain for line in lines]).astype(np.float32)[macros]
    offsets = np.stack([line.offset for line in lines]).astype(np.float32)[macros]
    plus, minus = products.for_plus.astype(np.int8), products.for_minus.astype(np.int8)
    return (plus - minus) * gains, offsets + (plus + minus - 1) * gains


def _check_exact(config: ArrayGroup, gain: NDArray[np.float32], base: NDArray[np.float32]) -> None:
    largest = float((np.abs(gain).sum(axis=1) + np.abs(base.sum(axis=1))).max())
    limit = score_limit(config.fan_in)
    if largest >= limit:
        raise InputError(
            f"{config.name}: found scores up to {largest:.1f} on {config.fan_in} columns, expected "
            f"below {limit:g}, where float32 sums are exact"
        )
