"""Verilog simulators: finding one, building the testbench once, running a job in it."""

import contextlib
import fcntl
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cocotb_tools import config as cocotb_config
from cocotb_tools.check_results import get_results

from ...cache import clear, is_whole, seal
from ...digest import key_of
from ...errors import InputError, SimulationError
from ...flow.tools.icarus import without_always_comb
from ...flow.tools.process import plain_folder, run_in
from ...flow.tools.verilator import (
    WAIVERS,
    WIDTH_LIMITS,
    find_verilator,
    first_complaint,
    require_compiler,
)
from ...progress import Progress, silent
from ...whole_file import whole_file
from ..job import Job
from ..outcome import Outcome
from ..testbench.top import TESTBENCH
from .job_folder import (
    FAILURE_FILE,
    JOB_FILE,
    JOB_MODULES,
    JOB_VARIABLE,
    OUTCOME_FILE,
    PROGRESS_FILE,
    PROGRESS_PERIOD_S,
)
from .runners import NOT_REWRITTEN, make_runner

_LOG = logging.getLogger(__name__)
SIMULATORS = ("verilator", "icarus")
TIMESCALE = ("1ps", "1ps")
EXECUTABLES = {"verilator": TESTBENCH, "icarus": "sim.vvp"}


def simulator_version(simulator: str) -> str:
    """The version of a simulator.

    Raises
    ------
    InputError
        It is not installed, or too old.
    """
    if simulator == "verilator":
        return find_verilator().version
    if not shutil.which("iverilog"):
        raise InputError(
            "found no iverilog on PATH, expected Icarus Verilog: apt-get install iverilog"
        )
    text = run_in(Path(), ["iverilog", "-V"]).stdout
    match = re.match(r"Icarus Verilog version (\S+)", text)
    return match[1] if match else "unknown"


@dataclass(frozen=True)
class Build:
    """A testbench built for one simulator."""

    simulator: str
    folder: Path

    @property
    def executable(self) -> Path:
        """What is run; sealed last of all that is built."""
        return self.folder / EXECUTABLES[self.simulator]

    def is_whole(self) -> bool:
        """Whether it is there and can be run."""
        may_run = self.simulator != "verilator" or os.access(self.executable, os.X_OK)
        return may_run and is_whole(self.executable)


