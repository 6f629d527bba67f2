"""One evaluation out of a waveform file of `sim.waves`, as arrays."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...hdl.config.pins import PINS, PinGroup
from .analog import ANALOG_SCOPE, LINE_NAMES, SL_PREFIX
from .vcd_file import Header, blocks, changes, number, read_header

PULSE_PINS = tuple(pin.name for pin in PINS if pin.group is PinGroup.EVALUATION)
"""The pins of an evaluation that every array has, one wire each."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A signal over time."""

    times_s: NDArray[np.float64]
    """Ascending, from the word line's rise; the first is 0, the last the word line's fall."""
    values: NDArray[np.float64]
    """From each time on: 0 or 1 of a pin, V of a line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EvaluationTraces:
    """A macro while one word line is up."""

    start_s: float
    """When the word line rises, in the file's time, s."""
    duration_s: float
    """Until it falls."""
    pins: dict[str, Trace]
    """``wl``, this row's word line, and `PULSE_PINS`."""
    v_p: Trace
    v_n: Trace
    sl: dict[int, Trace]
    """By column: those that were probed."""


def read_evaluation(
    path: Path, layer: str, macro: int, row: int, image: int = 0
) -> EvaluationTraces:
    """The pins and analog lines of one evaluation, from a file of ``popbridge run --waves``.

    Parameters
    ----------
    path : Path
        The file.
    layer : str
        Name of the layer, as in the names of the pins.
    macro, row : int
        Numbers of the macro in the layer and of its word line.
    image : int
        How many evaluations of the row to pass over.

    Raises
    ------
    InputError
        No such file, no such evaluation in it, or the macro was not probed.
    """
    name = f"{layer}_macro{macro}"
    try:
        with open(path, "rb") as stream:
            header = read_header(stream, path)
            watched = _watched(header, name)
            window = _Window(row, image)
            found = window.find(stream, watched)
    except OSError as error:
        raise InputError(f"{path}: found {error.strerror}, expected a waveform file") from None
    except (ValueError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: found a broken change, expected a waveform file") from None
    if not found:
        raise InputError(
            f"{path}: found {window.passed} whole evaluations of row {row} of {name}, expected "
            f"at least {image + 1}"
        )
    traces = window.traces(header.tick_s)
    for signal in (*PULSE_PINS, *LINE_NAMES):
        if signal not in traces:
            raise InputError(f"{path}: found no value of {signal} of {name}, expected one")
    duration_s = (window.end - window.start) * header.tick_s
    word_line = Trace(np.array([0.0, duration_s]), np.array([1.0, 0.0]))
    return EvaluationTraces(
        start_s=window.start * header.tick_s,
        duration_s=duration_s,
        pins={"wl": word_line, **{pin: traces[pin] for pin in PULSE_PINS}},
        v_p=traces[LINE_NAMES[0]],
        v_n=traces[LINE_NAMES[1]],
        sl={
            int(signal.removeprefix(SL_PREFIX)): trace
            for signal, trace in traces.items()
            if signal.startswith(SL_PREFIX)
        },
    )


def _watched(header: Header, name: str) -> dict[bytes, list[str]]:
    """Code to the signals that it stands for: pins, and all of the macro's analog scope."""
    scope = f"{ANALOG_SCOPE}.{name}"
    analog = [variable for variable in header.variables if variable.scope == scope]
    if not analog:
        raise InputError(
            f"{header.where}: found no analog lines of {name}, expected a file written with them"
        )
    for variable in analog:
        column = variable.name.removeprefix(SL_PREFIX)
        if variable.name not in LINE_NAMES and not re.fullmatch(r"[0-9]{1,9}", column):
            raise InputError(
                f"{header.where}: found the analog line {variable.name!r} of {name}, expected "
                f"{', '.join(LINE_NAMES)} or {SL_PREFIX} and a column"
            )
    watched: dict[bytes, list[str]] = {}
    for pin in ("wl", *PULSE_PINS):
        watched.setdefault(header.code_of(f"{name}__{pin}"), []).append(pin)
    for variable in analog:
        watched.setdefault(variable.code, []).append(variable.name)
    return watched


class _Window:
    """Collects changes while a word line is up."""

    def __init__(self, row: int, image: int) -> None:
        self.start = self.end = 0
        self.passed = 0
        self._mask = 1 << row
        self._image = image
        self._up = False
        self._now: dict[str, float] = dict.fromkeys(PULSE_PINS, 0.0)
        self._points: dict[str, list[tuple[int, float]]] = {}

    def find(self, stream: BinaryIO, watched: dict[bytes, list[str]]) -> bool:
        """Whether the evaluation is in the file, from its beginning to its end."""
        for block in blocks(stream):
            changed = dict(_values(block.lines, watched))
            was_up, word_line = self._up, changed.pop("wl", None)
            if word_line is not None:
                self._up = bool(int(word_line) & self._mask)
            if was_up and not self._up:
                if self.passed == self._image:
                    self.end = block.tick
                    return True
                self.passed += 1
            self._now |= changed
            if self._up and self.passed == self._image:
                if not was_up:
                    self.start = block.tick
                    changed = self._now
                for signal, value in changed.items():
                    self._points.setdefault(signal, []).append((block.tick, value))
        return False

    def traces(self, tick_s: float) -> dict[str, Trace]:
        """What was collected, with a last point at the end."""
        traces = {}
        for signal, points in self._points.items():
            ticks, values = zip(*points, (self.end, points[-1][1]), strict=True)
            times_s = (np.array(ticks) - self.start) * tick_s
            traces[signal] = Trace(times_s, np.array(values, dtype=np.float64))
        return traces


def _values(
    lines: list[bytes], watched: dict[bytes, list[str]]
) -> Iterator[tuple[str, float | int]]:
    for signals, value in changes(lines, watched):
        for signal in signals:
            is_real = signal.startswith((*LINE_NAMES, SL_PREFIX))
            yield signal, float(value) if is_real else number(value)
