"""Suites of `tb` on the controller alone, in Icarus."""

import contextlib

import pytest
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from popbridge.flow.icarus import without_always_comb
from popbridge.flow.verilog import CONTROLLER, controller_verilog
from popbridge.tb.agents import JOB_VARIABLE

SUITES_REWRITTEN = {"COCOTB_REWRITE_ASSERTION_FILES": "*/tb/*.py"}
"""What pytest rewrites in each simulation, to tell more of what failed; all of NumPy takes long."""


@pytest.fixture
def run_tests(icarus, tmp_path):
    """Builds the controller and runs a suite of `tb`; gives tests run, tests failed, the log.

    `only` is a pattern of the tests to run, `folder` where all files go.
    """

    def run(job, suite, only=None, folder=tmp_path):
        job.write(folder / "job.npz")
        source = folder / "controller.sv"
        source.write_text(without_always_comb(controller_verilog(job.config)), encoding="utf-8")
        runner = get_runner(icarus)
        runner.build(
            sources=[source],
            hdl_toplevel=CONTROLLER,
            build_dir=folder / "build",
            timescale=("1ns", "1ps"),
            log_file=folder / "build.log",
        )
        results = folder / "results.xml"
        # It ends the process when a test fails; the verdict is in the results.
        with contextlib.suppress(SystemExit):
            runner.test(
                test_module=suite,
                hdl_toplevel=CONTROLLER,
                hdl_toplevel_lang="verilog",
                build_dir=folder / "build",
                test_dir=folder,
                test_filter=only,
                results_xml=str(results),
                extra_env={JOB_VARIABLE: str(folder), **SUITES_REWRITTEN},
                log_file=folder / "run.log",
            )
        log = (folder / "run.log").read_text(encoding="utf-8")
        assert results.exists(), log[-3000:]
        return *get_results(results), log

    return run
