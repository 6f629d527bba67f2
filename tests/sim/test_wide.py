"""Words beyond what the interpreter writes as decimal text: 4,300 digits, 14,285 bits."""

import sys

import pytest
from support.jobs import make_job, make_mapped

from popbridge.bnn import software
from popbridge.sim import cosim

WIDE = (14_301, 14_301)
"""Inputs, and columns of an array; no bias column."""
WIDEST = (65_435, 65_535)


def right_in(simulator, sizes, root=None):
    inputs, columns = sizes
    mapped = make_mapped((inputs, 1), rows=1, columns=columns)
    job = make_job(mapped, images=2)
    outcome = cosim.simulate(job, simulator=simulator, root=root)
    reference = software.run(mapped.network, job.images)
    assert outcome.results[:, 1:].tolist() == reference.scores.tolist()


def test_a_wide_array_in_pysim():
    limits = sys.get_int_max_str_digits(), sys.getrecursionlimit()
    right_in("pysim", WIDE)
    assert (sys.get_int_max_str_digits(), sys.getrecursionlimit()) == limits


def test_a_wide_array_in_icarus(icarus, build_root):
    right_in(icarus, WIDE, build_root)


@pytest.mark.nightly
@pytest.mark.parametrize("sizes", [WIDE, WIDEST])
def test_a_wide_array_in_verilator(build_root, sizes):
    right_in("verilator", sizes, build_root)


@pytest.mark.nightly
@pytest.mark.parametrize("simulator", ["pysim", "icarus"])
def test_the_widest_array(simulator, build_root):
    right_in(simulator, WIDEST, build_root)
