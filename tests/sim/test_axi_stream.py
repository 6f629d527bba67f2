"""The controller between the stream ends of cocotbext-axi, an implementation of its own."""

import contextlib

import pytest
from amaranth.hdl import Signal
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from popbridge.flow.verilog import CONTROLLER, controller_verilog
from popbridge.hdl import frames, network
from popbridge.tb.agents import JOB_VARIABLE

TESTS = 8  # stalls of the source and of the sink, broken frames: each with and without


@pytest.fixture
def run_tests(icarus, tmp_path):
    """Builds the controller, runs the testbench; gives tests run, tests failed, and the log."""

    def run(job):
        job.write(tmp_path / "job.npz")
        source = tmp_path / "controller.sv"
        source.write_text(controller_verilog(job.config), encoding="utf-8")
        runner = get_runner(icarus)
        runner.build(
            sources=[source],
            hdl_toplevel=CONTROLLER,
            build_dir=tmp_path / "build",
            timescale=("1ns", "1ps"),
            log_file=tmp_path / "build.log",
        )
        results = tmp_path / "results.xml"
        # It ends the process when a test fails; the verdict is in the results.
        with contextlib.suppress(SystemExit):
            runner.test(
                test_module="popbridge.tb.axi_stream",
                hdl_toplevel=CONTROLLER,
                hdl_toplevel_lang="verilog",
                build_dir=tmp_path / "build",
                test_dir=tmp_path,
                results_xml=str(results),
                extra_env={JOB_VARIABLE: str(tmp_path)},
                log_file=tmp_path / "run.log",
            )
        log = (tmp_path / "run.log").read_text(encoding="utf-8")
        assert results.exists(), log[-3000:]
        return *get_results(results), log

    return run


@pytest.mark.parametrize(
    ("sizes", "rows"), [((70, 5, 3), 3), ((9, 4, 6, 2), 4)], ids=["three beats", "one beat"]
)
def test_every_image_gives_its_packet(sizes, rows, run_tests, make_mapped, make_job):
    pytest.importorskip("cocotbext.axi")
    job = make_job(make_mapped(sizes, rows=rows, columns=128), images=5)
    tests, failures, log = run_tests(job)
    assert (tests, failures) == (TESTS, 0), log[-3000:]


class ChangesWhileWaiting(frames.ScoreOutput):
    """A beat that is not taken at once is shown with another bit 0."""

    def elaborate(self, platform):
        shown = self.m_axis_tdata
        self.m_axis_tdata = held = Signal.like(shown)
        m = super().elaborate(platform)
        self.m_axis_tdata = shown
        m.d.comb += shown.eq(held ^ ~self.m_axis_tready)
        return m


def test_a_beat_that_does_not_hold_is_caught(run_tests, make_mapped, make_job, monkeypatch):
    pytest.importorskip("cocotbext.axi")
    monkeypatch.setattr(network, "ScoreOutput", ChangesWhileWaiting)
    tests, failures, log = run_tests(make_job(make_mapped((9, 4, 2)), images=2))
    assert tests == TESTS
    assert failures >= TESTS // 2, "each test in which the sink stalls"
    assert "until it is taken" in log
