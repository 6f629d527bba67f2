"""Suites of cocotb tests on a design: for tests, for faults that they are to find, for coverage.

In Icarus, which builds at once; in Verilator where it is to count what is reached.
"""

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from ...cache import cache_folder
from ...digest import key_of
from ...flow.emit.controller import CONTROLLER, controller_ports
from ...flow.tools.icarus import without_always_comb
from ..job import Job
from .job_folder import JOB_FILE, JOB_VARIABLE
from .runners import NOT_REWRITTEN, make_runner
from .verilog import TIMESCALE, build_arguments, library_objects, simulator_version

COVERAGE_FILE = "coverage.dat"
"""In the job's folder: how often each line, branch and edge was reached, as Verilator writes it."""
FLIPPED = (
    "_registers", "_image_order", "_axi_lite", "_layer*_calibrator", "_programmer_router",
    "_programmer_layer*_rows", "_programmer_layer*_rows_input", "_programmer_layer*_rows_spares",
)  # fmt: skip
"""Blocks of a controller whose registers suites flip by name: Verilator has to show them."""
RUNS = ("running", "stopped")
"""Registers of the controller itself that suites flip."""
_COUNTED = [*build_arguments("verilator"), "-Wno-lint", "--coverage-line", "--coverage-toggle"]
"""Verilator's arguments; branches come with lines. Lint is held by `flow.tools.verilator`."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Tests, and what they are run on."""

    sources: Mapping[str, str]
    """File name to text of all modules."""
    modules: Sequence[str]
    """Python modules with the tests."""
    top: str = CONTROLLER
    only: str | None = None
    """A pattern of the names of tests that are run."""
    settings: Mapping[str, str] = field(default_factory=lambda: NOT_REWRITTEN)
    """Environment variables of cocotb."""
    time_limit_s: int | None = None
    """Of the simulation in Icarus; what lasts longer is stopped."""
    coverage: bool = False
    """Simulate in Verilator, which leaves `COVERAGE_FILE`."""


@dataclass(frozen=True)
class SuiteResult:
    """What came of a suite."""

    tests: int
    """That were run; 0 if the design did not build, or the simulation hung or stopped."""
    failures: tuple[str, ...]
    """Their names."""
    log: str


def run_suite(suite: Suite, job: Job | None, folder: Path) -> SuiteResult:
    """Build a design and run tests on it; they find the job, if any, in `folder`, where all files
    go."""
    if job is not None:
        job.write(folder / JOB_FILE)
    for name, text in suite.sources.items():
        text = text if suite.coverage else without_always_comb(text)
        (folder / name).write_text(text, encoding="utf-8")
    runner = make_runner("verilator" if suite.coverage else "icarus", suite.time_limit_s)
    results, log = folder / "results.xml", folder / "run.log"
    stopped = ""
    # It ends the process when a test fails, and a fault may keep a design from building.
    try:
        with _library(folder / "build") if suite.coverage else contextlib.nullcontext():
            runner.build(
                sources=[folder / name for name in suite.sources],
                hdl_toplevel=suite.top,
                build_dir=folder / "build",
                build_args=_counting(job, folder) if suite.coverage and job else [],
                timescale=TIMESCALE,
                log_file=log,
            )
        runner.test(
            test_module=suite.modules,
            hdl_toplevel=suite.top,
            hdl_toplevel_lang="verilog",
            build_dir=folder / "build",
            test_dir=folder,
            test_filter=suite.only,
            results_xml=str(results),
            plusargs=[f"+verilator+coverage+file+{folder / COVERAGE_FILE}"],
            extra_env={JOB_VARIABLE: str(folder), **suite.settings},
            log_file=log,
        )
    except (Exception, SystemExit) as error:
        stopped = f"{error}\n"
    text = (log.read_text(encoding="utf-8") if log.exists() else "") + stopped
    cases = list(ElementTree.parse(results).iter("testcase")) if results.is_file() else []
    failed = [case for case in cases if {"failure", "error"} & {part.tag for part in case}]
    return SuiteResult(len(cases), tuple(case.get("name", "") for case in failed), text)


def _counting(job: Job, folder: Path) -> list[str]:
    """Verilator's arguments: what it counts, and the controller's ports, where it is the top, and
    the registers that suites flip."""
    ports = folder / "ports.vlt"
    lines = [
        f'public_flat_rw -module "{CONTROLLER}" -var "{port.name}"'
        for port in controller_ports(job.config)
    ]
    lines += [f'public_flat_rw -module "{CONTROLLER}{block}" -var "*"' for block in FLIPPED]
    lines += [f'public_flat_rw -module "{CONTROLLER}" -var "{name}"' for name in RUNS]
    ports.write_text("\n".join(["`verilator_config", *lines, ""]), encoding="utf-8")
    return [str(ports), *_COUNTED, "-CFLAGS", "-O0"]


def _library(folder: Path) -> AbstractContextManager[None]:
    """Verilator's own library, compiled once for all designs that are counted."""
    folder.mkdir()
    kept = f"library-{key_of(simulator_version('verilator'), version('cocotb'), _COUNTED)}"
    return library_objects(cache_folder() / kept, folder)
