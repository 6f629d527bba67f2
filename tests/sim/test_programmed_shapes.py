"""Chains of arrays, pipelined macros, votes and bit planes: programmed from blank, then exact."""

import dataclasses

import numpy as np
import pytest
from support.jobs import make_network

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.bnn import software
from popbridge.bnn.mapping import map_network
from popbridge.bnn.thresholds import bias_for_thresholds, hidden_bias_columns
from popbridge.hdl.config import MacroConfig, PhaseTiming, ProgrammingConfig
from popbridge.sim import cosim
from popbridge.sim.job import Job

SEED = 77
SIZES = (7, 5, 3)
PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=32, form_cycles=8, set_cycles=6, reset_cycles=6, first_level=21,
    level_step=2, most_retries=3, failure_limit=0, setup_cycles=1, hold_cycles=1,
)  # fmt: skip
MACRO = MacroConfig(
    rows=7, columns=24, spare_rows=4, programmable=True, programming=PROGRAMMING
)  # fmt: skip
SHAPES = {
    "chained": MACRO.replace(columns=7),
    "pipelined": MACRO.replace(pipelined=True, timing=PhaseTiming(bridge_cycles=7)),
    "pipelined votes": MACRO.replace(pipelined=True, votes=3),
    "bit planes": MACRO,
    "bit planes on chained and pipelined arrays": MACRO.replace(columns=7, pipelined=True),
}
DEVICES = ChipParameters().without_variation().devices.replace(stuck_lrs_fraction=0.015)
"""All that varies is which devices are stuck, and which pulses switch."""


def mapped_network(macro, bits):
    """Random weights; the first layer's thresholds are such as its bias columns hold."""
    network = make_network(SIZES)
    first = network.layers[0]
    wanted = first.thresholds * (2**bits - 1)
    columns = hidden_bias_columns(SIZES[0])
    held = bias_for_thresholds(wanted, SIZES[0], columns, 2**bits - 1).thresholds
    layers = (dataclasses.replace(first, thresholds=held), *network.layers[1:])
    return map_network(dataclasses.replace(network, layers=layers, bits_per_input=bits), macro)


def programming_job(mapped):
    top = mapped.network.input_top
    draw = np.random.default_rng(SEED)
    return Job(
        config=mapped.config,
        weights=mapped.weights,
        parameters=ChipParameters().without_variation().replace(devices=DEVICES),
        chip=2,
        seed=5,
        images=draw.integers(0, top + 1, (4, SIZES[0]), dtype=np.uint8),
        program=True,
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_repaired_chip_is_the_software_network(shape):
    """What is stuck is in rows that were left: spare rows give the same bits in the same cycles."""
    mapped = mapped_network(SHAPES[shape], 3 if "bit planes" in shape else 1)
    assert mapped.saturated == 0
    assert (mapped.config.layers[0].chain > 1) == ("chained" in shape)
    job = programming_job(mapped)
    # It refuses any cycle that is not as declared.
    outcome = cosim.simulate(job, simulator="pysim")
    assert outcome.programming_errors == []
    assert outcome.programming[0]["spare_rows_used"] > 0
    reference = software.run(mapped.network, job.images)
    assert len(np.unique(reference.scores)) > 3
    for bits, answers in zip(reference.layer_bits, outcome.answers[:-1], strict=True):
        assert np.array_equal(bits, answers)
    assert np.array_equal(outcome.results[:, 1:], reference.scores)
