"""The controller between the stream ends of cocotbext-axi, an implementation of its own."""

import pytest
from amaranth.hdl import Signal
from support.jobs import make_job, make_mapped

from popbridge.hdl.controller import controller as network
from popbridge.hdl.controller import frames

SUITE = "popbridge.tb.suites.axi_stream"
TESTS = 8  # stalls of the source and of the sink, broken frames: each with and without


@pytest.mark.parametrize(
    ("sizes", "rows"), [((70, 5, 3), 3), ((9, 4, 6, 2), 4)], ids=["three beats", "one beat"]
)
def test_every_image_gives_its_packet(sizes, rows, run_tests):
    pytest.importorskip("cocotbext.axi")
    job = make_job(make_mapped(sizes, rows=rows, columns=128), images=5)
    tests, failures, log = run_tests(job, SUITE)
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


def test_a_beat_that_does_not_hold_is_caught(run_tests, monkeypatch):
    pytest.importorskip("cocotbext.axi")
    monkeypatch.setattr(network, "ScoreOutput", ChangesWhileWaiting)
    tests, failures, log = run_tests(make_job(make_mapped((9, 4, 2)), images=2), SUITE)
    assert tests == TESTS
    assert failures >= TESTS // 2, "each test in which the sink stalls"
    assert "until it is taken" in log
