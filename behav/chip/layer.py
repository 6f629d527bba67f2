"""One layer of one chip: sampled or ideal physics, vectorised over neurons and images."""

from __future__ import annotations

import copy
import functools
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...hdl.config import ArrayGroup
from ..cell.bridge import draw_thresholds_v
from ..cell.devices import ProgrammedCells, draw_resistances_ohm
from ..cell.settling import ScanOutcome, scan_products
from ..neuron.calibration import Calibration, bank_codes, search_trims
from ..neuron.capacitors import (
    LineWeights,
    carry_residual,
    draw_kept_parts,
    draw_line_weights,
    held_noise_v,
    injected_difference_v,
    layer_residual,
    layer_volts_per_score,
    score_limit,
)
from ..neuron.comparator import ALL_NEURONS, LayerComparator, draw_offsets_v
from ..parameters.chip import ChipParameters


class LayerChip:
    """The physics of one layer; made by `sample_layer`.

    Parameters
    ----------
    config : ArrayGroup
    weights : ndarray of int8, shape (M, n)
        As programmed.
    products : ScanOutcome
        Product bit of each cell for input +1 and for input -1, as the first strobe finds it.
    lines : list of LineWeights
        One per macro.
    comparator : LayerComparator
    residual : float
        Part of a row's score that precharge leaves to the next row; see `neuron.layer_residual`.
    kept : ndarray of float32, shape (macros,)
        Part of a holding capacitor's charge that a share keeps; 1/2 without it.
    word_lines : ndarray of int, shape (M,), optional
        Word line that holds each neuron in its macro, if not its row.

    Attributes
    ----------
    bit_error_rate : float
        Fraction of (cell, input) whose product bit is wrong.
    slowest_settling_s : float
        Time that the slowest SL needs, from the opposite rail, to cross its inverter's threshold,
        over all cells that settle to the right bit and both inputs; 0 if SLs have no capacitance.
    trims : ndarray of int64, shape (macros,)
        In force, score units; 0 unless it is `calibrated` or `trimmed`.
    gain, base : ndarray of float32, shape (M, n)
        A driven column adds base + gain * input to the score seen.

    Raises
    ------
    InputError
        The sums of a row would not be exact in float32.
    """

    def __init__(
        self,
        config: ArrayGroup,
        weights: NDArray[np.int8],
        products: ScanOutcome,
        lines: list[LineWeights],
        comparator: LayerComparator,
        residual: float = 0.0,
        kept: NDArray[np.float32] | None = None,
        word_lines: NDArray[np.int_] | None = None,
    ) -> None:
        self.config = config
        self.comparator = comparator
        self.residual = residual
        self._kept = np.full(config.macros, 0.5, np.float32) if kept is None else kept
        for_plus, for_minus, self.slowest_settling_s = products
        positive = weights > 0
        self.bit_error_rate = float(
            (np.mean(for_plus != positive) + np.mean(for_minus == positive)) / 2
        )
        neurons = np.arange(config.neurons)
        self._macros = neurons // config.rows_used
        self.word_lines = neurons % config.rows_used if word_lines is None else word_lines
        self.trims = np.zeros(config.macros, dtype=np.int64)
        self._undriven = comparator.undriven()
        self._bank_p = np.stack([line.bank_p for line in lines])
        self._bank_n = np.stack([line.bank_n for line in lines])
        self.gain, self.base = _gain_and_base(for_plus, for_minus, lines, self._macros)
        self._base_of_all = self.base.sum(axis=1, dtype=np.float64).astype(np.float32)
        _check_exact(config, self.gain, self.base)

    def scores_seen(self, inputs: ArrayLike, neurons: slice = ALL_NEURONS) -> NDArray[np.float32]:
        """Scores as they stand on the lines after evaluate, with capacitor mismatch.

        The sums are exact: the result does not depend on their order, nor on whether images come
        one by one or in a batch.

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
        kept = self._kept[self._macros[neurons]]
        held = np.zeros(seen.shape[:-1], dtype=np.float32)
        for plane in range(planes):
            held = kept * held + (1 - kept) * seen[..., plane]
        return held

    def decide(
        self,
        scores: NDArray[np.float32],
        images: ArrayLike,
        trial: int = 0,
        dac_p: int | NDArray[np.int64] = 0,
        dac_n: int | NDArray[np.int64] = 0,
        neurons: slice = ALL_NEURONS,
    ) -> NDArray[np.int8]:
        """One strobe of the comparators, with the read-out bank driven.

        Parameters
        ----------
        scores : ndarray of float32, shape (..., M)
            From `scores_seen`.
        images : int or array_like of int, shape (...)
            Image numbers, keys of the noise.
        trial : int
            Number of the strobe since evaluate rose, from 0.
        dac_p, dac_n : int or ndarray of int64, shape (..., M)
            Codes on the bottom plates of the bank.
        neurons : slice
            The neurons that `scores` is for, if not all.

        Returns
        -------
        ndarray of int8, shape (..., M)
            +1 or -1; 0 where the comparator stays unresolved.
        """
        # A sign's strobe, the commonest, leaves the bank alone.
        if not (isinstance(dac_p, int) and dac_p == 0 and isinstance(dac_n, int) and dac_n == 0):
            macros = self._macros[neurons]
            scores = scores + (self._bank_p[macros, dac_p] - self._bank_n[macros, dac_n])
        return self.comparator.decide(scores, images, trial, neurons)

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
        macros = np.arange(self.config.macros)
        codes_p, codes_n = np.asarray(dac_p, np.int64), np.asarray(dac_n, np.int64)
        scores = self._bank_p[macros, codes_p] - self._bank_n[macros, codes_n]
        return self._undriven.decide(scores.astype(np.float32), evaluation, strobe)

    def calibration(self) -> Calibration:
        """The first calibration since reset, as the hardware runs it."""
        return search_trims(self.config, self.decide_undriven)

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
        return self.trims[self._macros]

    def _held_codes(self) -> tuple[int, int] | tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What a SIGN row has on its bank, per neuron; 0 without trims in force."""
        if not self.trims.any():
            return 0, 0
        return bank_codes(self.neuron_trims(), self.config.trim_bits_in_use)

    def signs(self, inputs: ArrayLike, images: ArrayLike) -> NDArray[np.bool_]:
        """The neurons' bits: what most of their strobes say.

        Parameters
        ----------
        inputs : array_like, shape (..., n)
            As in `scores_seen`.
        images : int or array_like of int, shape (...)
            Image numbers, keys of the noise.

        Returns
        -------
        ndarray of bool, shape (..., M)
            True for +1.
        """
        if self.config.trials == 1:
            return self.decide(self.scores_seen(inputs), images, 0, *self._held_codes()) > 0
        return self.votes(inputs, images)[0]

    def votes(
        self, inputs: ArrayLike, images: ArrayLike
    ) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        """The neurons' bits, and every strobe that they are the majority of.

        Strobes of a row see the same charge, each with noise of its own; one that stays unresolved
        votes for -1.

        Parameters
        ----------
        inputs, images
            As in `signs`.

        Returns
        -------
        bits : ndarray of bool, shape (..., M)
        decisions : ndarray of int8, shape (..., M, trials)
            The comparator's answers in the order of the strobes, as `decide` gives them.
        """
        scores = self.scores_seen(inputs)
        trials = range(self.config.trials)
        held = self._held_codes()
        decisions = np.stack(
            [self.decide(scores, images, trial, *held) for trial in trials], axis=-1
        )
        return 2 * np.count_nonzero(decisions > 0, axis=-1) > len(trials), decisions

    def counts(
        self, inputs: ArrayLike, images: ArrayLike
    ) -> tuple[NDArray[np.uint16], NDArray[np.int8]]:
        """Successive approximation of the score, as the hardware runs it.

        Trial t sets bit K-1-t of the code tentatively, drives the bank of line N with that code and
        the bank of line P with 2^K less it, and keeps the bit if the comparator says +1.

        Parameters
        ----------
        inputs, images
            As in `signs`.

        Returns
        -------
        codes : ndarray of uint16, shape (..., M)
            v, no trim taken off; the score is 2v + 1 - 2^K (`comparator.score_of_code`).
        decisions : ndarray of int8, shape (..., M, K)
            The comparator's answers in the order of the trials, as `decide` gives them.
        """
        bits = self.config.count_bits
        scores = self.scores_seen(inputs)
        codes = np.zeros(scores.shape, dtype=np.int64)
        decisions = np.empty((*scores.shape, bits), dtype=np.int8)
        for trial in range(bits):
            attempt = codes | 1 << (bits - 1 - trial)
            answers = self.decide(scores, images, trial, 2**bits - attempt, attempt)
            codes = np.where(answers > 0, attempt, codes)
            decisions[..., trial] = answers
        return codes.astype(np.uint16), decisions


