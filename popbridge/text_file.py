"""The one reader of text that a user gives: JSON and TOML, within bounds, in UTF-8."""

import json
import math
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from .errors import InputError
from .field_types import LARGEST, shown

LARGEST_JSON_BYTES = 2**26
LARGEST_TOML_BYTES = 2**20
MOST_LEVELS = 64
"""Of tables and lists within each other; ours have ten."""
_Place: TypeAlias = "tuple[_Place, str | int] | None"
"""A name or an index, behind those around it."""


def read_bytes(path: Path, most: int, expected: str) -> bytes:
    """A file's content.

    Raises
    ------
    InputError
        Not readable, or longer than `most` bytes; `expected` says what was looked for.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path}: found {error.strerror}, expected {expected}") from None
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{path}: found {error}, expected {expected}") from None
    if len(content) > most:
        raise InputError(f"{path}: found more than {most} bytes, expected {expected}")
    return content


def read_json(path: Path, expected: str) -> Any:
    """The value in a JSON file.

    Raises
    ------
    InputError
        Not readable, or as `parse_json`.
    """
    content = read_bytes(path, LARGEST_JSON_BYTES, expected)
    return _parsed(content, parse_json, f"{path}: ", expected)


def read_toml(path: Path, expected: str = "a TOML file") -> dict[str, Any]:
    """The table in a TOML file.

    Raises
    ------
    InputError
        Not readable, or as `parse_json`.
    """
    content = read_bytes(path, LARGEST_TOML_BYTES, expected)
    values: dict[str, Any] = _parsed(content, parse_toml, f"{path}: ", expected)
    return values


def _parsed(content: bytes, parse: Callable[[bytes], Any], where: str, expected: str) -> Any:
    try:
        return parse(content)
    except InputError as error:
        raise InputError(f"{where}{error}, expected {expected}") from None


def parse_json(content: bytes) -> Any:
    """The value that JSON in UTF-8 stands for.

    Raises
    ------
    InputError
        Other bytes; a name twice in an object, a number beyond the range of floats or of 64 bits,
        NaN, half of a surrogate pair, or more than `MOST_LEVELS` levels. It says what was found
        and where, not what was expected.
    """
    try:
        value = json.loads(_decoded(content), object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise InputError(f"found no whole JSON ({error.msg}, line {error.lineno})") from None
    except RecursionError:
        raise _too_deep() from None
    except InputError:
        raise
    except ValueError:
        raise InputError("found a number of more than 4300 digits") from None
    _require_plain(value)
    return value


def parse_toml(content: bytes) -> dict[str, Any]:
    """The table that TOML in UTF-8 stands for.

    Raises
    ------
    InputError
        As `parse_json`.
    """
    try:
        values = tomllib.loads(_decoded(content))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"found no whole TOML ({error})") from None
    except RecursionError:
        raise _too_deep() from None
    except InputError:
        raise
    except ValueError:
        raise InputError("found a number or a date out of range") from None
    _require_plain(values)
    return values


def _decoded(content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise InputError("found a byte order mark")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("found bytes that are no UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise InputError(f"found {shown(twice)} twice in an object")
    return found


def _too_deep() -> InputError:
    return InputError(f"found more than {MOST_LEVELS} levels")


def _require_plain(value: Any) -> None:
    """Numbers that can be computed with, text that can be written, and few levels: whatever is
    done with the value can rely on it."""
    waiting: list[tuple[_Place, int, Any]] = [(None, 0, value)]
    while waiting:
        place, level, each = waiting.pop()
        if isinstance(each, dict):
            inner: Iterable[tuple[Any, Any]] = each.items()
            for name in each:
                _require_plain_item(place, name)
        elif isinstance(each, list):
            inner = enumerate(each)
        else:
            _require_plain_item(place, each)
            continue
        if level == MOST_LEVELS:
            raise _too_deep()
        waiting += [((place, name), level + 1, item) for name, item in inner]


def _require_plain_item(place: _Place, value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise InputError(f"{_shown_place(place)}found half of a surrogate pair in text")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InputError(f"{_shown_place(place)}found {value}, which is no finite number")
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise InputError(f"{_shown_place(place)}found an integer of {value.bit_length()} bits")


def _shown_place(place: _Place) -> str:
    words: list[str] = []
    while place is not None:
        place, name = place
        words.insert(0, f"[{name}]" if isinstance(name, int) else f".{name}")
    return f"{''.join(words).removeprefix('.')}: " if words else ""
