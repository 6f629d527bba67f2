"""What Verilator counts in a controller: each line, branch and edge, and where it is from."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from ...flow.emit.controller import CONTROLLER

SOURCE = "controller.sv"
"""The file whose points count: what surrounds a controller is no part of it."""
_ENTRY = re.compile(r"C '(.*)' (\d+)")
_PART = re.compile("\x01([^\x02]*)\x02([^\x01]*)")
_EDGE = re.compile(r"(.*?)(?:\[(\d+)\])?:(0->1|1->0)")
_HEADER = re.compile(
    r'^\(\* src = "([^":|]*)[^"]*" \*\)\n(?:\(\*.*\*\)\n)*module \\?([\w$]+)', re.MULTILINE
)
_CELL = re.compile(rf"^  \\?({CONTROLLER}_[\w$]+) +\\?([\w$]+) +\($", re.MULTILINE)
_ENCODED = re.compile("__0([0-9A-Fa-f]{2})")
_MODULE = re.compile(r"^module \\?([\w$]+)", re.MULTILINE)
_NUMBER = re.compile(r"\$\d+")
_NOT_TOLD = re.compile(r"\(\*.*?\*\) ?|(?<=\b_)\d+(?=_\b)")
"""Of a line: attributes, and the numbers of what has no name, which any edit changes."""


class Place(NamedTuple):
    """Where Verilator counts: equal in every build that has the same controller."""

    kind: str
    """``line``, ``branch`` or ``toggle``."""
    module: str
    line: int
    column: int
    what: str
    """The edge of a bit, or which block or branch."""


@dataclass(frozen=True)
class Point:
    """What is to be reached."""

    kind: str
    file: str
    """Of the Amaranth hardware, below the package."""
    path: str
    """The module's, parts joined by dots; empty for the controller itself."""
    signal: str
    """Of an edge, else empty."""
    bit: int
    text: str
    """The edge; or which block or branch, and its line of SystemVerilog."""

    @property
    def name(self) -> str:
        """As it is told: path, signal and bit, or path and line."""
        if self.signal:
            return f"{self.owner}[{self.bit}] {self.text}"
        return f"{self.path or CONTROLLER}: {self.text}"

    @property
    def owner(self) -> str:
        """Path and signal, without the numbers that tell signals of one name apart."""
        return _NUMBER.sub("", self.numbered)

    @property
    def numbered(self) -> str:
        """Path and signal, with such a number where another one has the name."""
        return f"{self.path}.{self.signal}".lstrip(".")


def read_counts(data: str) -> Counter[Place]:
    """How often each place of a controller was reached, from the text that Verilator leaves."""
    counts: Counter[Place] = Counter()
    for entry in _ENTRY.finditer(data):
        parts = dict(_PART.findall(entry[1]))
        kind, _, module = parts["page"].partition("/")
        if parts["f"].rpartition("/")[2] == SOURCE:
            place = Place(
                kind.removeprefix("v_"), module, int(parts["l"]), int(parts["n"]), parts["o"]
            )
            counts[place] += int(entry[2])
    return counts


class PointMap:
    """Gives the point of a place, from the text that Verilator was given.

    Parameters
    ----------
    controller : str
        SystemVerilog of a controller, with attributes ``src``.
    """

    def __init__(self, controller: str):
        self._lines = controller.splitlines()
        self._files = {module: _below_package(path) for path, module in _HEADER.findall(controller)}
        self._paths = _paths(controller)

    def point(self, place: Place) -> Point:
        """The point of a place."""
        line = _NOT_TOLD.sub("", self._lines[place.line - 1].strip())
        signal, bit, text = "", 0, f"{place.what} of {line}"
        if edge := _EDGE.fullmatch(place.what):
            signal = _decoded(edge[1])
            bit, text = int(edge[2] or 0), edge[3]
        module = _decoded(place.module)
        return Point(place.kind, self._files[module], self._paths[module], signal, bit, text)


def _decoded(name: str) -> str:
    """A name of which Verilator has written what C++ has not by its codes."""
    return _ENCODED.sub(lambda code: chr(int(code[1], 16)), name)


def _below_package(source: str) -> str:
    """``hdl/layer/sequencer.py`` of a path to that file."""
    return f"hdl/{source.rpartition('/hdl/')[2]}"


def _paths(controller: str) -> dict[str, str]:
    """The path of each module, from its cell in the module above, which stands first."""
    paths = {CONTROLLER: ""}
    for text in controller.split("\nendmodule")[:-1]:
        above = _MODULE.findall(text)[0]
        for module, name in _CELL.findall(text):
            paths[module] = f"{paths[above]}.{name}".lstrip(".")
    return paths
