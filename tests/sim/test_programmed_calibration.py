"""Arrays programmed from blank, then calibrated, then given images, all through the controller."""

import dataclasses

import numpy as np
import pytest
from support.programmed_layer import program_layer

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MacroConfig, ProgrammingConfig
from popbridge.sim import cosim, montecarlo

PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=24, form_cycles=8, set_cycles=6, reset_cycles=6, first_level=21,
    level_step=2, most_retries=2, failure_limit=0, setup_cycles=1, hold_cycles=1,
)  # fmt: skip
MACRO = MacroConfig(
    rows=6, columns=24, spare_rows=2, trim_bits=6, programmable=True, programming=PROGRAMMING
)
PARAMETERS = ChipParameters(
    devices=DeviceParameters(stuck_lrs_fraction=0.03),
    comparator=ComparatorParameters(offset_sigma_v=0.1, noise_sigma_v=0.0, regeneration_tau_s=0.0),
)
CHIP = 4


@pytest.fixture
def job(make_network, make_job):
    """Its comparators' offsets decide most scores; two macros in the first layer."""
    job = make_job(map_network(make_network((7, 5, 3)), MACRO), chip=CHIP)
    return dataclasses.replace(job, parameters=PARAMETERS, calibrate=True)


def direct(job, chips):
    return montecarlo.run_chip(chips, job.config, job.images)


def programmed(job):
    """What the programmer's model makes of the same cells, layer by layer, without pins."""
    layers = enumerate(zip(job.config.layers, job.weights, strict=True))
    return [
        program_layer(layer, weights, job.parameters, job.chip, index)
        for index, (layer, weights) in layers
    ]


def assert_offsets_are_cancelled(job, outcome):
    """Without noise a trim is the comparator's own offset, cut to a whole number of scores."""
    chips = dataclasses.replace(job, calibrate=False).layer_chips()
    for found, chip in zip(outcome.trims, chips, strict=True):
        offsets = chip.comparator.macro_offsets_score
        assert np.abs(offsets).max() < 2**chip.config.trim_bits_in_use
        assert np.array_equal(found, np.trunc(offsets))
    assert outcome.trims[0].all()
    assert outcome.calibration_cycles == job.config.calibration_cycles


def assert_answers(outcome, expected):
    for seen, answers in zip(outcome.answers, expected.answers, strict=True):
        assert np.array_equal(seen, answers)
    assert np.array_equal(outcome.results[:, 1:], expected.scores)


@pytest.mark.parametrize("simulator", ["pysim", "verilator"])
def test_programmed_then_calibrated_then_images(job, build_root, simulator):
    job = dataclasses.replace(job, program=True)
    outcome = cosim.simulate(job, simulator=simulator, root=build_root)
    assert_offsets_are_cancelled(job, outcome)
    layers = programmed(job)
    for found, layer in zip(outcome.programming, layers, strict=True):
        assert found["word_lines"] == [row.line for row in layer.rows]
        assert found["pulses"] == sum(row.pulses for row in layer.rows) > 0
    assert any(row.moves for layer in layers for row in layer.rows)
    chips = [layer.layer_chip(job.seed) for layer in layers]
    assert_answers(outcome, direct(job, [chip.calibrated() for chip in chips]))
    assert not np.array_equal(outcome.answers[0], direct(job, chips).answers[0])


@pytest.mark.parametrize("way", ["pysim", "bulk", "strict"])
def test_a_programmable_macro_calibrates_without_being_programmed(job, request, build_root, way):
    simulator = "pysim" if way == "pysim" else request.getfixturevalue("icarus")
    outcome = cosim.simulate(job, simulator=simulator, strict=way == "strict", root=build_root)
    assert_offsets_are_cancelled(job, outcome)
    assert_answers(outcome, direct(job, job.layer_chips()))
    assert outcome.programming == []
