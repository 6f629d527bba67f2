"""The clocked comparator of each macro: the decision on a score."""

from __future__ import annotations

import copy
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...hdl.config import ArrayGroup
from ..draws import NORMAL_REACH, SMALLEST_UNIFORM, DecisionDraws, Domain, DrawStream
from ..parameters.comparator import ComparatorParameters
from .capacitors import score_limit, volts_to_score
from .error_law import error_law

ALL_NEURONS = slice(None)


def flip_probability(scores: ArrayLike, sigma_counts: float) -> NDArray[np.float64]:
    """Probability that the comparator decides against the sign of the score.

    0.5 exp(-(d + 1)^2 / (2 sigma^2)) with d = (|s| - 1) / 2, the surplus in popcount counts over
    the narrowest majority [P]. It is taken as symmetric: the published |D| + 1 is one larger for
    negative D, because D counts from the narrowest majority of ones.

    Parameters
    ----------
    scores : array_like
        Scores, score units.
    sigma_counts : float
        Spread in popcount counts, above 0.
    """
    distance = (np.abs(np.asarray(scores, dtype=np.float64)) + 1) / 2
    return 0.5 * np.exp(-(distance**2) / (2 * sigma_counts**2))


def score_of_code(codes: ArrayLike, bits: int) -> NDArray[np.int64]:
    """Score that a code of the successive approximation stands for: 2v + 1 - 2^K."""
    return 2 * np.asarray(codes, dtype=np.int64) + 1 - 2**bits


def smallest_resolved_v(parameters: ComparatorParameters, strobe_s: float) -> float:
    """Input below which the latch is unresolved at the end of a strobe, V.

    V_logic exp(-t / tau): the latch grows its input by e in each tau [D].

    Parameters
    ----------
    strobe_s : float
        Length of the strobe, s.
    """
    tau_s = parameters.regeneration_tau_s
    return parameters.logic_level_v * math.exp(-strobe_s / tau_s) if tau_s > 0 else 0.0


def regeneration_time_s(parameters: ComparatorParameters, input_v: float) -> float:
    """Time in which the latch resolves an input: tau ln(V_logic / |input|), s [D].

    Infinite for an input of 0; 0 for one above the logic level or with a tau of 0.
    """
    size_v = abs(input_v)
    if size_v == 0:
        return math.inf
    return parameters.regeneration_tau_s * max(0.0, math.log(parameters.logic_level_v / size_v))


def draw_offsets_v(
    config: ArrayGroup, parameters: ComparatorParameters, chip: int, layer: int
) -> NDArray[np.float64]:
    """One draw of the comparators' offsets, V, shape (macros,)."""
    stream = DrawStream(chip, Domain.OFFSET, layer)
    deviates = np.array([stream.at(macro).standard_normal() for macro in range(config.macros)])
    magnitude_v = np.copysign(parameters.offset_magnitude_v, deviates)
    return parameters.offset_sigma_v * deviates + magnitude_v


