"""One digest of structured values: what the keys of journals and caches are made of."""

import enum
import functools
import hashlib
import pathlib
from dataclasses import fields, is_dataclass

import numpy as np

DIGITS = 24
"""Of a digest in a file's name or a journal's key."""
_KINDS = "biufcSU"
"""Kinds of arrays whose bytes are all that they hold."""


def digest_of(*values: object) -> str:
    """A digest of values: the same for equal ones, another one for any others.

    Types, names and values of fields, and type, shape and content of arrays are in it, each with
    its length, so that nothing of one value can be read as part of another.

    Parameters
    ----------
    values : object
        None, flags, numbers, text, bytes, paths, enumerations, arrays and dataclasses, records
        among them; tuples, lists and dicts of these.

    Raises
    ------
    TypeError
        A value of another type, whose text might not say what it holds.
    """
    return _digest(values)


def key_of(*values: object) -> str:
    """The beginning of `digest_of`, for names of files and keys of journals."""
    return digest_of(*values)[:DIGITS]


def _hashed(kind: str, *parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in (kind, *parts):
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(f"{len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


@functools.singledispatch
def _digest(value: object) -> str:
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"found {type(value).__name__}, expected a value that has a digest")
    parts = [part for item in fields(value) for part in (item.name, _field(value, item.name))]
    return _hashed(type(value).__qualname__, *parts)


def _field(value: object, name: str) -> str:
    return _digest(vars(value)[name])


@_digest.register(type(None))
@_digest.register(bool)
@_digest.register(int)
@_digest.register(float)
@_digest.register(str)
@_digest.register(pathlib.PurePath)
def _plain(value: object) -> str:
    text = value.hex() if isinstance(value, float) else str(value)
    return _hashed(type(value).__name__, text)


@_digest.register
def _bytes(value: bytes) -> str:
    return _hashed("bytes", value)


@_digest.register
def _member(value: enum.Enum) -> str:
    return _hashed(type(value).__qualname__, value.name)


@_digest.register(tuple)
@_digest.register(list)
def _items(value: tuple[object, ...] | list[object]) -> str:
    return _hashed(type(value).__qualname__, *map(_digest, value))


@_digest.register
def _table(value: dict) -> str:
    pairs = sorted(_digest(name) + _digest(item) for name, item in value.items())
    return _hashed("dict", *pairs)


@_digest.register
def _array(value: np.ndarray) -> str:
    if type(value) is not np.ndarray or value.dtype.kind not in _KINDS:
        raise TypeError(f"found an array of {value.dtype}, expected numbers or text")
    return _hashed("array", value.dtype.str, repr(value.shape), value.tobytes())


@_digest.register
def _scalar(value: np.generic) -> str:
    return _hashed("scalar", _array(np.asarray(value)))
