"""A simulator's waveform file with the analog lines of chosen macros beside the digital signals.

Independent of the simulator: its VCD file is read when the run is over, the pins of each probed
macro are followed, and the voltages of `behav.waveforms` at those pins are added as real variables
in a scope of their own. Everything else goes through as it stands.
"""

from __future__ import annotations

import contextlib
import itertools
import string
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.drawn import DrawnLayer
from ...behav.pins.waveforms import AnalogLines
from ...errors import InputError
from ...hdl.config import NetworkConfig
from ...hdl.config.pins import ArrayPins, PinSizes
from ...progress import Progress, silent
from ...whole_file import whole_file
from ..host.verdict import drawn_layers
from ..job import Job
from .vcd_file import Header, blocks, changes, number, read_header

ANALOG_SCOPE = "analog"
"""Holds a scope ``<layer>_macro<k>`` for each probed macro: the name of its pins."""
LINE_NAMES = ("v_p", "v_n")
SL_PREFIX = "sl_"
"""Before a column's number."""
DEFAULT_COLUMNS = 4
"""SLs of a probe that names no columns: the first ones."""
_STEP_V = 1e-6
"""Before a step of more the old value is written again, so that lines through the values step."""
_NANOVOLT_V = 1e-9
"""Resolution of the file, and what a value written again differs by: viewers drop repeated ones."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A macro whose lines are to be in the file."""

    layer: int
    """Number of the layer in its network."""
    macro: int
    """Number of the macro in its layer."""
    columns: tuple[int, ...]
    """Columns whose SLs are wanted."""


def default_probes(config: NetworkConfig) -> tuple[Probe, ...]:
    """Macro 0 of the first layer with its first SLs."""
    columns = range(min(DEFAULT_COLUMNS, config.layers[0].fan_in))
    return (Probe(layer=0, macro=0, columns=tuple(columns)),)


@contextlib.contextmanager
def dump_of(
    job: Job, waves: Path | None, probes: Sequence[Probe], progress: Progress = silent
) -> Iterator[Path | None]:
    """Where the simulator of the block dumps; `waves` is made of it as the block ends.

    Of a failing run, too: then it is wanted most. An interrupted run leaves none.

    Parameters
    ----------
    waves : Path, optional
        Where the file goes; without it there is no dump, either.
    progress : Progress, optional
        Told what is going on.
    """
    if waves is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="popbridge-waves-") as folder:
        dump = Path(folder) / "dump.vcd"
        try:
            yield dump
        except Exception:
            # A dump that is missing or broken must not hide what the run died of.
            with contextlib.suppress(InputError, FileNotFoundError):
                add_analog(dump, waves, job, probes)
            raise
        progress("adding the analog lines to the waveforms")
        add_analog(dump, waves, job, probes)


def add_analog(dump: Path, waves: Path, job: Job, probes: Sequence[Probe]) -> None:
    """Write a simulator's VCD file again, with the lines of the probed macros.

    Memory does not grow with the length of the file.

    Parameters
    ----------
    dump : Path
        The simulator's file.
    waves : Path
        The new one, written whole or not at all.

    Raises
    ------
    InputError
        The dump is none, or lacks a probed macro's pins.
    """
    with open(dump, "rb") as source, whole_file(waves) as target:
        header = read_header(source, dump)
        codes = _free_codes(header)
        layers = drawn_layers(job)
        macros = [_ProbedMacro(layers[probe.layer], probe, header, codes) for probe in probes]
        target.writelines(header.lines)
        target.writelines(_declarations(macros))
        target.write(header.end)
        _write_body(source, target, macros)


def _free_codes(header: Header) -> Iterator[bytes]:
    """Codes that no variable of the header has, the shortest first."""
    used = {variable.code for variable in header.variables}
    alphabet = string.ascii_letters + string.digits
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            code = "".join(letters).encode()
            if code not in used:
                yield code


def _declarations(macros: Sequence[_ProbedMacro]) -> Iterator[bytes]:
    what = f"{ANALOG_SCOPE}: volts, of capacitive lines and source lines, computed by popbridge"
    yield f"$comment {what} $end\n".encode()
    yield f"$scope module {ANALOG_SCOPE} $end\n".encode()
    for macro in macros:
        yield f"$scope module {macro.name} $end\n".encode()
        for name, code in zip(macro.trace_names, macro.codes, strict=True):
            yield b"$var real 64 %b %b $end\n" % (code, name.encode())
        yield b"$upscope $end\n"
    yield b"$upscope $end\n"


class _Sample(NamedTuple):
    """A value of one line."""

    tick: int
    text: bytes
    """Its line in the file."""


