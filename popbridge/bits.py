"""Packing bits and levels into the words of buses, and taking them out again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def word_of_bits(bits: NDArray[Any]) -> int:
    """A vector of bits as an integer, element 0 in bit 0."""
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def word_of_levels(levels: NDArray[np.uint8], bits: int) -> int:
    """Inputs of several bits as an integer, input 0 lowest, each one's bit 0 first."""
    planes = levels[:, np.newaxis] >> np.arange(bits, dtype=np.uint8) & 1
    return word_of_bits(planes.ravel())


def bits_of_word(word: int, width: int) -> NDArray[np.uint8]:
    """The lowest `width` bits of an integer, bit 0 first."""
    kept = word & ((1 << width) - 1)
    raw = np.frombuffer(kept.to_bytes(-(-width // 8), "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=width, bitorder="little")
