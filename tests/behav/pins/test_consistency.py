"""Consistency: the model of a macro at its pins gives what its layer gives, to the bit.

The pins ask the layer, so this shows no physics: rows, evaluations, trials and codes are handed on.
"""

import dataclasses

import numpy as np
import pytest
from support.array_bench import Bench, array_layer, ideal_bench

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.evaluation import ArrayModel
from popbridge.hdl.config import Readout

SEED = 77


def random_signs(*shape, seed=SEED):
    return np.random.default_rng(seed).choice([-1, 1], shape)


def noisy_chip(config, condition, noise_sigma_v):
    comparator = condition.comparator.replace(noise_sigma_v=noise_sigma_v)
    weights = random_signs(config.neurons, config.fan_in)
    return sample_layer(
        config, weights, condition.replace(comparator=comparator), LayerKey(2, 1, SEED)
    )


@pytest.mark.parametrize("condition", ["weak", "error-law-6ns"])
def test_signs_at_the_pins_are_those_of_the_layer(condition):
    config = array_layer(fan_in=301)
    chip = noisy_chip(config, CONDITIONS[condition], 10e-3)
    inputs = random_signs(12, 301, seed=1)
    expected = chip.signs(inputs, np.arange(12))
    assert (expected != (chip.scores_seen(inputs) > 0)).any(), "noise should make a difference"
    assert config.macros == 3
    for macro in range(3):
        bench = Bench(ArrayModel(chip, macro))
        for image in range(12):
            bench.drive(inputs[image])
            for row, neuron in enumerate(config.neurons_of_macro(macro)):
                wanted = (1, 0) if expected[image, neuron] else (0, 1)
                assert bench.sign(row) == wanted, f"image {image}, neuron {neuron}"


def test_slow_circuits_at_the_pins_are_those_of_the_layer():
    """Residual of precharge, charge injection, and a latch that leaves decisions unresolved."""
    config = array_layer(fan_in=301)
    condition = CONDITIONS["weak"]
    slow = condition.replace(
        neuron=condition.neuron.replace(precharge_tau_s=5e-9, injection_differential_v=0.01),
        comparator=condition.comparator.replace(regeneration_tau_s=2e-9),
    )
    chip = noisy_chip(config, slow, 5e-3)
    inputs = random_signs(12, 301, seed=1)
    expected = chip.decide(chip.scores_seen(inputs), np.arange(12))
    plain = noisy_chip(config, condition, 5e-3)
    assert (expected == 0).any() and (chip.residual, plain.residual) == (np.exp(-2), 0)
    assert ((expected > 0) != plain.signs(inputs, np.arange(12))).any()
    for macro in range(3):
        bench = Bench(ArrayModel(chip, macro))
        for image in range(12):
            bench.drive(inputs[image])
            for row, neuron in enumerate(config.neurons_of_macro(macro)):
                decision = expected[image, neuron]
                wanted = (int(decision > 0), int(decision < 0))
                assert bench.sign(row) == wanted, f"image {image}, neuron {neuron}"


def test_counts_at_the_pins_are_those_of_the_layer():
    config = array_layer(readout=Readout.COUNT)
    chip = noisy_chip(config, CONDITIONS["weak"], 40e-3)
    inputs = random_signs(6, 23, seed=1)
    codes, decisions = chip.counts(inputs, np.arange(6))
    for macro in range(3):
        bench = Bench(ArrayModel(chip, macro))
        for image in range(6):
            bench.drive(inputs[image])
            for row, neuron in enumerate(config.neurons_of_macro(macro)):
                code, answers = bench.count(row, config.count_bits)
                assert code == codes[image, neuron]
                wanted = [(int(d > 0), int(d < 0)) for d in decisions[image, neuron]]
                assert answers == wanted


def test_image_begins_when_rows_do_not_ascend():
    chip = sample_layer(array_layer(neurons=4), np.ones((4, 23)), ChipParameters(), LayerKey(None))
    model = ArrayModel(chip, 0)
    bench = Bench(model)
    bench.drive(np.ones(23))
    seen = []
    for row in (0, 1, 3, 0, 2, 2, 1):
        bench.sign(row)
        seen.append(model.evaluation)
    assert seen == [0, 0, 0, 1, 1, 2, 3]


def test_unresolved_without_a_word_line_or_a_neuron_or_a_charge():
    bench = ideal_bench()
    assert bench.sign(0) == (1, 0)
    assert bench.sign(3) == (0, 0)  # the last macro has three neurons
    bench.pins.wl = 0
    bench.until_evaluate()
    assert bench.strobe() == (0, 0)
    bench.drive(np.zeros(23))
    assert bench.sign(1) == (0, 0)


def test_columns_may_stay_undriven():
    bench = ideal_bench()
    for inputs, answer in ([-1, -1, 1], (0, 1)), ([-1, 1, 1], (1, 0)), ([-1, 1, 0], (0, 0)):
        bench.drive(inputs)
        assert bench.sign(1) == answer


def test_pins_may_be_reused_by_the_caller():
    """The model keeps no reference to the pins that it was shown."""
    bench = ideal_bench()
    shown = dataclasses.replace(bench.pins, precharge=1)
    bench.model.observe(0.0, shown)
    shown.precharge = 0
    bench.model.observe(10e-9, shown)
    shown.evaluate = 1
    bench.model.observe(15e-9, shown)
    shown.strobe = 1
    assert bench.model.observe(30e-9, shown) == (1, 0)
