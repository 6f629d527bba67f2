"""The clock that an FPGA reaches: place and route with nextpnr."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import ToolError
from ..tools.nextpnr import run_nextpnr
from .timing import Timing


def place_and_route(folder: Path, target: str, period_ps: float) -> Timing:
    """Place and route ``placed.json`` in `folder` and read the clock reached.

    Raises
    ------
    ToolError
        It does not fit the device, or nextpnr stops.
    """
    report = run_nextpnr(target, "placed.json", period_ps, folder)
    if not report["fmax"]:
        raise ToolError("nextpnr found no path between registers")
    clock, reached = min(report["fmax"].items(), key=lambda item: item[1]["achieved"])
    return Timing(
        fmax_hz=reached["achieved"] * 1e6, worst_path=_in_words(report["critical_paths"], clock)
    )


def _in_words(paths: Sequence[dict[str, Any]], clock: str) -> str:
    """The longest path of a clock."""
    edges = f"posedge {clock}"
    (worst,) = (path for path in paths if path["from"] == path["to"] == edges)
    steps = worst["path"]
    cells = sum(step["type"] == "logic" for step in steps)
    wires_ns = sum(step["delay"] for step in steps if step["type"] == "routing")
    start, end = (
        _signal(step[side]["cell"]) for step, side in ((steps[0], "from"), (steps[-1], "to"))
    )
    total_ns = sum(step["delay"] for step in steps)
    return (
        f"from {start} to {end} through {cells} cells, {total_ns:.2f} ns, {wires_ns:.2f} ns of "
        "them on wires"
    )


def _signal(cell: str) -> str:
    """The signal of a register: its cell is ``component.<signal>_<type>_Q_<number>``."""
    for kind in ("_TRELLIS_FF", "_SB_DFF"):
        cell = cell.split(kind)[0]
    return cell.removeprefix("component.")
