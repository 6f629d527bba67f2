"""Libraries of standard cells: where one is, and what its cells compute, load and take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError

INSTALLED_LIBRARIES = (Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib"),)
"""Where distributions put open ones: the 0.18 um library of Oklahoma State University (Debian's
qflow-tech-osu018)."""

Function = Callable[[Mapping[str, int]], int]
"""From pins' values to a value, each with as many lanes as an integer has bits; bits beyond the
lanes are the caller's to mask."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A gate or a flip-flop."""

    area: float
    input_f: dict[str, float]
    """Capacitance of each input, F."""
    outputs: dict[str, Function | None]
    """Of the cell's inputs; None for a flip-flop's output."""
    toggle_j: dict[str, float]
    """Taken within the cell when a pin changes, J: of an input whatever comes of it, of an output
    the mean over edges and causes."""
    next_state: Function | None
    """A flip-flop's; None for a gate."""
    clock_pin: str | None

    @property
    def is_buffer(self) -> bool:
        """Whether its one output is as its one input."""
        if (len(self.input_f), len(self.outputs)) != (1, 1):
            return False
        (pin,), (function,) = self.input_f, self.outputs.values()
        return function is not None and function({pin: 0b01}) & 0b11 == 0b01


@dataclass(frozen=True, kw_only=True)
class CellLibrary:
    """What is known of a library."""

    name: str
    vdd_v: float
    cells: dict[str, Cell]

    @property
    def smallest_buffer(self) -> str:
        """The name of the buffer of least area.

        Raises
        ------
        InputError
            There is none: high fan-outs could not be driven.
        """
        buffers = [(cell.area, name) for name, cell in self.cells.items() if cell.is_buffer]
        if not buffers:
            raise InputError(f"{self.name}: found no buffer among its cells, expected one")
        return min(buffers)[1]


def find_liberty(path: Path | None) -> Path:
    """The liberty file given, else an installed one.

    Raises
    ------
    InputError
        It is not there, or none is installed.
    """
    for library in INSTALLED_LIBRARIES if path is None else (path,):
        if library.is_file():
            return library
    if path is not None:
        raise InputError(f"{path}: found no such file, expected a liberty file")
    raise InputError(
        "found no installed cell library, expected --liberty FILE (or apt-get install "
        "qflow-tech-osu018)"
    )


@dataclass(frozen=True)
class _Group:
    """``name (argument) { attribute : value; attribute (values); more groups }``"""

    name: str
    argument: str
    values: dict[str, str]
    groups: list[_Group]

    def of(self, name: str) -> list[_Group]:
        return [group for group in self.groups if group.name == name]


_TOKEN = re.compile(r'"([^"]*)"|([^\s"(){}:;,]+)|([(){}:;,])')
_LIBERTY_COMMENTS = re.compile(r"/\*.*?\*/|\\\n", re.DOTALL)
_CAPACITANCE_UNITS_F = {"pf": 1e-12, "ff": 1e-15}


