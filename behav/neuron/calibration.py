"""Calibration of a layer's comparators, as the hardware runs it, and what a trim does to codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...hdl.config import ArrayGroup


class Calibration(NamedTuple):
    """The trims of a layer, and the decisions that they come from."""

    trims: NDArray[np.int64]
    """(macros,), score units: the offset, which a score has to exceed, rounded towards 0."""
    decisions: NDArray[np.int8]
    """(steps, strobes, macros): the comparators' answers, +1, -1, or 0 if unresolved."""


def search_trims(
    config: ArrayGroup,
    decide: Callable[[int, int, NDArray[np.int64], NDArray[np.int64]], NDArray[np.int8]],
) -> Calibration:
    """Successive approximation of all macros' offsets with no bit line driven.

    The first step finds the offset's sign, with the bank at 0. Then, from the highest bit down, a
    bit of the code against it is kept if most strobes still answer as in the first step.

    Parameters
    ----------
    config : ArrayGroup
        With a trim.
    decide : callable (step, strobe, dac_p, dac_n) -> decisions
        Codes and decisions of shape (macros,).
    """
    shape = (config.calibration_steps, config.macro.trim_strobes, config.macros)
    decisions = np.zeros(shape, dtype=np.int8)
    above = np.zeros(config.macros, dtype=bool)
    found = np.zeros(config.macros, dtype=np.int64)
    for step in range(config.calibration_steps):
        tried = found | 1 << (config.trim_bits_in_use - step) if step else found
        dac_p, dac_n = np.where(above, 0, tried), np.where(above, tried, 0)
        for strobe in range(config.macro.trim_strobes):
            decisions[step, strobe] = decide(step, strobe, dac_p, dac_n)
        majority = 2 * np.count_nonzero(decisions[step] > 0, axis=0) > config.macro.trim_strobes
        if step == 0:
            above = majority
        else:
            found = np.where(majority == above, tried, found)
    return Calibration(np.where(above, -found, found), decisions)


def bank_codes(
    trims: NDArray[np.int64], trim_bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """dac_p and dac_n that hold trims on the bank; beyond its reach, its largest code."""
    most = 2**trim_bits - 1
    return np.clip(trims, 0, most), np.clip(-trims, 0, most)


def corrected_codes(
    codes: ArrayLike, trims: NDArray[np.int64], count_bits: int
) -> NDArray[np.int64]:
    """Codes of a COUNT read-out with the measured offset taken off, saturated.

    A code is two score units wide. Of an odd score, an offset between |trim| and |trim| + 1 takes
    ceil(|trim| / 2) codes exactly [D].

    Parameters
    ----------
    codes : array_like of int, shape (..., M)
    trims : ndarray of int64, shape (M,)
        Of each neuron's macro, score units.
    """
    moved = np.asarray(codes, dtype=np.int64) + np.sign(trims) * ((np.abs(trims) + 1) // 2)
    return np.clip(moved, 0, 2**count_bits - 1)
