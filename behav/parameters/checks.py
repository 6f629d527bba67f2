"""Checks of parameters: one line that says which field, what was found, what was expected."""

import math

from ...errors import InputError


def require_above(owner: object, *names: str) -> None:
    """Raise InputError unless these fields are finite numbers above 0."""
    for name in names:
        value = getattr(owner, name)
        if not (is_number(value) and value > 0):
            raise InputError(f"{name}: found {value!r}, expected a finite number above 0")


def require_within(owner: object, most: float, *names: str) -> None:
    """Raise InputError unless these fields are finite numbers from 0 to `most`."""
    for name in names:
        value = getattr(owner, name)
        if not (is_number(value) and 0 <= value <= most):
            limits = f"from 0 to {most:g}" if most < math.inf else "of at least 0"
            raise InputError(f"{name}: found {value!r}, expected a finite number {limits}")


def is_number(value: object) -> bool:
    """Whether a value is a finite int or float, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def require_magnitude(owner: object, most: float, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not (is_number(value) and abs(value) <= most):
            raise InputError(
                f"{name}: found {value!r}, expected a finite number from {-most:g} to {most:g}"
            )
