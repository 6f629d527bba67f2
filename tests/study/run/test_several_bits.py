"""What a run says of a network whose inputs have several bits, held against counting."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from support.jobs import make_network

from popbridge.behav.chip.error_layer import ErrorLawLayer
from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.chip.margins import layer_margins
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.bnn.mapping import map_network
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.sim.cosim import simulate
from popbridge.sim.job import Job
from popbridge.study.run.evaluation import layer_results

SEED = 20261201
BITS = [1, 2, 3, 4]


def counted_surplus(layer, neuron, images, bits):
    """In counts of the least significant bit: what of the sum is beyond the narrowest majority."""
    top, weights = 2**bits - 1, layer.weights[neuron].tolist()
    surpluses = []
    for image in images.tolist():
        sum_of_inputs = sum(w * (2 * v - top) for w, v in zip(weights, image, strict=False))
        sum_of_bias = sum(w * top for w in weights[len(image) :])
        surpluses.append((abs(sum_of_inputs + sum_of_bias) - 1) / 2)
    return sum(surpluses) / len(surpluses)


@pytest.mark.parametrize("bits", BITS)
def test_mean_surplus_of_the_worst_neurons(bits):
    network = dataclasses.replace(make_network((15, 11, 4)), bits_per_input=bits)
    mapped = map_network(network, MacroConfig(rows=8, columns=40))
    draw = np.random.default_rng(SEED)
    images = draw.integers(0, 2**bits, (24, 15), dtype=np.uint8)
    job = Job(mapped.config, mapped.weights, CONDITIONS["weak"], 3, 5, images)
    layer = layer_results(mapped, job, simulate(job, simulator="pysim"))[0]
    assert layer.worst_neurons
    for item in layer.worst_neurons:
        expected = counted_surplus(mapped.layers[0], item.neuron, images, bits)
        assert item.mean_surplus == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("bits", BITS)
def test_the_strobe_needs_what_the_smallest_score_needs(bits):
    """Every input of a neuron of three columns, on an ideal array."""
    config = LayerConfig(
        name="fc1", inputs=2, bias_columns=1, neurons=1, bits_per_input=bits,
        macro=MacroConfig(rows=8, columns=64),
    )  # fmt: skip
    top = 2**bits - 1
    levels = range(-top, top + 1, 2)
    inputs = np.array([(*pair, top) for pair in itertools.product(levels, repeat=2)])
    condition = CONDITIONS["nominal"]
    ideal = sample_layer(config, np.array([[1, -1, 1]]), condition, LayerKey(None))
    smallest_v = np.abs(ideal.scores_seen(inputs)).min() * ideal.comparator.unit_v
    needed_s = layer_margins(config, condition, 0.0)[-1].needed_s
    grown_v = smallest_v * math.exp(needed_s / condition.comparator.regeneration_tau_s)
    assert grown_v == pytest.approx(condition.comparator.logic_level_v)


def test_the_published_error_law_is_for_inputs_of_one_bit():
    config = LayerConfig(name="layer0", inputs=4, bias_columns=1, neurons=2, bits_per_input=2)
    with pytest.raises(InputError, match="layer0: found inputs of 2 bits, expected 1: the publ"):
        ErrorLawLayer(
            config, np.ones((2, 5), np.int8), LayerKey(1), bit_error_rate=0.1, clock_s=6e-9
        )
