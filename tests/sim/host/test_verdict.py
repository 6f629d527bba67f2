"""What the registers say of programming is held against the model of the programmer."""

import copy

import pytest

from popbridge.errors import HardwareFault
from popbridge.hdl.programming import row as programmer
from popbridge.sim.cosim import simulate
from popbridge.sim.host.verdict import check_programming
from popbridge.study.mutation.designs import DESIGNS


@pytest.fixture(scope="module")
def job():
    """A chip on which cells need retries, a row moves and one cannot be repaired."""
    return DESIGNS["programmable"].job()


@pytest.fixture(scope="module")
def run(icarus, job, tmp_path_factory):
    """Runs the job on the hardware as it is now."""
    return lambda: simulate(job, simulator="icarus", root=tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def outcome(run):
    return run()


def test_the_hardware_does_what_the_model_says(job, outcome):
    check_programming(job, outcome)
    first = outcome.programming[0]
    figures = ("retries", "failed_cells", "spare_rows_used", "unrepairable_rows", "failing_cells")
    assert all(first[name] for name in figures), "the case is too easy"


@pytest.mark.parametrize("name", ["pulses", "cycles", "word_lines", "failing_cells"])
def test_what_differs_is_named(name, job, outcome):
    wrong = copy.deepcopy(outcome)
    of_layer = wrong.programming[0]
    of_layer[name] = of_layer[name] + 1 if isinstance(of_layer[name], int) else of_layer[name][1:]
    with pytest.raises(HardwareFault, match=f"layer0: {name}: found .*, expected"):
        check_programming(job, wrong)


def test_an_error_too_few_is_named(job, outcome):
    wrong = copy.deepcopy(outcome)
    wrong.programming_errors = []
    with pytest.raises(HardwareFault, match=r"errors: found \[\], expected \['unrepairable_row'\]"):
        check_programming(job, wrong)


def test_a_fault_of_the_hardware_is_found(job, run, monkeypatch):
    """One failing column too many is counted in each word."""
    given = programmer.sum_of
    monkeypatch.setattr(programmer, "sum_of", lambda values: given(values) + 1)
    with pytest.raises(HardwareFault, match="layer0: "):
        check_programming(job, run())
