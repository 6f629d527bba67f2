"""Every random number of the project: draws are a function of their keys, not of call order.

Both generators are counter-based. What a chip is made of is drawn in vectors, from Philox 4x64
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): its 128-bit key holds seed,
domain and layer; two of the four counter words hold index and trial, and the lowest one counts
along the vector drawn, so that no two vectors overlap. What a decision adds is drawn one by one,
and only where it can matter, from Squares (Widynski 2020, "Squares: a fast counter-based RNG",
arXiv 2004.06278, the 64-bit form): its key is drawn from Philox, its counter is made of
evaluation, trial and neuron.
"""

import enum
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

_WORD_LIMIT = 2**64
_LAYER_LIMIT = 2**32
_NEURON_BITS = 16
_TRIAL_BITS = 8
_PROGRAMMING_LIMIT = 2**32
EVALUATION_LIMIT = 2 ** (64 - _NEURON_BITS - _TRIAL_BITS)
"""Evaluation numbers are below this; neurons of a layer below 2^16, trials below 2^8."""

_HALF = np.uint64(32)
NORMAL_REACH = math.sqrt(66 * math.log(2))
"""Largest magnitude of a normal deviate of `DecisionDraws`: 6.76, beyond which 1.4e-11 lies."""
SMALLEST_UNIFORM = 2.0**-53
"""Smallest uniform deviate of `DecisionDraws`."""


class Domain(enum.IntEnum):
    """What a draw is for. The values are part of every drawn chip: never renumber them."""

    DEVICE = 1
    INVERTER = 2
    CAPACITOR = 3
    BANK = 4
    OFFSET = 5
    NOISE = 6
    ERROR_LAW = 7
    PROGRAMMING = 8
    STUCK = 9
    NEURON_ERROR = 10
    SHARE = 11
    COMPARISON = 12
    PULSE = 13
    SHARE_NOISE = 14
    CALIBRATION_NOISE = 15


class DrawStream:
    """All the vectors drawn for one seed, domain and layer.

    Parameters
    ----------
    seed : int
        0 to 2^64 - 1; the chip number, or the seed of the decision noise.
    domain : Domain
    layer : int
        Number of the layer in its network, 0 to 2^32 - 1.

    Raises
    ------
    InputError
        Seed or layer out of range.
    """

    def __init__(self, seed: int, domain: Domain, layer: int) -> None:
        _require_below("seed", seed, _WORD_LIMIT)
        _require_below("layer", layer, _LAYER_LIMIT)
        key = np.array([seed, (domain << 32) | layer], dtype=np.uint64)
        self._bits = Philox(key=key)
        self._generator = Generator(self._bits)
        self._state: Any = self._bits.state
        self._counter: np.ndarray = self._state["state"]["counter"]

    def at(self, index: int, trial: int = 0) -> Generator:
        """The generator at the start of the vector (index, trial).

        Setting the state of one generator takes a fifth of the time of making one. The generator
        is the stream's own: draw from it before the next call.
        """
        self._counter[1] = trial
        self._counter[2] = index
        self._bits.state = self._state
        return self._generator


