"""The controller's registers at the end of a bus master of another implementation."""

import pytest
from amaranth.hdl import Const, ResetInserter
from support.faults import fault, faulty_verilog
from support.jobs import make_job, make_mapped

from popbridge.hdl.config import PHASE_NAMES
from popbridge.hdl.controller import controller as network
from popbridge.hdl.layer.dense_layer import DenseLayer

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


MUTANTS = {
    # What is wrong: where, the tests that find it, and what they say.
    "stop is ignored": (
        [fault("enabled", edit=lambda true, inner: Const(1))], "stop_lets", "an image that waits",
    ),
    "a soft reset forgets the input": (
        [fault("restart", edit=lambda true, inner: Const(0))], "what_is_left", "assert",
    ),
    "every time is taken": (
        [
            fault(
                "registers", f"layer{layer}_{name}_fits", edit=lambda true, inner: Const(1)
            )
            for layer in range(2) for name in PHASE_NAMES
        ],
        "times_out_of_range", "SLVERR",
    ),
    "errors stay": (
        [fault("registers", "errors_written", edit=lambda true, inner: Const(0))],
        "times_out_of_range", "assert 4 == 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_is_caught(name, run_tests):
    pytest.importorskip("cocotbext.axi")
    faults, only, message = MUTANTS[name]
    job = make_job(make_mapped((9, 4, 2), columns=32), images=4)
    controller = faulty_verilog(job.config, *faults)
    tests, failures, log = run_tests(job, SUITE, only, controller=controller)
    assert 0 < tests < TESTS
    assert failures > 0
    assert message in log


def layers_go_on(reset):
    """A soft reset that leaves the layers out."""

    def restarted(block):
        return block if isinstance(block, DenseLayer) else ResetInserter(reset)(block)

    return restarted


def test_a_soft_reset_that_forgets_the_layers_is_caught(run_tests, monkeypatch):
    pytest.importorskip("cocotbext.axi")
    monkeypatch.setattr(network, "ResetInserter", layers_go_on)
    job = make_job(make_mapped((9, 4, 2), columns=32), images=4)
    tests, failures, log = run_tests(job, SUITE, "soft_reset_loses")
    assert 0 < tests < TESTS
    assert failures > 0
    assert "assert" in log