def _row_sums(matrix: NDArray[np.float32], signs: NDArray[np.float32]) -> NDArray[np.float32]:
    if signs.ndim == 1:
        # Not a matrix product: BLAS would wake its threads for a fifth of a millisecond's work,
        # and stall for milliseconds when the other processors are busy.
        return np.vecdot(matrix, signs)
    return signs @ matrix.T


def _gain_and_base(
    for_plus: NDArray[np.bool_],
    for_minus: NDArray[np.bool_],
    lines: list[LineWeights],
    macros: NDArray[np.int_],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A driven column adds base + gain * input; both (M, n) and multiples of the weight step."""
    gains = np.stack([line.gain for line in lines]).astype(np.float32)[macros]
    offsets = np.stack([line.offset for line in lines]).astype(np.float32)[macros]
    plus, minus = for_plus.astype(np.int8), for_minus.astype(np.int8)
    return (plus - minus) * gains, offsets + (plus + minus - 1) * gains


def _check_exact(config: ArrayGroup, gain: NDArray[np.float32], base: NDArray[np.float32]) -> None:
    largest = float((np.abs(gain).sum(axis=1) + np.abs(base.sum(axis=1))).max())
    limit = score_limit(config.fan_in)
    if largest >= limit:
        raise InputError(
            f"{config.name}: found scores up to {largest:.1f} on {config.fan_in} columns, expected "
            f"below {limit:g}, where float32 sums are exact"
        )


def sample_layer(
    config: ArrayGroup,
    weights: ArrayLike,
    parameters: ChipParameters,
    chip: int | None,
    layer: int,
    noise_seed: int,
    programming: int = 0,
) -> LayerChip:
    """Draw one layer of a chip.

    Parameters
    ----------
    weights : array_like of int8, shape (M, n)
        +1 or -1, bias columns included.
    parameters : ChipParameters
        The condition.
    chip : int or None
        Number of the chip, key of every draw but the noise; None for the ideal chip, which has
        neither variation nor noise and whose cells are exact whatever the condition.
    layer : int
        Number of the layer in its network, key of the draws.
    noise_seed : int
        Key of the decisions' noise.
    programming : int
        Number of the chip's programming, key of what each programming draws anew.

    Raises
    ------
    InputError
        Weights of another shape or value; chip, layer, seed or programming out of range.
    """
    signs = _checked_weights(config, weights)
    if chip is None:
        parameters = parameters.without_variation()
        products = ScanOutcome(signs > 0, signs < 0, 0.0)
    else:
        products = _draw_products(config, signs, parameters, chip, layer, programming)
    return _layer_of(config, signs, products, parameters, chip, layer, noise_seed)


def programmed_layer(
    config: ArrayGroup,
    weights: ArrayLike,
    parameters: ChipParameters,
    chip: int,
    layer: int,
    noise_seed: int,
    cells: ProgrammedCells,
) -> LayerChip:
    """One layer of a chip on cells that were programmed pulse by pulse.

    Everything but the cells is what `sample_layer` draws for the same keys.

    Parameters
    ----------
    weights, parameters, chip, layer, noise_seed
        As in `sample_layer`.
    cells : ProgrammedCells
        Where each neuron is, and the resistances there.

    Raises
    ------
    InputError
        Weights of another shape or value; chip, layer or seed out of range.
    """
    signs = _checked_weights(config, weights)
    thresholds_v = draw_thresholds_v(config, parameters.bridge, chip, layer)
    top_ohm, bottom_ohm, word_lines = cells
    products = scan_products(
        config, signs, top_ohm, bottom_ohm, thresholds_v, parameters.bridge, word_lines
    )
    return _layer_of(config, signs, products, parameters, chip, layer, noise_seed, word_lines)


def _layer_of(
    config: ArrayGroup,
    signs: NDArray[np.int8],
    products: ScanOutcome,
    parameters: ChipParameters,
    chip: int | None,
    layer: int,
    noise_seed: int,
    word_lines: NDArray[np.int_] | None = None,
) -> LayerChip:
    """The layer of given product bits; lines and comparators are drawn."""
    draw_line = functools.partial(draw_line_weights, config, parameters.neuron, chip or 0, layer)
    comparator = LayerComparator(
        config,
        parameters.comparator,
        unit_v=layer_volts_per_score(config, parameters.neuron, parameters.bridge),
        offsets_v=draw_offsets_v(config, parameters.comparator, chip or 0, layer)
        - injected_difference_v(parameters.neuron),
        noise_seed=noise_seed,
        layer=layer,
        held_noise_v=held_noise_v(config, parameters.neuron),
    )
    lines = [draw_line(macro) for macro in range(config.macros)]
    residual = layer_residual(config, parameters.neuron)
    kept = draw_kept_parts(config, parameters.neuron, chip or 0, layer)
    return LayerChip(config, signs, products, lines, comparator, residual, kept, word_lines)


def _draw_products(
    config: ArrayGroup,
    weights: NDArray[np.int8],
    parameters: ChipParameters,
    chip: int,
    layer: int,
    programming: int,
) -> ScanOutcome:
    top_ohm, bottom_ohm = draw_resistances_ohm(
        config, weights, parameters.devices, chip, layer, programming
    )
    thresholds_v = draw_thresholds_v(config, parameters.bridge, chip, layer)
    return scan_products(config, weights, top_ohm, bottom_ohm, thresholds_v, parameters.bridge)


def _checked_weights(config: ArrayGroup, weights: ArrayLike) -> NDArray[np.int8]:
    given = np.asarray(weights)
    expected = (config.neurons, config.fan_in)
    if given.shape != expected:
        raise InputError(f"{config.name}: found weights {given.shape}, expected {expected}")
    if not np.isin(given, (-1, 1)).all():
        raise InputError(f"{config.name}: found weights other than +1 and -1")
    return given.astype(np.int8)
