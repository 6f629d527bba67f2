"""The error law of the comparator that the authors of the source paper published."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...field_types import Positive, fits, wrong


class ErrorLaw(NamedTuple):
    """Spread of the authors' error law in popcount counts: sigma = slope * n + intercept."""

    slope: float
    """Counts per column; as a voltage, sigma_V = 2 kappa VDD slope whatever n is [D]."""
    intercept: float
    """Counts."""

    def sigma_counts(self, fan_in: int) -> float:
        """Spread for n columns, bias columns included, popcount counts."""
        return self.slope * fan_in + self.intercept


ERROR_LAWS: dict[float, ErrorLaw] = {
    6e-9: ErrorLaw(2.456225e-3, 0.1602184),
    8e-9: ErrorLaw(2.02760e-3, 0.18889),
    20e-9: ErrorLaw(1.705053e-3, 0.2111735),
}
"""Clock period in s to error law, by rising period; n includes the bias columns [R].

The authors' tables at a bit error rate of 0 are 0.5 exp(-(d + 1)^2 / (2 sigma^2)) to 15 digits, so
that each gives its sigma. Two tables at 6 ns give slope and intercept. The table at 20 ns gives
sigma(1127) = 2.1327682; six digits of slope and intercept were known, and the next ones are chosen
to meet it. At 8 ns six and five digits are known, good for 2e-4 of a probability of 1e-9."""


def error_law(clock_s: float) -> tuple[ErrorLaw, str | None]:
    """The error law at a clock period.

    Slope and intercept are linear in the clock period between the published periods. Below the
    shortest one the line through the two shortest goes on; above the longest one the law of the
    longest one stays [E]: a line would come to a negative spread.

    Parameters
    ----------
    clock_s : float
        Clock period of the comparator, s, above 0.

    Returns
    -------
    law : ErrorLaw
    note : str or None
        One line that says how the law was found, for a reader; None if it was published [R].

    Raises
    ------
    InputError
        `clock_s` is not a finite number above 0.
    """
    if not fits(Positive, clock_s):
        raise wrong("clock_s", clock_s, Positive)
    periods = list(ERROR_LAWS)
    for known_s in periods:
        if math.isclose(clock_s, known_s, rel_tol=1e-6):
            return ERROR_LAWS[known_s], None
    if clock_s > periods[-1]:
        return ERROR_LAWS[periods[-1]], (
            f"warning: {_ns(clock_s)} is beyond the published error laws, {_published()}; "
            f"the law of {_ns(periods[-1])} is used"
        )
    after = next(index for index in range(1, len(periods)) if clock_s < periods[index])
    law = _on_line(periods[after - 1], periods[after], clock_s)
    line = f"{_ns(periods[after - 1])} and {_ns(periods[after])}"
    if clock_s < periods[0]:
        return law, (
            f"warning: {_ns(clock_s)} is beyond the published error laws, {_published()}; "
            f"extrapolated from {line}, not measured"
        )
    return law, f"note: error law at {_ns(clock_s)} is an interpolation between {line}"


def _on_line(low_s: float, high_s: float, clock_s: float) -> ErrorLaw:
    part = (clock_s - low_s) / (high_s - low_s)
    low, high = ERROR_LAWS[low_s], ERROR_LAWS[high_s]
    return ErrorLaw(
        low.slope + part * (high.slope - low.slope),
        low.intercept + part * (high.intercept - low.intercept),
    )


def _ns(period_s: float) -> str:
    return f"{period_s * 1e9:g} ns"


def _published() -> str:
    *others, last = [f"{period_s * 1e9:g}" for period_s in ERROR_LAWS]
    return f"{', '.join(others)} and {last} ns"


def comparator_error_probability(surplus: ArrayLike, sigma_counts: float) -> NDArray[np.float64]:
    """Probability that the comparator decides wrongly on a surplus it finds.

    P_err(D) = 0.5 exp(-(|D| + 1)^2 / (2 sigma^2)) [P].

    Parameters
    ----------
    surplus : array_like
        D, popcount counts over the narrowest majority of ones: (s - 1) / 2 for a score s.
    sigma_counts : float
        Spread, popcount counts, above 0.
    """
    distance = np.abs(np.asarray(surplus, dtype=np.float64)) + 1
    return 0.5 * np.exp(-(distance**2) / (2 * sigma_counts**2))
