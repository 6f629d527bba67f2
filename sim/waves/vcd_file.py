"""VCD files as streams: the variables of the header, then blocks of changes, time by time.

Read here rather than by pyvcd, whose reader refuses names that begin with $, as scopes of Verilator
and Icarus have, and takes a body byte by byte. A body is read line by line: simulators write one
change on each.
"""

import itertools
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, TypeVar

from ...errors import InputError

Watched = TypeVar("Watched")

END_OF_HEADER = b"$enddefinitions"
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
_UNKNOWN_IS_LOW = bytes.maketrans(b"xXzZ", b"0000")


class Variable(NamedTuple):
    """A declared variable."""

    scope: str
    """Names of the scopes around it, outermost first, joined by dots."""
    name: str
    code: bytes
    """What the body calls it; several variables can share one."""


@dataclass(frozen=True, eq=False)
class Header:
    """What stands before the changes."""

    lines: list[bytes]
    """All of it but the line that ends it."""
    end: bytes
    """That line."""
    tick_s: float
    """Unit of the times, s."""
    variables: list[Variable]

    where: object
    """Name of the file, for messages."""

    def code_of(self, name: str) -> bytes:
        """The code of the first variable of a name, in any scope.

        Raises
        ------
        InputError
            There is none.
        """
        for variable in self.variables:
            if variable.name == name:
                return variable.code
        raise InputError(f"{self.where}: found no signal {name}, expected one")


class Block(NamedTuple):
    """What changes at one time."""

    tick: int
    lines: list[bytes]
    """Its time and changes, as they stand in the file."""


def read_header(stream: BinaryIO, where: object) -> Header:
    """The header of a VCD file, which leaves the stream at its body.

    Parameters
    ----------
    where : object
        Name of the file, for messages.

    Raises
    ------
    InputError
        No such header.
    """
    lines: list[bytes] = []
    for line in stream:
        if line.startswith(END_OF_HEADER):
            try:
                return _parsed(lines, line, where)
            except (IndexError, KeyError, ValueError):
                raise InputError(f"{where}: found a broken header, expected a VCD file") from None
        lines.append(line)
    raise InputError(f"{where}: found no end of a header, expected a VCD file")


def _parsed(lines: list[bytes], end: bytes, where: object) -> Header:
    words = iter(b" ".join(lines).decode().split())
    tick_s, scopes, variables = 1.0, [], []
    for word in words:
        rest = list(itertools.takewhile(lambda word: word != "$end", words))
        if word == "$timescale":
            scale = "".join(rest)
            magnitude = scale.rstrip(string.ascii_letters)
            tick_s = int(magnitude) * _SECONDS[scale.removeprefix(magnitude)]
        elif word == "$scope":
            scopes.append(rest[1])
        elif word == "$upscope":
            scopes.pop()
        elif word == "$var":
            name = rest[3].removeprefix("\\")
            variables.append(Variable(".".join(scopes), name, rest[2].encode()))
    return Header(lines, end, tick_s, variables, where)


def blocks(stream: BinaryIO) -> Iterator[Block]:
    """The body's blocks, in their order; a last line without an end is left out."""
    tick: int | None = None
    lines: list[bytes] = []
    line = b""
    for line in stream:
        if line.startswith(b"#") and line.endswith(b"\n"):
            # Blank lines may stand before the first time, and simulators may dump there.
            if tick is not None or any(map(bytes.strip, lines)):
                yield Block(tick or 0, lines)
            tick, lines = int(line[1:]), []
        lines.append(line)
    if not line.endswith(b"\n"):
        del lines[-1:]
    if lines:
        yield Block(tick or 0, lines)


def changes(
    lines: Iterable[bytes], watched: Mapping[bytes, Watched]
) -> Iterator[tuple[Watched, bytes]]:
    """Changes of watched codes among a block's lines: what each is watched as, and its value."""
    for line in lines:
        value, space, code = line.rpartition(b" ")
        if not space:
            value, code = line[:1], line[1:]
        known = watched.get(code[:-1])
        # A code can be any word: 12 as in #12, or end as in $end.
        if known is not None and value[0] not in b"#$":
            yield known, value[1:] if space else value


def number(value: bytes) -> int:
    """The value of a digital change; bits that are unknown or undriven count as 0."""
    return int(value.translate(_UNKNOWN_IS_LOW), 2)
