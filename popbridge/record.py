"""Parameter records: frozen dataclasses that are checked, and read from and written to TOML."""

from __future__ import annotations

import dataclasses
import enum
import re
import tomllib
import typing
from pathlib import Path
from typing import Any, Self

import tomli_w

from .errors import InputError


class Record:
    """Base of the frozen parameter dataclasses: checked construction from plain data and TOML."""

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed; the checks run again."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Nested plain data, as TOML and JSON hold it."""
        return {name: _plain(getattr(self, name)) for name in _fields(type(self))}

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "") -> Self:
        """Build from nested plain data.

        Parameters
        ----------
        values : dict
            Field name to value; missing fields keep their defaults.
        where : str
            Place of `values`, for messages.

        Raises
        ------
        InputError
            An unknown field, a value of another type, or one out of range.
        """
        try:
            return _build(cls, values, "")
        except InputError as error:
            if not where:
                raise
            raise InputError(f"{where}: {error}") from error

    @classmethod
    def from_toml(cls, path: Path) -> Self:
        """Read a TOML file; errors name the file."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; expected a TOML file") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path}: not readable as TOML: {error}") from error
        return cls.from_dict(values, str(path))

    def to_toml(self) -> str:
        """The text of a TOML file that `from_toml` reads back to an equal object."""
        return tomli_w.dumps(self.to_dict())


def _fields(kind: type[Record]) -> dict[str, dataclasses.Field[Any]]:
    return {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _build(kind: type[Record], values: Any, path: str) -> Any:
    """A record from plain data; `path` names its field in the outermost record."""
    place = f"{path}: " if path else ""
    if not isinstance(values, dict):
        raise InputError(f"{place}found {values!r}, expected a table of fields")
    hints = typing.get_type_hints(kind)
    known = _fields(kind)
    inner = f"{path}." if path else ""
    arguments = {}
    for name, value in values.items():
        if name not in known:
            raise InputError(f"{place}unknown field {name!r}; expected one of {list(known)}")
        arguments[name] = _converted(hints[name], value, f"{inner}{name}")
    for name, item in known.items():
        default = (item.default, item.default_factory)
        if name not in arguments and default == (dataclasses.MISSING, dataclasses.MISSING):
            raise InputError(f"{inner}{name}: found nothing, expected a value")
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        # A message that begins with a field's name goes on from the path.
        first = re.match(r"\w*", str(error))
        before = inner if first and first[0] in known else place
        raise InputError(f"{before}{error}") from error


def _converted(expected: Any, value: Any, path: str) -> Any:
    if typing.get_origin(expected) is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(f"{path}: found {value!r}, expected a list")
        item_type = typing.get_args(expected)[0]
        return tuple(
            _converted(item_type, item, f"{path}[{index}]") for index, item in enumerate(value)
        )
    if isinstance(expected, type) and issubclass(expected, Record):
        return _build(expected, value, path)
    if isinstance(expected, type) and issubclass(expected, enum.Enum):
        try:
            return expected(value)
        except ValueError:
            allowed = [item.value for item in expected]
            raise InputError(f"{path}: found {value!r}, expected one of {allowed}") from None
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise InputError(f"{path}: found {value!r}, expected {expected.__name__}")
    return value


def require_at_least(owner: object, name: str, least: int) -> None:
    """Raise InputError unless the integer field `name` of `owner` is at least `least`."""
    value = getattr(owner, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{name}: found {value!r}, expected an integer of at least {least}")
