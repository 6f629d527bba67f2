"""The clocked comparator of each macro: the decision on a score."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..hdl.config import LayerConfig
from .draws import Domain, DrawStream
from .params import ComparatorParameters, error_law

_VECTORS_KEPT = 32
"""Noise vectors held back, because the macros of a layer strobe together and ask for the same."""

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


def draw_offsets_v(
    config: LayerConfig, parameters: ComparatorParameters, chip: int, layer: int
) -> NDArray[np.float64]:
    """One draw of the comparators' offsets, V, shape (macros,)."""
    stream = DrawStream(chip, Domain.OFFSET, layer)
    deviates = [stream.at(macro).standard_normal() for macro in range(config.macros)]
    return parameters.offset_sigma_v * np.array(deviates)


class LayerComparator:
    """The comparators of a layer's macros.

    Parameters
    ----------
    config : LayerConfig
    parameters : ComparatorParameters
        With `error_law` set, the law with n = fan-in stands for offset and noise. It was fitted to
        sign decisions; on the trials of a COUNT read-out it is an extrapolation [E].
    unit_v : float
        Differential voltage of one score unit, V.
    offsets_v : ndarray, shape (macros,)
        Input offset of each macro's comparator, V; not used with the error law.
    noise_seed, layer : int
        Keys of the noise.
    """

    def __init__(
        self,
        config: LayerConfig,
        parameters: ComparatorParameters,
        *,
        unit_v: float,
        offsets_v: NDArray[np.float64],
        noise_seed: int,
        layer: int,
    ) -> None:
        self.neurons = config.neurons
        self.parameters = parameters
        self.unit_v = unit_v
        self.offsets_v = np.repeat(offsets_v, config.rows_used)[: config.neurons]
        law = error_law(parameters.error_law_clock_s)
        self.law_sigma_counts = law.slope * config.fan_in + law.intercept
        domain = Domain.ERROR_LAW if parameters.error_law else Domain.NOISE
        self._stream = DrawStream(noise_seed, domain, layer)
        self._vectors: dict[tuple[int, int], NDArray[np.float64]] = {}

    def decide(
        self,
        scores: NDArray[np.float64],
        images: ArrayLike,
        trial: int = 0,
        neurons: slice = ALL_NEURONS,
    ) -> NDArray[np.int8]:
        """Decide on scores.

        Parameters
        ----------
        scores : ndarray of float64, shape (..., M)
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
            +1 or -1; 0 where exactly nothing is at the comparator's input, which leaves it
            unresolved.
        """
        if self.parameters.error_law:
            return self._decide_by_law(scores, images, trial, neurons)
        voltages_v = scores * self.unit_v - self.offsets_v[neurons]
        if self.parameters.noise_sigma_v > 0:
            deviates = self._deviates(images, scores.shape[:-1], trial)[..., neurons]
            voltages_v = voltages_v + self.parameters.noise_sigma_v * deviates
        return _signs(voltages_v)

    def _decide_by_law(
        self, scores: NDArray[np.float64], images: ArrayLike, trial: int, neurons: slice
    ) -> NDArray[np.int8]:
        uniforms = self._deviates(images, scores.shape[:-1], trial)[..., neurons]
        flipped = uniforms < flip_probability(scores, self.law_sigma_counts)
        return np.where(flipped, -_signs(scores), _signs(scores))

    def _deviates(
        self, images: ArrayLike, shape: tuple[int, ...], trial: int
    ) -> NDArray[np.float64]:
        """Standard deviates, shape (*shape, M): a vector over the neurons per image."""
        numbers = np.broadcast_to(np.asarray(images), shape)
        if not shape:
            return self._vector(int(numbers), trial)
        deviates = np.empty((math.prod(shape), self.neurons))
        for place, image in enumerate(numbers.ravel().tolist()):
            deviates[place] = self._vector(image, trial)
        return deviates.reshape(*shape, self.neurons)

    def _vector(self, image: int, trial: int) -> NDArray[np.float64]:
        vector = self._vectors.get((image, trial))
        if vector is None:
            generator = self._stream.at(image, trial)
            draw = generator.random if self.parameters.error_law else generator.standard_normal
            vector = draw(self.neurons)
            if len(self._vectors) == _VECTORS_KEPT:
                del self._vectors[next(iter(self._vectors))]
            self._vectors[image, trial] = vector
        return vector


def _signs(values: NDArray[np.float64]) -> NDArray[np.int8]:
    return np.sign(values).astype(np.int8)
