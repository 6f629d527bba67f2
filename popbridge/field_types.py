"""What a field of a record may hold: its type, the limits of numbers, and words for messages."""

import enum
import math
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from .errors import InputError

LONGEST_SHOWN = 40
"""Characters of a wrong value that a message repeats."""
LARGEST = 2**64 - 1
"""Magnitude of an integer: JSON and TOML have them of any length."""


@dataclass(frozen=True)
class Limits:
    """Range of a number; `least` itself is out of it if `open`."""

    least: float
    most: float = math.inf
    open: bool = False

    def hold(self, value: float) -> bool:
        """Whether a value is within."""
        return self.least <= value <= self.most and not (self.open and value == self.least)

    def __str__(self) -> str:
        if self.most < math.inf:
            return f"from {self.least:g} to {self.most:g}"
        return f"{'above' if self.open else 'of at least'} {self.least:g}"


Count: TypeAlias = Annotated[int, Limits(0)]
Size: TypeAlias = Annotated[int, Limits(1)]
Share: TypeAlias = Annotated[float, Limits(0, 1)]
Magnitude: TypeAlias = Annotated[float, Limits(0)]
Positive: TypeAlias = Annotated[float, Limits(0, open=True)]


def shown(value: object) -> str:
    """A wrong value, as messages show it."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; an integer of too many digits
        return f"{type(value).__name__} of no end"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def bare(expected: Any) -> Any:
    """A type without its limits."""
    return typing.get_args(expected)[0] if typing.get_origin(expected) is Annotated else expected


def fits(expected: Any, value: Any) -> bool:
    """Whether a value is of a simple type: a number within its limits, text, flag or word."""
    kind = bare(expected)
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    if not isinstance(value, int | float if kind is float else kind):
        return False
    if isinstance(value, bool) or kind not in (int, float):
        return isinstance(value, bool) == (kind is bool)
    whole = isinstance(value, int)
    if (whole and abs(value) > LARGEST) or (not whole and not math.isfinite(value)):
        return False
    return all(limits.hold(value) for limits in typing.get_args(expected)[1:])


_WORDS = {str: "text", bool: "true or false", int: "an integer", float: "a finite number"}


def words(expected: Any) -> str:
    """What a message calls a type."""
    kind, inner = typing.get_origin(expected), typing.get_args(expected)
    if kind is Annotated:
        return " ".join([words(inner[0]), *map(str, inner[1:])])
    if kind is typing.Literal:
        return " or ".join(map(repr, inner))
    if kind in (types.UnionType, typing.Union):
        return " or ".join(words(each) for each in inner if each is not types.NoneType)
    if isinstance(expected, type) and issubclass(expected, enum.Enum):
        return f"one of {[item.value for item in expected]}"
    return _WORDS.get(expected, "a table of fields" if kind is dict else "another value")


def wrong(path: str, value: object, expected: Any) -> InputError:
    return InputError(f"{path}: found {shown(value)}, expected {words(expected)}")
