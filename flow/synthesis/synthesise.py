"""Synthesis with Yosys: what a design costs, and with which clock it runs."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.lib import wiring

from ...errors import InputError, ToolError
from ...progress import Progress, silent
from ...record import Record
from ..emit.convert import ports_of
from ..emit.sdc import CLOCK, OUTPUT_LOAD_PF, constraints
from ..tools.liberty import find_liberty, read_cells
from ..tools.nextpnr import NEXTPNR
from ..tools.opensta import NO_STA, find_sta
from ..tools.yosys import SYNTHESIS, run_yosys
from .behind_registers import BehindRegisters
from .cost import BlockCost, ModuleCost, logic_depth, module_costs
from .designs import Design
from .place import place_and_route
from .script import is_fpga, yosys_script
from .timing import Timing, static_timing

TARGETS = {
    "generic": "gates of any kind",
    "cmos": "static CMOS gates of up to four inputs, counted in transistors",
    "ice40": "Lattice iCE40 HX8K",
    "ecp5": "Lattice ECP5 85K",
    "liberty": "a library of standard cells",
}
"""Name of a target to what it stands for."""


class SynthResult(Record):
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
    files: tuple[str, ...]

    @property
    def closes(self) -> bool | None:
        """Whether it runs with the clock asked for."""
        return None if self.fmax_hz is None else self.fmax_hz >= self.clock_hz

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return super().to_dict() | {"closes": self.closes}


def require_target(target: str, liberty: Path | None = None) -> Path | None:
    """The library of a target, if it has one.

    Raises
    ------
    InputError
        There is no such target, or its library or a tool is missing.
    """
    if target not in TARGETS:
        raise InputError(f"target: found {target!r}, expected one of: {', '.join(TARGETS)}")
    SYNTHESIS.require()
    if is_fpga(target):
        NEXTPNR[target].require()
    return find_liberty(liberty) if target == "liberty" else None


def synthesise(
    design: Design,
    target: str,
    folder: Path,
    *,
    liberty: Path | None = None,
    progress: Progress = silent,
) -> SynthResult:
    """Synthesise a design and find the clock it runs with.

    `folder` then holds ``<name>.v``, the netlist, and ``<name>.sdc``, its constraints; in any case
    the tools' logs.

    Parameters
    ----------
    design : Design
        Without its split by block for FPGAs.
    target : str
        One of `TARGETS`.
    folder : Path
        Where files go; made if it is not there.
    liberty : Path, optional
        The library of target ``liberty``; without, an installed one.
    progress : Progress, optional

    Raises
    ------
    InputError
        As `require_target`.
    ToolError
        A tool stops; that a design does not fit an FPGA is a result, not an error.
    """
    library = require_target(target, liberty)
    flow = _Flow(design, target, library, progress)
    folder.mkdir(parents=True, exist_ok=True)
    with _working_folder(folder) as work:
        whole = flow.synthesise(work)
        depth = logic_depth(work / "depth.txt")
        blocks = flow.split(work, design.block_of) if design.block_of else None
        timing = flow.time(work)
        files = flow.keep(work, folder)
    return SynthResult(
        target=target,
        module=design.name,
        clock_hz=1e12 / design.clock_period_ps,
        **whole.total.to_dict(),
        cells_by_type=whole.cells_by_type,
        depth=depth,
        **vars(timing),
        blocks=blocks,
        versions=flow.versions(),
        files=tuple(map(str, files)),
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

    design: Design
    target: str
    library: Path | None
    progress: Progress

    def synthesise(self, work: Path) -> ModuleCost:
        """The design as one module."""
        self.progress("synthesising")
        name, period_ps = self.design.name, self.design.clock_period_ps
        if self.library is not None:
            shutil.copyfile(self.library, work / "cells.lib")
            drive = f"set_driving_cell {read_cells(self.library).smallest_buffer}\n"
            drive += f"set_load {1000 * OUTPUT_LOAD_PF:g}\n"
            (work / "drive.constr").write_text(drive, encoding="utf-8")
        constrained = constraints(name, period_ps, *self._ports())
        (work / f"{name}.sdc").write_text(constrained, encoding="utf-8")
        self._convert(work, self.design.component)
        self._yosys(work, "synth", flat=True)
        shutil.copyfile(work / "netlist.v", work / f"{name}.v")
        return module_costs(work)[name]

    def split(
        self, work: Path, block_of: Callable[[Sequence[str]], str]
    ) -> dict[str, BlockCost] | None:
        """Each submodule on its own; the sums by block, the largest first. None for an FPGA."""
        if is_fpga(self.target):
            return None
        self.progress("synthesising blocks")
        self._yosys(work, "blocks", flat=False)
        costs: dict[str, list[BlockCost]] = {}
        for name, cost in module_costs(work).items():
            costs.setdefault(block_of(name.split(".")[1:]), []).append(cost.total)
        sums = {block: BlockCost.sum_of(parts) for block, parts in costs.items()}
        return dict(sorted(sums.items(), key=lambda item: -item[1].cells))

    def time(self, work: Path) -> Timing:
        """The clock reached, if the target has one."""
        period_ps = self.design.clock_period_ps
        if is_fpga(self.target):
            self.progress("synthesising between registers")
            self._convert(work, BehindRegisters(self.design.component))
            self._yosys(work, "between_registers", flat=True)
            self.progress("placing and routing")
            try:
                return place_and_route(work, self.target, period_ps)
            except ToolError as error:
                return Timing(without_clock=str(error))
        if self.target != "liberty":
            return Timing()
        if find_sta() is None:
            return Timing(without_clock=NO_STA)
        self.progress("static timing")
        return static_timing(work, self.design.name, period_ps, *self._ports())

    def _ports(self) -> tuple[list[str], list[str]]:
        """Names of the inputs, clock aside, and of the outputs."""
        ports = [port for port in ports_of(self.design.component.signature) if port.name != CLOCK]
        inputs = [port.name for port in ports if port.direction == "input"]
        return inputs, [port.name for port in ports if port.direction == "output"]

    def _convert(self, work: Path, component: wiring.Component) -> None:
        text = rtlil.convert(component, name=self.design.name, emit_src=False)
        (work / "design.il").write_text(text, encoding="utf-8")

    def _yosys(self, work: Path, step: str, *, flat: bool) -> None:
        script = yosys_script(self.target, self.design.name, self.design.clock_period_ps, flat=flat)
        run_yosys(script, work, f"yosys_{step}")

    def keep(self, work: Path, folder: Path) -> list[Path]:
        """Move what is made to where it is kept."""
        kept = [folder / f"{self.design.name}.v", folder / f"{self.design.name}.sdc"]
        for path in kept:
            os.replace(work / path.name, path)
        return kept

    def versions(self) -> dict[str, str]:
        """Of the tools that had a part in it; a library goes by its name."""
        tools = [SYNTHESIS, *([NEXTPNR[self.target]] if is_fpga(self.target) else [])]
        library = {"library": self.library.name} if self.library else {}
        return {tool.package: tool.require() for tool in tools} | library
