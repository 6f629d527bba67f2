"""Every record that differs from a given one in one field."""

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

import numpy as np

from popbridge.errors import InputError


def single_changes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each field of a dataclass, and of those within it, with a copy that has another value there.

    A field that can only change together with another one comes with None.
    """
    for item in dataclasses.fields(value):
        name, inner = f"{path}{item.name}", getattr(value, item.name)
        if dataclasses.is_dataclass(inner):
            for place, changed in single_changes(inner, f"{name}."):
                yield place, changed and _with(value, item.name, [changed])
        else:
            yield name, _with(value, item.name, _others(inner))


def _with(value: Any, name: str, others: Any) -> Any:
    """A copy with the first of some other values that the field may have."""
    for other in others:
        try:
            return dataclasses.replace(value, **{name: other})
        except InputError:
            continue
    return None


def _others(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, enum.Enum):
        yield from (member for member in type(value) if member is not value)
    elif isinstance(value, int):
        yield from (value + 1, value + 2, value - 1, value - 2)
    elif isinstance(value, float):
        near = (value * (1 + 1e-9), value * (1 - 1e-9), value + 1e-3, value + 1e-18)
        yield from (other for other in near if other != value)
    elif isinstance(value, str):
        yield f"{value}x"
    elif isinstance(value, np.ndarray):
        yield from _other_arrays(value)
    elif isinstance(value, tuple):
        yield from _other_tuples(value)
    elif value is None:
        yield from (1, 1.0, "x", {"a": 1}, ("a",))


def _other_arrays(value: np.ndarray) -> Iterator[np.ndarray]:
    last = int(value.flat[-1])
    limits = np.iinfo(value.dtype)
    for other in (last + 1, last - 1, -last):
        if limits.min <= other <= limits.max:
            changed = value.copy()
            changed.flat[-1] = other
            yield changed


def _other_tuples(value: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for index, item in enumerate(value):
        if dataclasses.is_dataclass(item):
            changes = (changed for _, changed in single_changes(item) if changed is not None)
        else:
            changes = _others(item)
        for changed in changes:
            yield (*value[:index], changed, *value[index + 1 :])
    yield (*value, "x")
