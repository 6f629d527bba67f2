"""Suites of cocotb tests on a design in Icarus: for tests, and for faults that they are to find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from ...flow.emit.controller import CONTROLLER
from ...flow.tools.icarus import without_always_comb
from ..job import Job
from .job_folder import JOB_FILE, JOB_VARIABLE
from .runners import NOT_REWRITTEN, make_runner
from .verilog import TIMESCALE


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
    """Of the simulation; what lasts longer is stopped."""


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
        (folder / name).write_text(without_always_comb(text), encoding="utf-8")
    runner = make_runner("icarus", suite.time_limit_s)
    results, log = folder / "results.xml", folder / "run.log"
    stopped = ""
    # It ends the process when a test fails, and a fault may keep a design from building.
    try:
        runner.build(
            sources=[folder / name for name in suite.sources],
            hdl_toplevel=suite.top,
            build_dir=folder / "build",
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
            extra_env={JOB_VARIABLE: str(folder), **suite.settings},
            log_file=log,
        )
    except (Exception, SystemExit) as error:
        stopped = f"{error}\n"
    text = (log.read_text(encoding="utf-8") if log.exists() else "") + stopped
    cases = list(ElementTree.parse(results).iter("testcase")) if results.is_file() else []
    failed = [case for case in cases if {"failure", "error"} & {part.tag for part in case}]
    return SuiteResult(len(cases), tuple(case.get("name", "") for case in failed), text)
