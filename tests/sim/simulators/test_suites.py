"""Suites in Icarus: what comes of a design that does not build, and of one that hangs."""

import pytest

from popbridge.flow.emit.controller import CONTROLLER
from popbridge.sim.simulators.suites import Suite, run_suite

HANGING = f"""
module {CONTROLLER} (
  input clk
);
  reg a = 0;
  initial forever #0 a = ~a;
endmodule
"""


@pytest.fixture
def job(icarus, make_mapped, make_job):
    return make_job(make_mapped((3, 2)))


def found(source, job, folder):
    suite = Suite(
        sources={"controller.sv": source},
        modules=["popbridge.tb.suites.every_restart"],
        time_limit_s=2,
    )
    return run_suite(suite, job, folder)


def test_a_design_that_does_not_build_has_no_verdict(job, tmp_path):
    result = found(f"module {CONTROLLER} (; endmodule", job, tmp_path)
    assert (result.tests, result.failures) == (0, ())
    assert "syntax error" in result.log


def test_a_simulation_that_hangs_is_stopped(job, tmp_path):
    result = found(HANGING, job, tmp_path)
    assert (result.tests, result.failures) == (0, ())
