"""The clocked comparator of each macro: the decision on a score."""

import copy
import math
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...hdl.config import ArrayGroup
from ..draws import NORMAL_REACH, SMALLEST_UNIFORM, Domain, LayerKey
from ..parameters.chip import ChipParameters
from ..parameters.comparator import ComparatorParameters
from .capacitors import held_noise_v, injected_difference_v, layer_volts_per_score, score_limit
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
    config: ArrayGroup, parameters: ComparatorParameters, key: LayerKey
) -> NDArray[np.float64]:
    """One draw of the comparators' offsets, V, shape (macros,)."""
    stream = key.stream(Domain.OFFSET)
    deviates = np.array([stream.at(macro).standard_normal() for macro in range(config.macros)])
    magnitude_v = np.copysign(parameters.offset_magnitude_v, deviates)
    return parameters.offset_sigma_v * deviates + magnitude_v


class LayerComparator:
    """The comparators of a layer's macros.

    Parameters
    ----------
    config : ArrayGroup
    condition : ChipParameters
        With `ComparatorParameters.error_law`, the law with n = fan-in stands for offset, noise and
        regeneration. It was fitted to sign decisions; on the trials of a COUNT read-out it is an
        extrapolation [E].
    key : LayerKey
        Of the noise.
    offsets_v : ndarray, shape (macros,)
        Input offset of each macro's comparator, V; not used with the error law.

    Attributes
    ----------
    unit_v : float
        Differential voltage of one score unit, V.
    offsets_v : ndarray of float64, shape (macros,)
        What a macro's input has to exceed, V: the offset less the charge injected.
    smallest_resolved_v : float
        Input below which a strobe of the layer's timing ends unresolved, V.
    reach_score : float
        Magnitude of a score, offset taken off, beyond which no noise changes the decision.
    """

    def __init__(
        self,
        config: ArrayGroup,
        condition: ChipParameters,
        key: LayerKey,
        offsets_v: NDArray[np.float64],
    ) -> None:
        self.parameters = parameters = condition.comparator
        self.unit_v = layer_volts_per_score(config, condition.neuron, condition.bridge)
        self.offsets_v = offsets_v - injected_difference_v(condition.neuron)
        self._offset_of_v = np.repeat(self.offsets_v, config.rows_used)[: config.neurons]
        timing = config.macro.timing
        strobe_s = timing.strobe_cycles * timing.clock_period_s
        self.smallest_resolved_v = smallest_resolved_v(parameters, strobe_s)
        law, _ = error_law(parameters.error_law_clock_s)
        self.law_sigma_counts = law.sigma_counts(config.fan_in)
        self._draws = key.decisions(Domain.ERROR_LAW if parameters.error_law else Domain.NOISE)
        self._undriven_draws = key.decisions(Domain.CALIBRATION_NOISE)
        self._held_draws = key.decisions(Domain.SHARE_NOISE)
        self._held_noise_v = held_noise_v(config, condition.neuron)
        self._offset_scores = (self._offset_of_v / self.unit_v).astype(np.float32)
        self._score_limit = score_limit(config.fan_in)
        self.reach_score = self._reach()

    def decide(
        self,
        scores: NDArray[np.floating],
        evaluations: ArrayLike,
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
        evaluations : int or array_like of int, shape (...)
            Evaluation numbers, keys of the noise.
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
        near = np.flatnonzero(np.abs(margins) <= self.reach_score)
        if near.size:
            numbers: ArrayLike = evaluations
            drawn_for = near
            if scores.ndim > 1:
                places, drawn_for = np.divmod(near, scores.shape[-1])
                numbers = np.broadcast_to(np.asarray(evaluations), scores.shape[:-1]).ravel()[
                    places
                ]
            if neurons.start:
                drawn_for = drawn_for + neurons.start
            found = self._settle(scores.ravel()[near], numbers, trial, drawn_for)
            decisions.reshape(-1)[near] = found
        return decisions

    @property
    def macro_offsets_score(self) -> NDArray[np.float64]:
        """Input offset of each macro's comparator, charge injection included, score units."""
        return self.offsets_v / self.unit_v

    def undriven(self) -> Self:
        """The same comparators, one per macro, as a calibration strobes them.

        `decide` then takes (macros,) scores and the number of the calibration's evaluation, and
        draws noise that no other evaluation has.
        """
        comparators = copy.copy(self)
        comparators._offset_of_v = self.offsets_v
        comparators._offset_scores = self.macro_offsets_score.astype(np.float32)
        comparators._draws = self._undriven_draws
        return comparators

    def _settle(
        self,
        scores: NDArray[np.floating],
        evaluations: ArrayLike,
        trial: int,
        neurons: NDArray[np.integer],
    ) -> NDArray[np.int8]:
        """Decisions by the error law, or each with its own noise; arguments of shape (count,)."""
        if self.parameters.error_law:
            signs = _signs(scores, 0.0)
            wrong = flip_probability(scores, self.law_sigma_counts)
            return np.where(self._draws.uniform(evaluations, trial, neurons) < wrong, -signs, signs)
        voltages_v = np.multiply(scores, self.unit_v, dtype=np.float64)
        voltages_v -= self._offset_of_v[neurons]
        if self.parameters.noise_sigma_v > 0:
            noise = self._draws.normal(evaluations, trial, neurons)
            noise *= self.parameters.noise_sigma_v
            voltages_v += noise
        if self._held_noise_v > 0:
            voltages_v += self._held_noise_v * self._held_draws.normal(evaluations, 0, neurons)
        return _signs(voltages_v, self.smallest_resolved_v)

    def _reach(self) -> float:
        """`reach_score`, with a margin for the rounding of scores in float32."""
        if self.parameters.error_law:
            # 0.5 exp(-x^2 / 2) is below every uniform deviate from here on.
            spreads = math.sqrt(-2 * math.log(2 * SMALLEST_UNIFORM))
            return 2 * spreads * self.law_sigma_counts
        noise_v = NORMAL_REACH * (self.parameters.noise_sigma_v + self._held_noise_v)
        reach = (noise_v + self.smallest_resolved_v) / self.unit_v
        return reach * (1 + 1e-6) + 1e-6 * self._score_limit


def _signs(values: NDArray[np.floating], unresolved: float) -> NDArray[np.int8]:
    """+1 or -1; 0 for values from -unresolved to +unresolved."""
    above, below = values > unresolved, values < -unresolved
    return above.view(np.int8) - below.view(np.int8)