class LayerComparator:
    """The comparators of a layer's macros.

    Parameters
    ----------
    config : ArrayGroup
    parameters : ComparatorParameters
        With `error_law` set, the law with n = fan-in stands for offset, noise and regeneration. It
        was fitted to sign decisions; on the trials of a COUNT read-out it is an extrapolation [E].
    unit_v : float
        Differential voltage of one score unit, V.
    offsets_v : ndarray, shape (macros,)
        Input offset of each macro's comparator, V; not used with the error law.
    noise_seed, layer : int
        Keys of the noise.
    held_noise_v : float
        Noise on what is sensed that all strobes of a row share, V; not used with the error law.

    Attributes
    ----------
    smallest_resolved_v, smallest_resolved_score : float
        Input below which a strobe of the layer's timing ends unresolved, V and score units.
    score_unit_time_s : float
        Time that an input of one score unit, the smallest of an ideal odd neuron, takes, s.
    """

    def __init__(
        self,
        config: ArrayGroup,
        parameters: ComparatorParameters,
        *,
        unit_v: float,
        offsets_v: NDArray[np.float64],
        noise_seed: int,
        layer: int,
        held_noise_v: float = 0.0,
    ) -> None:
        self.neurons = config.neurons
        self.parameters = parameters
        self.unit_v = unit_v
        self._of_macros_v = offsets_v
        self.offsets_v = np.repeat(offsets_v, config.rows_used)[: config.neurons]
        timing = config.macro.timing
        strobe_s = timing.strobe_cycles * timing.clock_period_s
        self.smallest_resolved_v = smallest_resolved_v(parameters, strobe_s)
        self.smallest_resolved_score = volts_to_score(self.smallest_resolved_v, unit_v)
        self.score_unit_time_s = regeneration_time_s(parameters, unit_v)
        law, _ = error_law(parameters.error_law_clock_s)
        self.law_sigma_counts = law.sigma_counts(config.fan_in)
        domain = Domain.ERROR_LAW if parameters.error_law else Domain.NOISE
        self._draws = DecisionDraws(noise_seed, domain, layer)
        self._undriven_draws = DecisionDraws(noise_seed, Domain.CALIBRATION_NOISE, layer)
        self._held_draws = DecisionDraws(noise_seed, Domain.SHARE_NOISE, layer)
        self._held_noise_v = held_noise_v
        self._offset_scores = (self.offsets_v / unit_v).astype(np.float32)
        self._score_limit = score_limit(config.fan_in)
        self._reach_score = self._reach()

    def decide(
        self,
        scores: NDArray[np.floating],
        images: ArrayLike,
        trial: int = 0,
        neurons: slice = ALL_NEURONS,
    ) -> NDArray[np.int8]:
        """Decide on scores.

        Noise is drawn only for scores so near to the threshold that it can matter: all others
        come out as their sign, whatever their noise, which is bounded (`draws.NORMAL_REACH`).

        Parameters
        ----------
        scores : ndarray of float32 or float64, shape (..., M)
            What the comparator sees, in score units, with the read-out bank's share.
        images : int or array_like of int, shape (...)
            Image numbers, keys of the noise.
        trial : int
            Number of the strobe within the evaluation, key of the noise.
        neurons : slice
            The neurons that `scores` is for, if not all.

        Returns
        -------
        ndarray of int8, shape (..., M)
            +1 or -1; 0 where the input, with offset and noise, is too small to be resolved in the
            strobe, or exactly nothing.
        """
        margins = scores if self.parameters.error_law else scores - self._offset_scores[neurons]
        decisions = (margins > 0).view(np.int8)
        decisions += decisions
        decisions -= 1
        near = np.flatnonzero(np.abs(margins) <= self._reach_score)
        if near.size:
            numbers: ArrayLike = images
            drawn_for = near
            if scores.ndim > 1:
                places, drawn_for = np.divmod(near, scores.shape[-1])
                numbers = np.broadcast_to(np.asarray(images), scores.shape[:-1]).ravel()[places]
            if neurons.start:
                drawn_for = drawn_for + neurons.start
            settle = self._settle_by_law if self.parameters.error_law else self._settle
            found = settle(scores.ravel()[near], numbers, trial, drawn_for)
            decisions.reshape(-1)[near] = found
        return decisions

    @property
    def macro_offsets_score(self) -> NDArray[np.float64]:
        """Input offset of each macro's comparator, charge injection included, score units."""
        return self._of_macros_v / self.unit_v

    def undriven(self) -> LayerComparator:
        """The same comparators, one per macro, as a calibration strobes them.

        `decide` then takes (macros,) scores, the number of the calibration's evaluation for the
        image, and draws noise that no image has.
        """
        comparators = copy.copy(self)
        comparators.offsets_v = self._of_macros_v
        comparators._offset_scores = (self._of_macros_v / self.unit_v).astype(np.float32)
        comparators._draws = self._undriven_draws
        return comparators

    def _settle(
        self,
        scores: NDArray[np.floating],
        images: ArrayLike,
        trial: int,
        neurons: NDArray[np.integer],
    ) -> NDArray[np.int8]:
        """Decisions, each with its own noise; arguments of shape (count,), `images` or a number."""
        voltages_v = np.multiply(scores, self.unit_v, dtype=np.float64)
        voltages_v -= self.offsets_v[neurons]
        if self.parameters.noise_sigma_v > 0:
            noise = self._draws.normal(images, trial, neurons)
            noise *= self.parameters.noise_sigma_v
            voltages_v += noise
        if self._held_noise_v > 0:
            voltages_v += self._held_noise_v * self._held_draws.normal(images, 0, neurons)
        return _signs(voltages_v, self.smallest_resolved_v)

    def _settle_by_law(
        self,
        scores: NDArray[np.floating],
        images: ArrayLike,
        trial: int,
        neurons: NDArray[np.integer],
    ) -> NDArray[np.int8]:
        """Decisions by the error law; arguments of shape (count,), `images` or a number."""
        signs = _signs(scores, 0.0)
        wrong = flip_probability(scores, self.law_sigma_counts)
        return np.where(self._draws.uniform(images, trial, neurons) < wrong, -signs, signs)

    def _reach(self) -> float:
        """Magnitude of a score, offset taken off, beyond which no noise changes the decision.

        With a margin for the rounding of scores in float32.
        """
        if self.parameters.error_law:
            # 0.5 exp(-x^2 / 2) is below every uniform deviate from here on.
            spreads = math.sqrt(-2 * math.log(2 * SMALLEST_UNIFORM))
            return 2 * spreads * self.law_sigma_counts
        noise_v = NORMAL_REACH * (self.parameters.noise_sigma_v + self._held_noise_v)
        reach = volts_to_score(noise_v + self.smallest_resolved_v, self.unit_v)
        return reach * (1 + 1e-6) + 1e-6 * self._score_limit


def _signs(values: NDArray[np.floating], unresolved: float) -> NDArray[np.int8]:
    """+1 or -1; 0 for values from -unresolved to +unresolved."""
    above, below = values > unresolved, values < -unresolved
    return above.view(np.int8) - below.view(np.int8)
