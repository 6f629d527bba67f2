"""Suites: what comes of a design that does not build, and of one that hangs; what is reached."""

import pytest

from popbridge.flow.emit.controller import CONTROLLER, controller_verilog
from popbridge.sim.simulators.suites import COVERAGE_FILE, Suite, run_suite
from popbridge.study.coverage.points import PointMap, read_counts

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


def test_what_a_suite_reaches_is_counted(make_mapped, make_job, tmp_path):
    """Images move the word lines' every bit, and write no register."""
    pytest.importorskip("cocotbext.axi")
    job = make_job(make_mapped((5, 3, 2), rows=2, columns=8))
    controller = controller_verilog(job.config, sources=True)
    suite = Suite(
        sources={"controller.sv": controller},
        modules=["popbridge.tb.suites.axi_stream"],
        coverage=True,
    )
    result = run_suite(suite, job, tmp_path)
    assert (result.tests, result.failures) == (8, ()), result.log[-3000:]
    points = PointMap(controller)
    hits = {}
    for place, count in read_counts((tmp_path / COVERAGE_FILE).read_text("latin-1")).items():
        point = points.point(place)
        hits[point.name] = hits.get(point.name, 0) + count
    for bit in range(2):
        assert hits[f"layer0.word_lines.wl[{bit}] 1->0"] > 0
    assert hits["registers.interrupt_enable_image_done[0] 0->1"] == 0
    branches = [name for name in hits if name.startswith("layer1.sequencer: if of if (")]
    assert any(hits[name] for name in branches)
