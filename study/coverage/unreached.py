"""What need not be reached, each with its reason: `unreached.toml`."""

import functools
import re
from pathlib import Path
from typing import Literal

from ...errors import InputError
from ...field_types import Count
from ...record import Record
from .points import Point

LIST = Path(__file__).with_name("unreached.toml")


class Unreached(Record):
    """Points of one kind that nothing reaches, and why."""

    kind: Literal["toggle", "code"]
    """Edges of signals, or lines and branches."""
    names: str
    """A regular expression: of the whole path and name of a signal, numbers left out; of a part of
    what a line or branch is told as."""
    lowest: Count = 0
    """The first bit of the signal that is not reached."""
    highest: Count = 2**31 - 1
    """The last one."""
    edge: Literal["0->1", "1->0"] | None = None
    """The only edge that is not reached; None for both."""
    designs: str = ""
    """A regular expression of a part of the designs' names."""
    reason: str

    @property
    def told_as(self) -> str:
        """What it is of."""
        bits = f"[{self.lowest}..{self.highest}]" if self.kind == "toggle" else ""
        return f"{self.kind} {self.names}{bits}"

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.names)

    def covers(self, design: str, point: Point) -> bool:
        """Whether this is the reason of a point."""
        if (point.kind == "toggle") != (self.kind == "toggle"):
            return False
        if not re.search(self.designs, design):
            return False
        if self.kind == "code":
            return self._pattern.search(point.name) is not None
        return (
            self.lowest <= point.bit <= self.highest
            and self.edge in (None, point.text)
            and any(self._pattern.fullmatch(name) for name in (point.owner, point.numbered))
        )


class UnreachedBin(Record):
    """Bins of a cross that no scenario can hit, and why."""

    cross: str
    bins: tuple[str, ...]
    """A regular expression of the whole value for each of the cross's points, in order."""
    designs: str = ""
    """A regular expression of a part of the designs' names."""
    reason: str

    @property
    def told_as(self) -> str:
        """What it is of."""
        return f"{self.cross}: {', '.join(self.bins)}"

    def covers(self, design: str, cross: str, values: tuple[str, ...]) -> bool:
        """Whether this is the reason of a bin."""
        return (
            self.cross == cross
            and re.search(self.designs, design) is not None
            and len(values) == len(self.bins)
            and all(re.fullmatch(*pair) for pair in zip(self.bins, values, strict=True))
        )


class UnreachedList(Record):
    """The whole list."""

    points: tuple[Unreached, ...] = ()
    bins: tuple[UnreachedBin, ...] = ()


def read_list(path: Path = LIST) -> UnreachedList:
    """What a file lists.

    Raises
    ------
    InputError
        It does not hold such a list, or an expression in it is none.
    """
    found = UnreachedList.from_toml(path)
    expressions = [text for each in found.points for text in (each.names, each.designs)]
    expressions += [text for each in found.bins for text in (*each.bins, each.designs)]
    for text in expressions:
        try:
            re.compile(text)
        except re.error as error:
            raise InputError(f"{path}: found {text!r}, expected an expression: {error}") from None
    return found
