"""What the registers say of programming is held against the model of the programmer."""

import copy

import pytest
from support.faults import fault, faulty_verilog

from popbridge.errors import HardwareFault
from popbridge.sim import cosim
from popbridge.sim.host.verdict import check_programming
from popbridge.sim.simulators import verilog as simulators
from popbridge.study.mutation.designs import DESIGNS


@pytest.fixture(scope="module")
def job():
    """A chip on which cells need retries, a row moves and one cannot be repaired."""
    return DESIGNS["programmable"].job()


@pytest.fixture(scope="module")
def outcome(icarus, job, tmp_path_factory):
    return cosim.simulate(job, simulator=icarus, root=tmp_path_factory.mktemp("build"))


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


def test_a_fault_of_the_hardware_is_found(job, icarus, tmp_path):
    """One failing column too many is counted in each row."""
    counted = fault("programmer", "layer0_rows", "failed", edit=lambda true, inner: true + 1)
    controller = faulty_verilog(job.config, counted)
    sources = cosim.testbench_sources(job.config, controller, strict=False)
    built = simulators.build(sources, icarus, tmp_path)
    with pytest.raises(HardwareFault, match="layer0: "):
        check_programming(job, simulators.run(job, built, "bulk"))
