"""What the registers say of programming is held against the model of the programmer."""

import copy
import dataclasses

import pytest
from support.faults import fault, faulty_verilog

from popbridge.behav.chip.layer import LayerChip
from popbridge.behav.energy.layer import network_energy
from popbridge.behav.parameters.energy import EnergyParameters
from popbridge.errors import HardwareFault
from popbridge.sim import cosim
from popbridge.sim.host.verdict import check_programming, drawn_layers
from popbridge.sim.simulators import verilog as simulators
from popbridge.study.designs import DESIGNS


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


def test_drawn_layers_are_the_cells_behind_the_pins(job, outcome):
    """Not sampled ones: rows are where the registers say, and wrong products are those measured."""
    layers = drawn_layers(job)
    for drawn, found, rate in zip(
        layers, outcome.programming, outcome.bit_error_rates, strict=True
    ):
        assert drawn.cells.word_lines.tolist() == found["word_lines"]
        assert LayerChip(drawn).bit_error_rate == rate
    sampled = dataclasses.replace(job, program=False)
    assert drawn_layers(sampled) is sampled.drawn_layers
    differing = [
        (layer.cells.top_ohm != other.cells.top_ohm).mean()
        for layer, other in zip(layers, sampled.drawn_layers, strict=True)
    ]
    assert min(differing) > 0.5


def test_energy_of_a_programmed_chip_is_that_of_its_cells(job):
    """Bridges of the first layer, cell by cell: VDD squared over what is in series, for a row."""
    energy = EnergyParameters()
    drawn = drawn_layers(job)[0]
    inputs = job.images
    found_j = network_energy([drawn], [inputs], energy)[0].causes_j["bridges"]
    expected_j = 0.0
    row_s = drawn.config.row_cycles * drawn.config.macro.timing.clock_period_s
    for top_ohm, bottom_ohm in zip(
        drawn.cells.top_ohm.flat, drawn.cells.bottom_ohm.flat, strict=True
    ):
        expected_j += 1.2**2 * row_s / (top_ohm + bottom_ohm + 2 * 2000.0)
    assert found_j == pytest.approx(expected_j, rel=1e-9, abs=0.0)


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
