"""What codes and trims mean: the arithmetic of read-out and calibration, on ints and on arrays.

The components' models and the physics both follow these; the circuits are written independently.
"""

from collections.abc import Callable
from typing import Any

Whole = Any
"""An int, or a NumPy array of int64, taken element by element."""
Compare = Callable[[Whole, Whole], Any]
"""The comparator's answer to (dac_p, dac_n): whether the score seen is above 0."""


def score_of_code(code: Whole, count_bits: int) -> Whole:
    """The score s = 2m - n that a read-out code of `count_bits` bits stands for.

    The bank adds dac_p - dac_n = 2^K - 2*trial to s, in units of one column's capacitor, so the
    search settles on the code with 2*code - 2^K < s < 2*(code + 1) - 2^K; n drops out.
    """
    return 2 * code + 1 - (1 << count_bits)


def successive_approximation(count_bits: int, compare: Compare) -> Whole:
    """The code found in `count_bits` trials.

    Trial t sets bit K-1-t of the code tentatively, drives the bank of line N with that code and
    the bank of line P with 2^K less it, and keeps the bit if the comparator says +1.
    """
    code: Whole = 0
    for place in reversed(range(count_bits)):
        bit = 1 << place
        tried = code | bit
        code = code | bit * compare((1 << count_bits) - tried, tried)
    return code


def bank_codes(trim: Whole, trim_bits: int) -> tuple[Whole, Whole]:
    """dac_p and dac_n that add `trim` to the score; beyond the bank's reach, its largest code."""
    most = (1 << trim_bits) - 1
    return _clipped(trim, most), _clipped(-trim, most)


def corrected_code(code: Whole, trim: Whole, count_bits: int) -> Whole:
    """A read-out code with the offset that `trim` cancels taken off, saturated.

    A code is two score units wide. Of an odd score, an offset between |trim| and |trim| + 1 takes
    ceil(|trim| / 2) codes exactly [D].
    """
    sign = 1 * (trim > 0) - 1 * (trim < 0)
    return _clipped(code + sign * ((abs(trim) + 1) // 2), (1 << count_bits) - 1)


def search_trim(trim_bits: int, compare: Compare) -> Whole:
    """The trim, given the comparator's majority for (dac_p, dac_n) at a score of 0.

    The first comparison finds the offset's sign, with the bank at 0. Then, from the highest bit
    down, a bit of the code against it is kept if the answer is still the first one's. The trim's
    magnitude is the largest integer below that of the offset, in score units: what is left of the
    offset is below 1, so that no odd score is decided wrongly for it.
    """
    above = 1 * compare(0, 0)
    found: Whole = 0
    for place in reversed(range(trim_bits)):
        bit = 1 << place
        tried = found | bit
        found = found | bit * (compare(tried * (1 - above), tried * above) == above)
    return found * (1 - 2 * above)


def _clipped(value: Whole, most: int) -> Whole:
    """The nearest of 0 to `most`."""
    at_least_0 = value * (value > 0)
    return at_least_0 + (most - at_least_0) * (at_least_0 > most)