def read_cells(path: Path) -> CellLibrary:
    """Read the gates and the plain flip-flops of a liberty file.

    Latches, three-state cells, flip-flops with set, reset or the other edge, and whatever else has
    an output that is no function of its inputs are left out. The energy within a cell is taken
    where its tables begin, at the fastest edge and the smallest load.

    Raises
    ------
    InputError
        The file is not there or is not a liberty file.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: found {error.strerror}, expected a liberty file") from None
    tokens = [a or b or c for a, b, c in _TOKEN.findall(_LIBERTY_COMMENTS.sub(" ", text))]
    try:
        library = _group(tokens[::-1], "", "").groups[0]
        scale, unit = library.values["capacitive_load_unit"].split()
        farad = float(scale) * _CAPACITANCE_UNITS_F[unit.lower()]
        vdd_v = float(library.values["nom_voltage"])
        cells = {group.argument: _cell(group, farad) for group in library.of("cell")}
        known = {name: cell for name, cell in cells.items() if cell is not None}
        return CellLibrary(name=path.name, vdd_v=vdd_v, cells=known)
    # Brackets within brackets, of groups and of functions, go as deep as Python's own.
    except (LookupError, ValueError, RecursionError, SyntaxError, MemoryError):
        raise InputError(f"{path}: found no cells in it, expected a liberty file") from None


def _group(tokens: list[str], name: str, argument: str) -> _Group:
    """What follows up to the closing brace; `tokens` has the next one last.

    Raises
    ------
    LookupError
        It ends before, the outermost group aside, which is the file.
    """
    group = _Group(name, argument, {}, [])
    while tokens or name:
        attribute = tokens.pop()
        if attribute == "}":
            break
        if attribute == ";":
            continue
        if tokens.pop() == ":":
            group.values[attribute] = tokens.pop()
            continue
        words = []
        while (word := tokens.pop()) != ")":
            words.append(word)
        value = " ".join(word for word in words if word != ",")
        if tokens[-1] == "{":
            tokens.pop()
            group.groups.append(_group(tokens, attribute, value))
        else:
            group.values[attribute] = value
    return group


def _cell(group: _Group, farad: float) -> Cell | None:
    pins = {pin.argument: pin for pin in group.of("pin")}
    inputs = {name: pin for name, pin in pins.items() if pin.values.get("direction") == "input"}
    outputs = {name: pin for name, pin in pins.items() if name not in inputs}
    states = [state.values for state in group.of("ff")]
    # One on the falling edge has an expression for a clock.
    plain = all(
        {"clear", "preset"}.isdisjoint(state) and state["clocked_on"] in inputs for state in states
    )
    three_state = any("three_state" in pin.values for pin in pins.values())
    unknown = not states and any("function" not in pin.values for pin in outputs.values())
    if group.of("latch") or three_state or unknown or not plain:
        return None
    cell = Cell(
        area=float(group.values.get("area", 0)),
        input_f={
            name: float(pin.values.get("capacitance", 0)) * farad for name, pin in inputs.items()
        },
        outputs={
            name: None if states else boolean_function(pin.values["function"])
            for name, pin in outputs.items()
        },
        toggle_j={name: _toggle_j(pin, farad) for name, pin in pins.items()},
        next_state=boolean_function(states[0]["next_state"]) if states else None,
        clock_pin=states[0]["clocked_on"] if states else None,
    )
    functions = [*cell.outputs.values(), cell.next_state]
    try:
        for function in functions:
            if function is not None:
                function(dict.fromkeys(inputs, 0))
    except KeyError:  # of something else than its inputs
        return None
    return cell


def _toggle_j(pin: _Group, farad: float) -> float:
    """The mean of rise and fall, and over what they are related to.

    Energies are in units of capacitance times volts squared, and the volt is the unit.
    """
    tables = [table for power in pin.of("internal_power") for table in power.groups]
    first = [float(table.values["values"].replace(",", " ").split()[0]) for table in tables]
    return farad * sum(first) / len(first) if first else 0.0


_OPERATORS = (("+", "|"), ("*", "&"), ("^", "^"))
"""Liberty's two-sided operators and Python's, those that bind least first; blanks are ``*``."""


def boolean_function(text: str) -> Function:
    """The function that a liberty expression stands for.

    Raises
    ------
    ValueError
        It is none.
    """
    tokens = re.findall(r"\w+|[!'^+|&*()]", text)[::-1]
    source = _expression(tokens, 0)
    if tokens:
        raise ValueError(f"function: found {text!r}, expected a boolean expression")
    function: Function = eval(f"lambda pins: {source}", {"__builtins__": {}})
    return function


def _expression(tokens: list[str], level: int) -> str:
    """Python of the operators from `level` on; `tokens` has the next one last."""
    if level == len(_OPERATORS):
        return _operand(tokens)
    sign, python = _OPERATORS[level]
    terms = [_expression(tokens, level + 1)]
    while tokens and tokens[-1] != ")":
        if tokens[-1] in (sign, python):
            tokens.pop()
        elif sign != "*" or tokens[-1] in ("+", "|", "^", "'"):
            break
        terms.append(_expression(tokens, level + 1))
    return f"({f' {python} '.join(terms)})" if len(terms) > 1 else terms[0]


def _operand(tokens: list[str]) -> str:
    if not tokens:
        raise ValueError("function: found its end, expected an operand")
    token = tokens.pop()
    if token == "!":
        return f"~{_operand(tokens)}"
    if token == "(":
        inner = _expression(tokens, 0)
        if not tokens or tokens.pop() != ")":
            raise ValueError("function: found an open bracket, expected it closed")
    elif token in ("0", "1"):
        inner = f"{-int(token)}"
    elif re.fullmatch(r"\w+", token):
        inner = f"pins[{token!r}]"
    else:
        raise ValueError(f"function: found {token!r}, expected an operand")
    while tokens and tokens[-1] == "'":
        tokens.pop()
        inner = f"~({inner})"
    return f"({inner})"