def _write_body(source: BinaryIO, target: BinaryIO, macros: Sequence[_ProbedMacro]) -> None:
    # Pins can share a code: simulators find out that they are the same.
    watched: dict[bytes, list[tuple[_ProbedMacro, str]]] = {}
    for macro in macros:
        for code, pin in macro.pins:
            watched.setdefault(code, []).append((macro, pin))
    before = -1
    for block in blocks(source):
        for owners, value in changes(block.lines, watched):
            for macro, pin in owners:
                macro.change(pin, number(value))
        samples = [sample for macro in macros for sample in macro.until(block.tick, before)]
        for tick, group in itertools.groupby(sorted(samples), key=lambda sample: sample.tick):
            # Samples at the block's own time go behind its changes.
            target.writelines(block.lines if tick == block.tick else [b"#%d\n" % tick])
            target.writelines(sample.text for sample in group)
        if not any(sample.tick == block.tick for sample in samples):
            target.writelines(block.lines)
        before = block.tick


class _ProbedMacro:
    """Follows the pins of one macro and says what its lines do."""

    def __init__(
        self, drawn: DrawnLayer, probe: Probe, header: Header, codes: Iterator[bytes]
    ) -> None:
        config = drawn.config
        self.name = f"{config.name}_{config.macro_names[probe.macro]}"
        self.trace_names = [*LINE_NAMES, *(f"{SL_PREFIX}{column}" for column in probe.columns)]
        self.codes = list(itertools.islice(codes, len(self.trace_names)))
        self.pins = [
            (header.code_of(f"{self.name}__{pin}"), pin)
            for pin in PinSizes.of_group(config).inference_inputs()
        ]
        self._lines = AnalogLines(drawn.circuit(probe.macro))
        self._columns = list(probe.columns)
        self._tick_s = header.tick_s
        self._pins = ArrayPins()
        self._changed = True
        self._due: list[_Due] = []
        self._written: list[tuple[int, str]] = [(-1, "")] * len(self.trace_names)

    def change(self, pin: str, value: int) -> None:
        """A pin changes at the time that the next `until` is for."""
        if getattr(self._pins, pin) != value:
            setattr(self._pins, pin, value)
            self._changed = True

    def until(self, tick: int, before: int) -> Iterator[_Sample]:
        """Samples after `before`, the time of the block before, up to `tick`, that of this one."""
        last = tick - 1 if self._changed else tick
        while self._due and self._due[0].tick <= last:
            due = self._due.pop(0)
            yield from self._sample(due.trace, due.tick, due.voltage_v)
        if not self._changed:
            return
        self._changed = False
        ending_v, old_v = self._voltages_v(max(tick - 1, before), tick)
        self._lines.observe(tick * self._tick_s, self._pins)
        (new_v,) = self._voltages_v(tick)
        for trace in np.flatnonzero(abs(new_v - old_v) > _STEP_V).tolist():
            if before < tick - 1 and self._written[trace][0] < tick - 1:
                yield from self._sample(trace, tick - 1, ending_v[trace], again=True)
        for trace, voltage_v in enumerate(new_v.tolist()):
            yield from self._sample(trace, tick, voltage_v)
        self._due = sorted(self._course(tick))

    def _voltages_v(self, *ticks: int) -> NDArray[np.float64]:
        """Of all traces, shape (ticks, traces)."""
        times_s = np.array(ticks) * self._tick_s
        line_v, sl_v = self._lines.line_v(times_s), self._lines.sl_v(times_s, self._columns)
        return np.concatenate([line_v, sl_v], axis=1)

    def _course(self, after: int) -> Iterator[_Due]:
        """Samples to come if the pins stand still."""
        ticks = self._ticks(self._lines.line_course_s(), after)
        if ticks:
            for trace, line_v in enumerate(self._lines.line_v(np.array(ticks) * self._tick_s).T):
                yield from map(_Due, ticks, itertools.repeat(trace), line_v.tolist())
        for trace, column in enumerate(self._columns, len(LINE_NAMES)):
            ticks = self._ticks(self._lines.sl_course_s(column), after)
            if ticks:
                sl_v = self._lines.sl_v(np.array(ticks) * self._tick_s, [column])[:, 0]
                yield from map(_Due, ticks, itertools.repeat(trace), sl_v.tolist())

    def _ticks(self, times_s: NDArray[np.float64], after: int) -> list[int]:
        """Not before the times: a sample at a crossing has to show what it did."""
        ticks = dict.fromkeys(np.ceil(times_s / self._tick_s).astype(np.int64).tolist())
        return [tick for tick in ticks if tick > after]

    def _sample(
        self, trace: int, tick: int, voltage_v: float, again: bool = False
    ) -> Iterator[_Sample]:
        """A sample, unless the file says so already; `again`: then a nanovolt beside it."""
        value = _text(voltage_v)
        if again and value == self._written[trace][1]:
            value = _text(voltage_v + _NANOVOLT_V)
        if value != self._written[trace][1]:
            self._written[trace] = (tick, value)
            yield _Sample(tick, f"{value} ".encode() + self.codes[trace] + b"\n")


def _text(voltage_v: float) -> str:
    """A real value as the file has it."""
    return f"r{round(voltage_v, 9) + 0.0:.9f}"


class _Due(NamedTuple):
    """A sample that is to be written if the pins stand still until then."""

    tick: int
    trace: int
    voltage_v: float
