"""Synthesis with Yosys: what a component costs, and with which clock it runs."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.lib import wiring

from ...errors import InputError, ToolError
from ..emit.convert import ports_of
from ..emit.sdc import CLOCK, OUTPUT_LOAD_PF, constraints
from ..tools.liberty_buffer import buffer_of, find_liberty
from ..tools.programs import NEXTPNR, YOSYS, find_sta, require_tool, run_tool, tool_version
from .behind_registers import BehindRegisters
from .place import place_and_route
from .script import flip_flops_of, is_fpga, yosys_script
from .timing import Timing, static_timing

__all__ = ["TARGETS", "BlockCost", "SynthResult", "require_target", "synthesise"]

TARGETS = {
    "generic": "gates of any kind",
    "cmos": "static CMOS gates of up to four inputs, counted in transistors",
    "ice40": "Lattice iCE40 HX8K",
    "ecp5": "Lattice ECP5 85K",
    "liberty": "a library of standard cells",
}
"""Name of a target to what it stands for."""


@dataclass(frozen=True, kw_only=True)
class BlockCost:
    """What one block of a design takes, synthesised on its own."""

    cells: int
    flip_flops: int
    transistors: int | None
    area: float | None


@dataclass(frozen=True, kw_only=True)
class SynthResult:
    """What a design takes; None where the target does not give it."""

    target: str
    module: str
    clock_hz: float
    """The clock asked for."""
    cells: int
    cells_by_type: dict[str, int]
    flip_flops: int
    transistors: int | None
    """Of all cells; a flip-flop counts as Yosys has it."""
    area: float | None
    """In the library's unit, as a rule um^2."""
    depth: int | None
    """Cells on the longest path between registers or ports."""
    fmax_hz: float | None
    worst_path: str | None
    without_clock: str | None
    """Why there is no clock, where the target could have given one."""
    blocks: dict[str, BlockCost] | None
    """Each block synthesised on its own, so that they do not add up to the whole exactly."""
    versions: dict[str, str]
    files: list[str]

    @property
    def closes(self) -> bool | None:
        """Whether it runs with the clock asked for."""
        return None if self.fmax_hz is None else self.fmax_hz >= self.clock_hz

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return dataclasses.asdict(self) | {"closes": self.closes}


def require_target(target: str, liberty: Path | None = None) -> Path | None:
    """The library of a target, if it has one.

    Raises
    ------
    InputError
        There is no such target, or its library or a tool is missing.
    """
    if target not in TARGETS:
        raise InputError(f"target: found {target!r}, expected one of: {', '.join(TARGETS)}")
    require_tool(YOSYS[0])
    if is_fpga(target):
        require_tool(NEXTPNR[target][0])
    return find_liberty(liberty) if target == "liberty" else None


