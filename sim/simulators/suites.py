"""Suites of cocotb tests on a design in Icarus: for tests, and for faults that they are to find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cocotb_tools.runner import Icarus

from ...flow.emit.controller import CONTROLLER
from ...flow.tools.icarus import without_always_comb
from ..job import Job
from .job_folder import JOB_VARIABLE
from .verilog import NOT_REWRITTEN, TIMESCALE

__all__ = ["Suite", "SuiteResult", "run_suite"]


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


class _Limited(Icarus):
    """Ends a simulation that hangs."""

    def __init__(self, limit_s: int | None) -> None:
        super().__init__()
        self._before = [] if limit_s is None else ["timeout", str(limit_s)]

    def _test_command(self) -> list[Any]:
        return [[*self._before, *command] for command in super()._test_command()]


def run_suite(suite: Suite, job: Job, folder: Path) -> SuiteResult:
    """Build a design and run tests on it.

    Parameters
    ----------
    suite : Suite
    job : Job
        What the tests find in `folder`, where all files go.
    """
    job.write(folder / "job.npz")
    paths = [folder / name for name in suite.sources]
    for path, text in zip(paths, suite.sources.values(), strict=True):
        path.write_text(without_always_comb(text), encoding="utf-8")
    runner = _Limited(suite.time_limit_s)
    results = folder / "results.xml"
    stopped = ""
    # It ends the process when a test fails, and a fault may keep a design from building.
    try:
        runner.build(
            sources=paths,
            hdl_toplevel=suite.top,
            build_dir=folder / "build",
            timescale=TIMESCALE,
            log_file=folder / "build.log",
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
            log_file=folder / "run.log",
        )
    except (Exception, SystemExit) as error:
        stopped = f"{error}\n"
    logs = [folder / name for name in ("build.log", "run.log")]
    log = "".join(path.read_text(encoding="utf-8") for path in logs if path.exists())
    return _result(results, log + stopped)


def _result(results: Path, log: str) -> SuiteResult:
    if not results.is_file():
        return SuiteResult(0, (), log)
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    failures = [
        case.get("name", "")
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return SuiteResult(len(cases), tuple(failures), log)