def build(sources: Mapping[str, str], simulator: str, root: Path, *, waves: bool = False) -> Build:
    """Build the testbench, or find it built.

    Parameters
    ----------
    sources : mapping of str to str
        File name to text of all modules.
    simulator : str
        One of `SIMULATORS`.
    root : Path
        Folder of the build cache; keyed by all that decides the build. Of several processes that
        want the same build, one makes it and the others wait.
    waves : bool
        Build with waveform writing (Verilator builds it in).

    Raises
    ------
    InputError
        A tool is missing.
    SimulationError
        The sources do not build.
    """
    tools = [
        simulator, simulator_version(simulator), version("cocotb"), str(cocotb_config.libs_dir),
        build_arguments(simulator), TIMESCALE, waves,
    ]  # fmt: skip
    folder = root / f"{simulator}-{key_of(tools, dict(sources))}"
    built = Build(simulator, folder)
    if built.is_whole():
        return built
    if simulator == "verilator":
        require_compiler()
    root.mkdir(parents=True, exist_ok=True)
    with open(root / f".{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # goes with the process that holds it
        if not built.is_whole():
            if os.path.lexists(folder):
                _LOG.warning("%s: found a damaged build, built anew", folder)
                clear(folder)
            with plain_folder("popbridge-build-") as draft:
                with library_objects(root / f"library-{key_of(tools)}", draft):
                    _build_in(draft, sources, simulator, waves, root / f"{folder.name}.log")
                # Links lead into the package, or nowhere once the draft has gone.
                links = [path.name for path in draft.iterdir() if path.is_symlink()]
                shutil.copytree(draft, folder, ignore=shutil.ignore_patterns("verilator", *links))
            seal(built.executable)
    return built


@contextlib.contextmanager
def library_objects(kept: Path, draft: Path) -> Iterator[None]:
    """Give a build the objects of Verilator's own library, and keep those that it compiles.

    They are the same in every build, and most of the time of a small one.
    """
    for path in kept.glob("*.o"):
        # Copied without its time: newer than its source, so that make takes it as it is.
        if is_whole(path):
            shutil.copyfile(path, draft / path.name)
    yield
    if kept.is_file():
        clear(kept)
    kept.mkdir(parents=True, exist_ok=True)
    for path in draft.glob("verilated*.o"):
        place = kept / path.name
        if not is_whole(place):
            clear(place)
            with whole_file(place) as file:
                file.write(path.read_bytes())
            seal(place)


def build_arguments(simulator: str) -> list[str]:
    """What a simulator is given to build anything."""
    if simulator != "verilator":
        return []
    # The ports of the top are reached without making every inner signal public.
    arguments = ["--timing", "--no-public-flat-rw", "-O3", "-CFLAGS", "-std=c++20 -O2"]
    arguments += ["--x-assign", "fast", "--x-initial", "fast", "--noassert"]
    arguments += WIDTH_LIMITS
    return arguments + [f"-Wno-{name}" for name in WAIVERS]


def _build_in(
    folder: Path, sources: Mapping[str, str], simulator: str, waves: bool, kept_log: Path
) -> None:
    paths = []
    for name, text in sources.items():
        paths.append(folder / name)
        if simulator == "icarus":
            text = without_always_comb(text)
        paths[-1].write_text(text, encoding="utf-8")
    log = folder / "build.log"
    try:
        make_runner(simulator, waves=waves).build(
            sources=paths,
            hdl_toplevel=TESTBENCH,
            build_dir=folder,
            build_args=build_arguments(simulator),
            timescale=TIMESCALE,
            log_file=log,
        )
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        text = text or str(error)
        kept_log.write_text(text, encoding="utf-8")
        raise SimulationError(
            f"{simulator} did not build the testbench: {first_complaint(text)}; all of it is in "
            f"{kept_log}"
        ) from None


@contextlib.contextmanager
def _watched(folder: Path, progress: Progress) -> Iterator[None]:
    """Pass what is going on to `progress` while the simulator runs."""
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(PROGRESS_PERIOD_S):
            with contextlib.suppress(OSError):
                progress((folder / PROGRESS_FILE).read_text(encoding="utf-8"))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


def run(
    job: Job, built: Build, testbench: str, waves: Path | None = None, progress: Progress = silent
) -> Outcome:
    """Run a job in a simulator.

    Parameters
    ----------
    testbench : str
        Which one of `JOB_MODULES` runs the job.
    waves : Path, optional
        Where the simulator writes a VCD file of all signals; needs a build with waves.
    progress : Progress, optional
        Told now and then what is going on in the simulation.

    Raises
    ------
    SimulationError
        The testbench refused something the hardware did, or the simulator itself failed.
    """
    with tempfile.TemporaryDirectory(prefix="popbridge-") as name:
        folder = Path(name)
        job.write(folder / JOB_FILE)
        log = folder / "simulation.log"
        dump = [f"+waves={waves.resolve()}"] if waves else []
        with _watched(folder, progress):
            try:
                make_runner(built.simulator).test(
                    test_module=JOB_MODULES[testbench],
                    hdl_toplevel=TESTBENCH,
                    hdl_toplevel_lang="verilog",
                    build_dir=built.folder.resolve(),
                    test_dir=folder,
                    results_xml=str(folder / "results.xml"),
                    plusargs=dump,
                    test_args=["--trace"] if waves and built.simulator == "verilator" else [],
                    extra_env={JOB_VARIABLE: str(folder), **NOT_REWRITTEN},
                    log_file=log,
                )
                passed = get_results(folder / "results.xml") == (1, 0)
            except InputError:
                raise
            except (Exception, SystemExit):
                passed = False
        if not passed:
            raise SimulationError(_failure(folder, log))
        return Outcome.read(folder / OUTCOME_FILE)


def _failure(folder: Path, log: Path) -> str:
    """What a simulation stopped for."""
    reason = folder / FAILURE_FILE
    if reason.exists():
        return reason.read_text(encoding="utf-8").strip()
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return f"the simulation stopped without a verdict: {first_complaint(text) or 'it said nothing'}"
