"""The controller's registers at the end of a bus master of another implementation."""

import pytest

SUITE = "popbridge.tb.control_bus"
TESTS = 17


@pytest.mark.parametrize(
    ("sizes", "settings"),
    [
        ((70, 5, 3), {"rows": 3}),
        ((9, 4, 6, 2), {"rows": 4, "votes": 3, "dead_before_evaluate_cycles": 0}),
    ],
    ids=["two layers", "three layers, votes, no dead time"],
)
def test_every_register_does_what_it_says(sizes, settings, run_tests, make_mapped, make_job):
    pytest.importorskip("cocotbext.axi")
    job = make_job(make_mapped(sizes, columns=128, **settings), images=4)
    tests, failures, log = run_tests(job, SUITE)
    assert (tests, failures) == (TESTS, 0), log[-3000:]
