"""Exact probability that a neuron gives the wrong sign: bit errors and the comparator's error law.

A neuron of n columns, n odd, with true surplus d >= 0 has n1 = ceil(n/2) + d columns at +1 and
n0 = floor(n/2) - d at -1. Each is read wrong with probability p, so that the comparator finds the
surplus D = d - i + j with i ~ Bin(n1, p) and j ~ Bin(n0, p), and

    P_wrong(d) = sum over D < 0 of P(D) (1 - P_err(D)) + sum over D >= 0 of P(D) P_err(D)    [P].

Every term of these sums is positive and none is taken off again, so that small probabilities keep
their relative accuracy. Surpluses are taken in blocks: the columns that are at +1 in the whole
block, and those that are at -1, are summed over once; the up to `BLOCK` columns that change within
the block are a matrix that is the same for every block.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .error_law import ErrorLaw, comparator_error_probability

LARGEST_FAN_IN = 33_001
"""Columns up to which `wrong_sign_probabilities` answers: 30,000 inputs and their bias columns."""

PAPER_RATES: tuple[float, ...] = (
    0.0, 1e-4, 1e-3, 2e-3, 3e-3, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.2,
    0.3, 0.4, 0.5,
    0.00072464, 0.00036232, 0.00028986, 0.00007246, 0.00144928, 0.00021739, 0.00028986, 0.00014493,
    0.00927536, 0.00282609, 0.00260870, 0.00268116, 0.07811594, 0.02702899, 0.02289855, 0.02376812,
    0.02485507,
)  # fmt: skip
"""Bit error rates of the authors' tables, in their order: 19 round ones and 17 measured [P]."""

BLOCK = 256
"""Surpluses in a block."""

DROPPED = 1e-40
"""Largest part of a binomial law, per tail, that is left out."""

SMALLEST = 1e-30
"""Probabilities below this are given as 0: what is left out may weigh more in them."""


def wrong_sign_probabilities(
    fan_in: int, law: ErrorLaw, bit_error_rates: Sequence[float]
) -> NDArray[np.float64]:
    """P_wrong(d) for every surplus d, exactly.

    Against exact sums the relative error is below 1e-9, a few hundred roundings and what `DROPPED`
    leaves out; a probability below `SMALLEST` is given as 0.

    Parameters
    ----------
    fan_in : int
        n, with bias columns; odd, from 1 to `LARGEST_FAN_IN`.
    law : ErrorLaw
        From `error_law.error_law`.
    bit_error_rates : sequence of float
        p of a column's product, each from 0 to 0.5.

    Returns
    -------
    ndarray of float64, shape (floor(n/2) + 1, len(bit_error_rates))
        Row d is for the surplus d, in popcount counts over the narrowest majority.

    Raises
    ------
    InputError
        A fan-in that is even or out of range, or a rate out of range.
    """
    _check_fan_in(fan_in)
    for rate in bit_error_rates:
        check_bit_error_rate(rate)
    half = fan_in // 2
    surpluses = np.arange(-half - 1, half + 1)
    errors = comparator_error_probability(surpluses, law.sigma_counts(fan_in))
    wrong = np.where(surpluses < 0, 1 - errors, errors)
    columns = [_of_one_rate(wrong, half, float(rate)) for rate in bit_error_rates]
    table = np.array(columns, dtype=np.float64).reshape(-1, half + 1).T
    return np.where(table < SMALLEST, 0.0, table)


def check_bit_error_rate(rate: float) -> None:
    """Raise InputError unless `rate` is a bit error rate: a number from 0 to 0.5."""
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 0.5:
        raise InputError(f"bit error rate: found {rate!r}, expected a fraction from 0 to 0.5")


def _check_fan_in(fan_in: int) -> None:
    whole = isinstance(fan_in, int) and not isinstance(fan_in, bool)
    if not whole or fan_in % 2 == 0 or not 1 <= fan_in <= LARGEST_FAN_IN:
        raise InputError(
            f"fan_in: found {fan_in!r}, expected an odd integer from 1 to {LARGEST_FAN_IN}"
        )


def _of_one_rate(wrong: NDArray[np.float64], half: int, rate: float) -> NDArray[np.float64]:
    """P_wrong for d = 0 to `half`; `wrong[m]` is for m columns read at +1, m = D + half + 1."""
    result = np.empty(half + 1)
    steps = _steps(BLOCK - 1, rate)
    for first in range(0, half + 1, BLOCK):
        last = min(first + BLOCK - 1, half)
        changing = last - first
        if changing != BLOCK - 1:
            steps = _steps(changing, rate)
        lost, lost_law = binomial_law(half + 1 + first, rate)
        gained, gained_law = binomial_law(half - last, rate)
        # The law of the columns kept at +1 is that of the lost ones backwards.
        kept = half + 1 + first - (lost + len(lost_law) - 1)
        lowest = kept + gained
        count = len(lost_law) + len(gained_law) + changing - 1
        of_kept = np.correlate(wrong[lowest : lowest + count], lost_law[::-1], "valid")
        of_both = np.correlate(of_kept, gained_law, "valid")
        result[first : last + 1] = steps @ of_both
    return result


def _steps(changing: int, rate: float) -> NDArray[np.float64]:
    """Law of the columns read at +1 among `changing`, of which r = 0, 1, ... are truly at +1.

    Returns
    -------
    ndarray of float64, shape (changing + 1, changing + 1)
        [r, x]: probability of x read at +1.
    """
    laws = np.zeros((changing + 1, changing + 1))
    laws[0] = _whole_binomial_law(changing, rate)
    for ones in range(1, changing + 1):
        kept = _whole_binomial_law(ones, rate)[::-1]
        laws[ones] = np.convolve(kept, _whole_binomial_law(changing - ones, rate))
    return laws


def _whole_binomial_law(trials: int, rate: float) -> NDArray[np.float64]:
    law = np.zeros(trials + 1)
    first, middle = binomial_law(trials, rate)
    law[first : first + len(middle)] = middle
    return law


def binomial_law(trials: int, rate: float) -> tuple[int, NDArray[np.float64]]:
    """The binomial law Bin(trials, rate) without its far tails.

    By Bernstein's inequality a tail beyond w from the mean weighs less than
    exp(-w^2 / (2 (v + w/3))), v = trials * rate * (1 - rate); w is chosen so that this is
    `DROPPED`. The terms follow from the ratio of neighbours, outwards from the mode, and
    their sum is made 1: their relative error is a few roundings per step away from the mode.

    Returns
    -------
    first : int
        Successes that the first term stands for.
    law : ndarray of float64
        Probability of first, first + 1, ... successes.
    """
    mean = trials * rate
    exponent = -math.log(DROPPED)
    width = exponent / 3 + math.sqrt(exponent**2 / 9 + 2 * exponent * mean * (1 - rate))
    first = max(0, math.floor(mean - width))
    last = min(trials, math.ceil(mean + width))
    mode = min(math.floor((trials + 1) * rate), trials)
    above = np.arange(mode, last)
    below = np.arange(mode, first, -1)
    odds = rate / (1 - rate)
    up = np.cumprod((trials - above) / (above + 1) * odds)
    down = np.cumprod(below / (trials - below + 1) / odds) if rate > 0 else np.zeros(0)
    law = np.concatenate([down[::-1], [1.0], up])
    return first, law / math.fsum(law)
