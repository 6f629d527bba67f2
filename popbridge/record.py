"""Records: frozen dataclasses that are checked, and read from and written to TOML and JSON.

A field's type says what it may hold: text, a flag, a number, a path, an enumeration, another
record, one of a few `Literal` words, ``X | None``, ``tuple[X, ...]`` or ``dict[str, X]`` of these.
Limits of numbers stand in the type, too: `Count`, `Size`, `Share`, `Magnitude`, `Positive` of
`field_types`, or ``Annotated[int, Limits(1, 9)]``.

A field whose default is None is left out of files while it is None, since TOML has no null.
"""

import dataclasses
import enum
import functools
import json
import re
import types
import typing
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w

from .errors import InputError
from .field_types import bare, fits, shown, wrong
from .text_file import read_json, read_toml


@typing.dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """Base of frozen dataclasses: checked construction, plain data, TOML.

    Its subclasses are made dataclasses without a decorator, built by keyword.
    """

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)

    def __post_init__(self) -> None:
        """Check every field against its type; whole numbers become floats, lists tuples."""
        for name, kind in _types(type(self)).items():  # type: ignore[arg-type]
            checked = _converted(kind, getattr(self, name), name)
            object.__setattr__(self, name, checked)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed; the checks run again."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Nested plain data, as TOML and JSON hold it."""
        return {
            name: _plain(getattr(self, name))
            for name, item in _fields(type(self)).items()
            if item.default is not None or getattr(self, name) is not None
        }

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
        return cls.from_dict(read_toml(path), str(path))

    def to_toml(self) -> str:
        """The text of a TOML file that `from_toml` reads back to an equal object."""
        return tomli_w.dumps(self.to_dict())


class ResultPart(Record):
    """A record inside a result."""


class Result(ResultPart):
    """What a command found: its JSON is the dump of this record, and is read back to it."""

    schema_version: ClassVar[int] = 1
    """Counts changes after which older readers would read something wrong."""
    made_by: ClassVar[str]
    """The command whose ``--json`` writes it."""

    def to_dict(self) -> dict[str, Any]:
        """Nested plain data, with the version of its schema."""
        return {"schema_version": self.schema_version, **super().to_dict()}

    def to_json(self) -> str:
        """The text of a JSON file that `from_json` reads back to an equal object."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_json(cls, path: Path) -> Self:
        """Read what the command wrote.

        Raises
        ------
        InputError
            No such file, no JSON, another schema, or a field that is unknown, missing, of another
            kind or out of range, or does not go with the others; it names the field.
        """
        expected = f"the JSON of {cls.made_by}"
        values = read_json(path, expected)
        try:
            return cls.from_dict(values)
        except InputError as error:
            raise InputError(f"{path}: {error} (of {expected})") from None

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "") -> Self:
        """Build from nested plain data, as `Record.from_dict`; of this schema, or without one."""
        version = values.get("schema_version", 1) if isinstance(values, dict) else 1
        if version != cls.schema_version:
            place = f"{where}: " if where else ""
            raise InputError(
                f"{place}schema_version: found {shown(version)}, expected {cls.schema_version}"
            )
        if isinstance(values, dict):
            values = {name: value for name, value in values.items() if name != "schema_version"}
        return super().from_dict(values, where)


def _fields(kind: Any) -> dict[str, dataclasses.Field[Any]]:
    return {item.name: item for item in dataclasses.fields(kind)}


@functools.cache
def _types(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in _fields(kind)}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return str(value) if isinstance(value, Path) else value


def _build(kind: type[Record], values: Any, path: str) -> Any:
    """A record from plain data; `path` names its field in the outermost record."""
    place = f"{path}: " if path else ""
    if not isinstance(values, dict):
        raise InputError(f"{place}found {shown(values)}, expected a table of fields")
    known = _fields(kind)
    kinds = _types(kind)  # type: ignore[arg-type]
    inner = f"{path}." if path else ""
    arguments = {}
    for name, value in values.items():
        if name not in known:
            raise InputError(f"{place}unknown field {name!r}; expected one of {list(known)}")
        arguments[name] = _converted(kinds[name], value, f"{inner}{name}")
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
    """A value of the expected type, from plain data or from such a value."""
    kind, inner = typing.get_origin(expected), typing.get_args(expected)
    if kind in (types.UnionType, typing.Union):
        return _one_of(expected, value, path)
    if kind is tuple:
        return _items(inner, value, path)
    if kind is dict:
        if not isinstance(value, dict):
            raise wrong(path, value, expected)
        return {name: _converted(inner[1], item, f"{path}.{name}") for name, item in value.items()}
    if isinstance(expected, type) and issubclass(expected, Record):
        return value if isinstance(value, expected) else _build(expected, value, path)
    if isinstance(expected, type) and issubclass(expected, enum.Enum):
        try:
            return expected(value)
        except ValueError:
            raise wrong(path, value, expected) from None
    if expected is Path and isinstance(value, str):
        return Path(value)
    if not fits(expected, value):
        raise wrong(path, value, expected)
    return float(value) if bare(expected) is float else value


def _one_of(union: Any, value: Any, path: str) -> Any:
    *others, last = typing.get_args(union)
    if last is types.NoneType:
        if value is None:
            return None
        *others, last = others
    for kind in others:
        try:
            return _converted(kind, value, path)
        except InputError:
            continue
    try:
        return _converted(last, value, path)
    except InputError:
        if others:
            raise wrong(path, value, union) from None
        raise


def _items(kinds: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{path}: found {shown(value)}, expected a list")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        raise InputError(f"{path}: found {shown(value)}, expected a list of {len(kinds)}")
    return tuple(
        _converted(kind, item, f"{path}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def require_at_most(owner: object, **most: float) -> None:
    """Raise InputError unless each named field of `owner` is at most what is given for it."""
    for name, limit in most.items():
        value = vars(owner)[name]
        if value > limit:
            raise InputError(f"{name}: found {value!r}, expected at most {limit!r}")


def require_equal(owner: object, **expected: object) -> None:
    """Raise InputError unless each named field of `owner` equals what is given for it."""
    for name, value in expected.items():
        if vars(owner)[name] != value:
            raise InputError(
                f"{name}: found {shown(vars(owner)[name])}, expected {shown(value)} by the others"
            )


def require_at_least(owner: object, name: str, least: int) -> None:
    """Raise InputError unless the integer field `name` of `owner` is at least `least`."""
    value = getattr(owner, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{name}: found {value!r}, expected an integer of at least {least}")
