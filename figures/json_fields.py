"""Fields of a command's JSON result, each checked as it is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..behav.parameters.checks import is_number
from ..errors import InputError


def found_at(result: Any, *at: str | int) -> Any:
    """What is at a place in nested mappings and lists.

    Parameters
    ----------
    result : mapping
        The whole result, so that a complaint can name the whole place.
    at : str or int
        Names of fields and numbers of elements on the way.

    Raises
    ------
    InputError
        Nothing is there.
    """
    found = result
    for depth, step in enumerate(at):
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            raise InputError(
                f"{_place(at[: depth + 1])}: found nothing, expected a value"
            ) from None
    return found


def number_at(result: Any, *at: str | int, least: float = 0.0, most: float = math.inf) -> float:
    """The number at a place, from `least` to `most`; places as in `found_at`.

    Raises
    ------
    InputError
        None is there, or one out of range.
    """
    found = found_at(result, *at)
    if not (is_number(found) and least <= found <= most):
        limits = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise InputError(f"{_place(at)}: found {found!r}, expected a number {limits}")
    return float(found)


def length_at(result: Any, *at: str | int) -> int:
    """Length of the list at a place, at least 1; places as in `found_at`.

    Raises
    ------
    InputError
        No list is there, or an empty one.
    """
    found = found_at(result, *at)
    if not (isinstance(found, list) and found):
        raise InputError(f"{_place(at)}: found {found!r}, expected a list of at least one")
    return len(found)


def _place(at: Sequence[str | int]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in at]
    return "".join(steps).removeprefix(".")
