"""How the report writes numbers: filters of its template."""

from collections.abc import Callable
from typing import Any

PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k"}
MINUS = "\N{MINUS SIGN}"
GAP = "\N{NO-BREAK SPACE}"
"""Between a number and its unit."""


def percent(share: float, digits: int = 2) -> str:
    """A fraction in percent."""
    return f"{share * 100:.{digits}f}{GAP}%"


def nanoseconds(seconds: float) -> str:
    """Seconds in ns, without the unit."""
    return _signed(f"{seconds * 1e9:.2f}")


def points(share: float) -> str:
    """A difference of fractions in percentage points, with its sign."""
    return _signed(f"{share * 100:+.2f}")


def grouped(number: int) -> str:
    """An integer with thousands apart."""
    return f"{number:,}"


def significant(number: float) -> str:
    """Three significant digits, or all of a larger integer part; below 1e-4 with an exponent."""
    whole = abs(number) >= 99.95 or number == 0
    return f"{number:,.0f}" if whole else f"{number:#.3g}"


def engineering(value: float, unit: str) -> str:
    """Three significant digits, the unit with its prefix."""
    rounded = float(f"{value:.3g}")
    power = int(f"{rounded:e}".partition("e")[2]) // 3 * 3 if rounded else 0
    power = min(max(power, min(PREFIXES)), max(PREFIXES))
    return f"{significant(rounded / 10**power)}{GAP}{PREFIXES[power]}{unit}"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (percent, nanoseconds, points, grouped, significant, engineering)
}