def synthesise(
    component: wiring.Component,
    top: str,
    target: str,
    folder: Path,
    *,
    clock_period_ps: float,
    liberty: Path | None = None,
    block_of: Callable[[Sequence[str]], str] | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> SynthResult:
    """Synthesise a component and find the clock it runs with.

    `folder` then holds ``<top>.v``, the netlist, and ``<top>.sdc``, its constraints; in any case
    the tools' logs.

    Parameters
    ----------
    component : wiring.Component
        What is synthesised; one clock domain, ``sync``.
    top : str
        What its module is called.
    target : str
        One of `TARGETS`.
    folder : Path
        Where files go; made if it is not there.
    clock_period_ps : float
        The clock to aim at.
    liberty : Path, optional
        The library of target ``liberty``; without, an installed one.
    block_of : callable (path of a submodule) -> str, optional
        Gives the split by block: the names from the component down, () for its own logic. Not for
        FPGAs.
    progress : callable (str), optional
        Told what is going on.

    Raises
    ------
    InputError
        As `require_target`.
    ToolError
        A tool stops; that a design does not fit an FPGA is a result, not an error.
    """
    library = require_target(target, liberty)
    flow = _Flow(component, top, target, clock_period_ps, library, progress)
    folder.mkdir(parents=True, exist_ok=True)
    with _working_folder(folder) as work:
        counted = flow.count(work)
        blocks = flow.split(work, block_of) if block_of and not is_fpga(target) else None
        timing, without_clock = flow.time(work)
        files = flow.keep(work, folder)
    return SynthResult(
        target=target,
        module=top,
        clock_hz=1e12 / clock_period_ps,
        fmax_hz=None if timing is None else timing.fmax_hz,
        worst_path=None if timing is None else timing.worst_path,
        without_clock=without_clock,
        blocks=blocks,
        versions=flow.versions(),
        files=[str(path) for path in files],
        **counted,
    )


@contextlib.contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    """Where tools run: their logs stay, the rest goes."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        try:
            yield work
        finally:
            for log in work.glob("*.log"):
                os.replace(log, folder / log.name)


@dataclass(frozen=True)
class _Flow:
    """The steps of one synthesis."""

    component: wiring.Component
    top: str
    target: str
    period_ps: float
    library: Path | None
    progress: Callable[[str], None]

    def count(self, work: Path) -> dict[str, Any]:
        """Synthesise the design as one module; gives what `SynthResult` counts."""
        self.progress("synthesising")
        if self.library is not None:
            shutil.copyfile(self.library, work / "cells.lib")
            text = (work / "cells.lib").read_text(encoding="utf-8", errors="replace")
            drive = f"set_driving_cell {buffer_of(text, str(self.library))}\n"
            drive += f"set_load {1000 * OUTPUT_LOAD_PF:g}\n"
            (work / "drive.constr").write_text(drive, encoding="utf-8")
        constrained = constraints(self.top, self.period_ps, *self._ports())
        (work / f"{self.top}.sdc").write_text(constrained, encoding="utf-8")
        self._convert(work, self.component)
        self._yosys(work, "synth", flat=True)
        shutil.copyfile(work / "netlist.v", work / f"{self.top}.v")
        cost, cells_by_type = _cost(work)[self.top]
        return dataclasses.asdict(cost) | {
            "cells_by_type": cells_by_type,
            "depth": _depth(work / "depth.txt"),
        }

    def split(self, work: Path, block_of: Callable[[Sequence[str]], str]) -> dict[str, BlockCost]:
        """Synthesise each submodule on its own; gives the sums by block, the largest first."""
        self.progress("synthesising blocks")
        self._yosys(work, "blocks", flat=False)
        costs: dict[str, list[BlockCost]] = {}
        for name, (cost, _) in _cost(work).items():
            costs.setdefault(block_of(name.split(".")[1:]), []).append(cost)
        sums = {block: _sum_of(parts) for block, parts in costs.items()}
        return dict(sorted(sums.items(), key=lambda item: -item[1].cells))

    def time(self, work: Path) -> tuple[Timing | None, str | None]:
        """The clock reached; else None, and why not if the target has a clock at all."""
        if is_fpga(self.target):
            self.progress("synthesising between registers")
            self._convert(work, BehindRegisters(self.component))
            self._yosys(work, "between_registers", flat=True)
            self.progress("placing and routing")
            try:
                return place_and_route(work, self.target, self.period_ps), None
            except ToolError as error:
                return None, str(error)
        if self.target != "liberty":
            return None, None
        if find_sta() is None:
            return None, "OpenSTA is not installed: apt-get install opensta"
        self.progress("static timing")
        return static_timing(work, self.top, self.period_ps, *self._ports()), None

    def _ports(self) -> tuple[list[str], list[str]]:
        """Names of the inputs, clock aside, and of the outputs."""
        ports = [port for port in ports_of(self.component.signature) if port.name != CLOCK]
        inputs = [port.name for port in ports if port.direction == "input"]
        return inputs, [port.name for port in ports if port.direction == "output"]

    def _convert(self, work: Path, component: wiring.Component) -> None:
        text = rtlil.convert(component, name=self.top, emit_src=False)
        (work / "design.il").write_text(text, encoding="utf-8")

    def _yosys(self, work: Path, name: str, *, flat: bool) -> None:
        script = yosys_script(self.target, self.top, self.period_ps, flat=flat)
        (work / f"{name}.ys").write_text(script, encoding="utf-8")
        log = f"yosys_{name}.log"
        run_tool(YOSYS, ["-q", "-l", log, f"{name}.ys"], work, log)

    def keep(self, work: Path, folder: Path) -> list[Path]:
        """Move what is made to where it is kept."""
        names = [f"{self.top}.v", f"{self.top}.sdc"]
        for name in names:
            os.replace(work / name, folder / name)
        return [folder / name for name in names]

    def versions(self) -> dict[str, str]:
        """Of the tools that had a part in it; a library goes by its name."""
        modules = [YOSYS[0], *([NEXTPNR[self.target][0]] if is_fpga(self.target) else [])]
        versions = {module.replace("_", "-"): tool_version(module) for module in modules}
        if self.library is None:
            return versions
        return versions | {"library": self.library.name}


def _cost(work: Path) -> dict[str, tuple[BlockCost, dict[str, int]]]:
    """By module, without its submodules: what Yosys counted, and the cells by type."""
    counted, before = (
        json.loads((work / f"{name}.json").read_text(encoding="utf-8"))["modules"]
        for name in ("cells", "flip_flops")
    )
    costs = {}
    for name, figures in counted.items():
        names = (f"\\{kind}" for kind in figures["num_cells_by_type"])
        inside = [counted[name] for name in names if name in counted]
        cells = _own_cells(figures, counted)
        cost = BlockCost(
            cells=sum(cells.values()),
            flip_flops=flip_flops_of(_own_cells(before[name], counted)),
            transistors=_own_sum("estimated_num_transistors", figures, inside),
            area=_own_sum("area", figures, inside),
        )
        costs[name.removeprefix("\\")] = cost, cells
    return costs


def _own_cells(figures: dict[str, Any], modules: Container[str]) -> dict[str, int]:
    """Cells by type, without submodules and what only says where names come from."""
    return {
        kind: count
        for kind, count in figures["num_cells_by_type"].items()
        if f"\\{kind}" not in modules and kind != "$scopeinfo"
    }


def _own_sum(name: str, figures: dict[str, Any], inside: Sequence[dict[str, Any]]) -> Any:
    """A figure that Yosys gives for a module with its submodules, without them."""
    if name not in figures:
        return None
    # Transistors come as text; a + behind would say that some cell was not known.
    whole, *parts = (
        int(found) if isinstance(found := module[name], str) else found
        for module in (figures, *inside)
    )
    return whole - sum(parts)


def _depth(path: Path) -> int | None:
    """The length of the longest path in what ``ltp`` wrote."""
    if not path.exists():
        return None
    found = re.search(r"\(length=(\d+)\)", path.read_text(encoding="utf-8"))
    assert found, "ltp gives a length, 0 at least"
    return int(found[1])


def _sum_of(parts: Sequence[BlockCost]) -> BlockCost:
    transistors = [part.transistors for part in parts if part.transistors is not None]
    areas = [part.area for part in parts if part.area is not None]
    return BlockCost(
        cells=sum(part.cells for part in parts),
        flip_flops=sum(part.flip_flops for part in parts),
        transistors=sum(transistors) if transistors else None,
        area=sum(areas) if areas else None,
    )
