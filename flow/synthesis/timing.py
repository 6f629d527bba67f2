"""The clock that a netlist reaches: OpenSTA with a cell library, before layout."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ToolError
from ..emit.sdc import IO_DELAY_FRACTION, inputs_by_source
from ..tools.opensta import run_sta

REGISTER_CLOCKS = "[all_registers -clock_pins]"
REGISTER_DATA = "[all_registers -data_pins]"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The clock, and the path that limits it."""

    fmax_hz: float | None = None
    worst_path: str | None = None
    """Where it starts and ends, how many cells it leads through, how long it takes."""
    without_clock: str | None = None
    """Why there is no clock, where there could be one."""


@dataclass(frozen=True)
class _Group:
    """The paths between two kinds of ends."""

    name: str
    starts: str
    ends: str
    outside: float
    """Share of the period that is spent outside the module."""

    def least_period(self, period_ns: float, slack_ns: float) -> float:
        """The shortest period, ns, given the slack at another one: delays inside do not scale."""
        inside = period_ns - slack_ns - self.outside * period_ns
        return inside / (1 - self.outside)


@dataclass(frozen=True)
class _Path:
    """The worst path of a group, as OpenSTA gives it."""

    group: _Group
    slack_ns: float
    pins: int
    start: str
    end: str

    def in_words(self, period_ns: float) -> str:
        """For people; a path has its two ends and two pins of each cell on the way."""
        inside_ns = period_ns * (1 - self.group.outside) - self.slack_ns
        return (
            f"from {_register(self.start)} to {_register(self.end)} through "
            f"{(self.pins - 2) // 2} cells, {inside_ns:.2f} ns with setup"
        )


def _register(pin: str) -> str:
    """The signal of a register whose pin is given: its cell is ``<signal>\\<type>``."""
    return re.sub(r"\\+\w*(/\w+)?$", "", pin)


def _groups(inputs: Sequence[str], outputs: Sequence[str]) -> Iterator[_Group]:
    starts = {"registers": (REGISTER_CLOCKS, 0.0)}
    for kind, (names, share) in inputs_by_source(inputs).items():
        if names:
            starts[kind] = (f"[get_ports {{{' '.join(names)}}}]", share)
    ends = {"registers": (REGISTER_DATA, 0.0)}
    if outputs:
        ends["outputs"] = (f"[get_ports {{{' '.join(outputs)}}}]", IO_DELAY_FRACTION)
    for (start, (first, before)), (end, (last, after)) in itertools.product(
        starts.items(), ends.items()
    ):
        yield _Group(f"{start}-{end}", first, last, before + after)


def _script(top: str, groups: Sequence[_Group]) -> str:
    lines = [
        "read_liberty cells.lib",
        "read_verilog netlist.v",
        f"link_design {top}",
        f"read_sdc {top}.sdc",
        "proc group {name from to} {",
        "  set path [lindex [find_timing_paths -from $from -to $to] 0]",
        '  if {$path eq "" || $path eq "NULL"} { return }',
        "  set start [get_full_name [get_property $path startpoint]]",
        "  set end [get_full_name [get_property $path endpoint]]",
        "  set pins [llength [get_property $path points]]",
        '  puts "GROUP|$name|[get_property $path slack]|$pins|$start|$end"',
        "}",
        *(f"group {group.name} {group.starts} {group.ends}" for group in groups),
    ]
    return "\n".join(lines) + "\n"


def static_timing(
    folder: Path, top: str, period_ps: float, inputs: Sequence[str], outputs: Sequence[str]
) -> Timing:
    """Setup at the library's corner, wires without load, an ideal clock.

    `folder` holds ``cells.lib``, ``netlist.v`` and ``<top>.sdc``. Hold is not looked at: it is
    the layout's clock tree that makes or breaks it.

    Raises
    ------
    ToolError
        OpenSTA stops, or finds no path.
    """
    period_ns = period_ps / 1000
    groups = list(_groups(inputs, outputs))
    (folder / "timing.tcl").write_text(_script(top, groups), encoding="utf-8")
    text = run_sta("timing.tcl", folder)
    by_name = {group.name: group for group in groups}
    paths = [
        _Path(by_name[name], float(slack), int(pins), start, end)
        for name, slack, pins, start, end in (
            line.split("|") for line in re.findall(r"^GROUP\|(.+)$", text, re.MULTILINE)
        )
    ]
    if not paths:
        raise ToolError(f"OpenSTA found no path in {top}")
    worst = max(paths, key=lambda path: path.group.least_period(period_ns, path.slack_ns))
    least_ns = worst.group.least_period(period_ns, worst.slack_ns)
    return Timing(fmax_hz=1e9 / least_ns, worst_path=worst.in_words(period_ns))
