"""The controller's registers at the end of a bus master of another implementation."""

import pytest
from amaranth.hdl import Const, ResetInserter
from support.jobs import make_job, make_mapped

from popbridge.hdl.bus import register_bank
from popbridge.hdl.controller import controller as network
from popbridge.hdl.controller import frames
from popbridge.hdl.layer import dense_layer

SUITE = "popbridge.tb.suites.control_bus"
TESTS = 19


@pytest.mark.parametrize(
    ("sizes", "settings"),
    [
        ((70, 5, 3), {"rows": 3}),
        ((9, 4, 6, 2), {"rows": 4, "votes": 3, "dead_before_evaluate_cycles": 0}),
    ],
    ids=["two layers", "three layers, votes, no dead time"],
)
def test_every_register_does_what_it_says(sizes, settings, run_tests):
    pytest.importorskip("cocotbext.axi")
    job = make_job(make_mapped(sizes, columns=128, **settings), images=4)
    tests, failures, log = run_tests(job, SUITE)
    assert (tests, failures) == (TESTS, 0), log[-3000:]


class NeverStops(frames.FrameInput):
    """Takes images whether enabled or not."""

    def elaborate(self, platform):
        given, self.enabled = self.enabled, Const(1)
        m = super().elaborate(platform)
        self.enabled = given
        return m


class NeverRestarts(frames.FrameInput):
    """Goes on with its frame through a soft reset."""

    def elaborate(self, platform):
        given, self.restart = self.restart, Const(0)
        m = super().elaborate(platform)
        self.restart = given
        return m


class TakesEveryTime(register_bank.RegisterBank):
    """Refuses no value."""

    @staticmethod
    def _fits(m, register, merged):
        return Const(1)


class SetOnly(register_bank.RegisterBank):
    """What an event has set stays, whatever is written."""

    def _field(self, m, register, field, selected, *more):
        keeps = field.access is register_bank.Access.WRITE_1_TO_CLEAR
        return super()._field(m, register, field, Const(0) if keeps else selected, *more)


def layers_go_on(reset):
    """A soft reset that leaves the layers out."""

    def restarted(block):
        return block if isinstance(block, dense_layer.DenseLayer) else ResetInserter(reset)(block)

    return restarted


MUTANTS = {
    "stop is ignored": ("FrameInput", NeverStops, "stop_lets", "an image that waits"),
    "soft reset forgets the input": ("FrameInput", NeverRestarts, "what_is_left", "assert"),
    "every time is taken": ("RegisterBank", TakesEveryTime, "times_out_of_range", "SLVERR"),
    "errors stay": ("RegisterBank", SetOnly, "times_out_of_range", "assert 4 == 0"),
    "soft reset forgets layers": ("ResetInserter", layers_go_on, "soft_reset_loses", "assert"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_is_caught(name, run_tests, monkeypatch):
    pytest.importorskip("cocotbext.axi")
    attribute, mutant, only, message = MUTANTS[name]
    monkeypatch.setattr(network, attribute, mutant)
    job = make_job(make_mapped((9, 4, 2), columns=32), images=4)
    tests, failures, log = run_tests(job, SUITE, only)
    assert 0 < tests < TESTS
    assert failures > 0
    assert message in log