class DecisionDraws:
    """What single decisions of a layer draw; each a function of (evaluation, trial, neuron).

    Parameters
    ----------
    seed, domain, layer
        As for `DrawStream`.
    chip : int
        0 to 2^64 - 1: chips have noise of their own.

    Raises
    ------
    InputError
        Seed, layer or chip out of range.
    """

    def __init__(self, seed: int, domain: Domain, layer: int, chip: int) -> None:
        _require_below("chip", chip, _WORD_LIMIT)
        stream = DrawStream(seed, domain, layer).at(chip)
        # Odd, so that every counter has a product of its own.
        self._key = stream.integers(0, _WORD_LIMIT - 1, 1, np.uint64, endpoint=True) | np.uint64(1)

    def normal(
        self, evaluations: ArrayLike, trial: int, neurons: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Standard normal deviates, of magnitude at most `NORMAL_REACH` (Box and Muller 1958).

        Parameters
        ----------
        evaluations : int or array_like of int, shape (count,)
            0 to `EVALUATION_LIMIT` - 1.
        neurons : ndarray of int, shape (count,)
            0 to 65,535.
        trial : int
            0 to 255.
        """
        words = self._words(evaluations, trial, neurons)
        radius = (words >> _HALF).astype(np.float64)
        radius += 0.5
        radius *= 2.0**-32
        np.log(radius, out=radius)
        radius *= -2
        np.sqrt(radius, out=radius)
        words &= np.uint64(0xFFFFFFFF)
        angle = words.astype(np.float64)
        angle *= 2 * math.pi * 2.0**-32
        radius *= np.cos(angle, out=angle)
        return radius

    def uniform(
        self, evaluations: ArrayLike, trial: int, neurons: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Uniform deviates from `SMALLEST_UNIFORM` to 1; parameters as in `normal`."""
        words = self._words(evaluations, trial, neurons)
        words >>= np.uint64(12)
        deviates = words.astype(np.float64)
        deviates += 0.5
        deviates *= 2.0**-52
        return deviates

    def _words(
        self, evaluations: ArrayLike, trial: int, neurons: NDArray[np.integer]
    ) -> NDArray[np.uint64]:
        counter = neurons.astype(np.uint64)
        if isinstance(evaluations, int):
            counter |= np.uint64((evaluations << _TRIAL_BITS | trial) << _NEURON_BITS)
        else:
            of_evaluations = np.asarray(evaluations).astype(np.uint64)
            of_evaluations <<= np.uint64(_TRIAL_BITS)
            of_evaluations |= np.uint64(trial)
            of_evaluations <<= np.uint64(_NEURON_BITS)
            counter |= of_evaluations
        return _squares(counter, self._key)


def _squares(counter: NDArray[np.uint64], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 64-bit form of Squares: five rounds of squaring, adding and swapping halves."""
    weyl = counter * key
    following = weyl + key
    words = weyl.copy()
    for added in (weyl, following, weyl):
        words *= words
        words += added
        words = words >> _HALF | words << _HALF
    words *= words
    words += following
    swapped = words >> _HALF | words << _HALF
    swapped *= swapped
    swapped += weyl
    swapped >>= _HALF
    return words ^ swapped


@dataclass(frozen=True)
class LayerKey:
    """What the draws of one layer of one chip are a function of.

    Raises
    ------
    InputError
        A number out of range.
    """

    chip: int | None
    """Number of the chip, 0 to 2^64 - 1; None for the ideal chip, which nothing is drawn of."""
    layer: int = 0
    """Number of the layer in its network, 0 to 2^32 - 1."""
    seed: int = 0
    """Of the decisions' noise, 0 to 2^64 - 1."""
    programming: int = 0
    """Number of the chip's programming, 0 to 2^32 - 1: what each programming draws anew."""

    def __post_init__(self) -> None:
        if self.chip is not None:
            _require_below("chip", self.chip, _WORD_LIMIT)
        _require_below("layer", self.layer, _LAYER_LIMIT)
        _require_below("seed", self.seed, _WORD_LIMIT)
        _require_below("programming", self.programming, _PROGRAMMING_LIMIT)

    def stream(self, domain: Domain) -> DrawStream:
        """The vectors that the layer is made of."""
        return DrawStream(self.chip or 0, domain, self.layer)

    def decisions(self, domain: Domain) -> DecisionDraws:
        """What single decisions of the layer draw."""
        return DecisionDraws(self.seed, domain, self.layer, self.chip or 0)


def _require_below(name: str, value: int, limit: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name}: found {value!r}, expected an integer")
    if not 0 <= value < limit:
        raise InputError(f"{name}: found {value!r}, expected 0 to {limit - 1}")
