"""Every random number of the project: draws are a function of their keys, not of call order.

The generator is counter-based (Philox 4x64; Salmon et al. 2011, "Parallel random numbers: as easy
as 1, 2, 3"). Its 128-bit key holds seed, domain and layer; two of the four counter words hold
index and trial, and the lowest one counts along the vector drawn, so that no two vectors overlap.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
from numpy.random import Generator, Philox

from ..hdl.config import InputError

_WORD_LIMIT = 2**64
_LAYER_LIMIT = 2**32


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
    COMPARISON = 12


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


def generator(seed: int, domain: Domain, layer: int, index: int, trial: int = 0) -> Generator:
    """A generator of its own for the vector (seed, domain, layer, index, trial).

    Raises
    ------
    InputError
        Seed or layer out of range.
    """
    return DrawStream(seed, domain, layer).at(index, trial)


def _require_below(name: str, value: int, limit: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name}: found {value!r}, expected an integer")
    if not 0 <= value < limit:
        raise InputError(f"{name}: found {value!r}, expected 0 to {limit - 1}")
