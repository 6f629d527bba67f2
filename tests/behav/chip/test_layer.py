"""A layer of a chip: ideal against XNOR-popcount, sampled against its own cells."""

import itertools
import math
import pickle

import numpy as np
import pytest

from popbridge.behav.cell.bit_errors import bit_error_rate
from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig, Readout
from popbridge.hdl.config.laws import score_of_code

SEED = 31


def layer(fan_in, neurons=1, readout=Readout.SIGN, rows=4, columns=None):
    return LayerConfig(
        name="layer",
        inputs=fan_in,
        bias_columns=0,
        neurons=neurons,
        readout=readout,
        macro=MacroConfig(rows=rows, columns=columns or fan_in + 5),
    )


def xnor_popcount_score(weights, inputs):
    ones = 0
    for weight, value in zip(weights, inputs, strict=True):
        ones += not ((weight > 0) ^ (value > 0))
    return 2 * ones - len(weights)


@pytest.mark.parametrize("fan_in", [1, 3, 5, 7])
def test_ideal_chip_is_xnor_popcount_for_every_weight_and_input(fan_in):
    vectors = np.array(list(itertools.product([-1, 1], repeat=fan_in)))
    sign = sample_layer(
        layer(fan_in, len(vectors)), vectors, ChipParameters(), LayerKey(None, seed=SEED)
    )
    count_config = layer(fan_in, len(vectors), Readout.COUNT)
    count = sample_layer(count_config, vectors, CONDITIONS["weak"], LayerKey(None, seed=SEED))
    bits = sign.signs(vectors, np.arange(len(vectors)))
    codes, decisions = count.counts(vectors, 0)
    assert codes.dtype == np.uint16 and decisions.shape[-1] == count_config.count_bits
    for image, neuron in np.ndindex(bits.shape):
        score = xnor_popcount_score(vectors[neuron], vectors[image])
        assert bits[image, neuron] == (score > 0)
        code = int(codes[image, neuron])
        assert 2 * code + 1 - 2**count_config.count_bits == score
        of_decisions = "".join("1" if answer > 0 else "0" for answer in decisions[image, neuron])
        assert int(of_decisions, 2) == code


@pytest.mark.parametrize("fan_in", [1, 7, 9, 63, 127, 1023])
def test_every_score_of_a_wide_neuron_is_read_out(fan_in):
    inputs = np.ones((fan_in + 1, fan_in))
    for ones in range(fan_in + 1):
        inputs[ones, ones:] = -1
    config = layer(fan_in, readout=Readout.COUNT)
    chip = sample_layer(config, np.ones((1, fan_in)), ChipParameters(), LayerKey(None, seed=SEED))
    codes, _ = chip.counts(inputs, 0)
    expected = 2 * np.arange(fan_in + 1) - fan_in
    np.testing.assert_array_equal(
        score_of_code(codes[:, 0].astype(int), config.count_bits), expected
    )


def test_condition_without_variation_decides_as_the_ideal_chip():
    random = np.random.default_rng(SEED)
    weights, inputs = (random.choice([-1, 1], (count, 101)) for count in (30, 20))
    config = layer(101, 30, columns=128)
    ideal = sample_layer(config, weights, CONDITIONS["weak"], LayerKey(None))
    parameters = CONDITIONS["weak"].without_variation()
    switched_off = sample_layer(config, weights, parameters, LayerKey(4))
    assert ideal.bit_error_rate == switched_off.bit_error_rate == 0
    np.testing.assert_array_equal(ideal.scores_seen(inputs), inputs @ weights.T)
    np.testing.assert_array_equal(ideal.scores_seen(inputs), switched_off.scores_seen(inputs))
    np.testing.assert_array_equal(ideal.signs(inputs, 0), switched_off.signs(inputs, 0))


@pytest.mark.parametrize("name", ["nominal", "weak"])
def test_sampled_bit_error_rate_meets_the_formula(name):
    """Inverters are shared by the rows of a macro, so macros of one row make cells independent."""
    condition = CONDITIONS[name]
    config = layer(1001, 400, rows=1)
    weights = np.random.default_rng(SEED).choice([-1, 1], (400, 1001))
    chip = sample_layer(config, weights, condition, LayerKey(3))
    expected = bit_error_rate(condition.devices, condition.bridge)
    # Both inputs of a cell mostly fail together: count cells, not (cell, input).
    standard_error = math.sqrt(expected / weights.size)
    assert abs(chip.bit_error_rate - expected) < 4 * standard_error + 0.03 * expected


def test_wrong_cells_are_wrong_in_the_scores():
    """Ideal capacitors: each score counts exactly the products that the measured rate counts."""
    parameters = CONDITIONS["weak"]
    parameters = parameters.replace(neuron=parameters.neuron.replace(unit_capacitor_sigma=0.0))
    config = layer(51, 20, columns=51)
    weights = np.random.default_rng(SEED).choice([-1, 1], (20, 51))
    chip = sample_layer(config, weights, parameters, LayerKey(3))
    wrong = 0
    for column in range(51):
        for value in (-1, 1):
            inputs = np.zeros(51)
            inputs[column] = value
            wrong += int(np.sum(chip.scores_seen(inputs) != value * weights[:, column]))
    assert wrong > 0
    assert chip.bit_error_rate == pytest.approx(wrong / (2 * weights.size))


def answers(chip, inputs, images):
    if chip.config.readout is Readout.SIGN:
        return chip.signs(inputs, images)
    return chip.counts(inputs, images)[1]


@pytest.mark.parametrize("condition", ["nominal", "error-law-6ns"])
def test_batch_and_single_images_decide_alike(condition):
    random = np.random.default_rng(SEED)
    weights, inputs = (random.choice([-1, 1], (count, 1127)) for count in (60, 24))
    images = np.arange(100, 124)
    for readout in Readout:
        config = layer(1127, 60, readout, rows=16)
        chip, again = (
            sample_layer(config, weights, CONDITIONS[condition], LayerKey(1, 2, SEED))
            for _ in range(2)
        )
        batch = answers(chip, inputs, images)
        shaped = answers(again, inputs.reshape(4, 6, 1127), images.reshape(4, 6))
        np.testing.assert_array_equal(shaped.reshape(batch.shape), batch)
        for place in reversed(range(24)):
            one = answers(again, inputs[place], int(images[place]))
            np.testing.assert_array_equal(one, batch[place])


def test_each_key_draws_another_chip_or_noise():
    random = np.random.default_rng(SEED)
    weights, inputs = (random.choice([-1, 1], (count, 201)) for count in (50, 40))
    config = layer(201, 50)
    condition = CONDITIONS["weak"]
    condition = condition.replace(comparator=condition.comparator.replace(noise_sigma_v=5e-3))
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
    chips = [sample_layer(config, weights, condition, LayerKey(*key)) for key in keys]
    scores = [chip.scores_seen(inputs) for chip in chips]
    assert (scores[0] != scores[1]).any() and (scores[0] != scores[2]).any()
    other_noise = sample_layer(config, weights, condition, LayerKey(0, seed=1))
    np.testing.assert_array_equal(other_noise.scores_seen(inputs), scores[0])
    assert (other_noise.signs(inputs, 0) != chips[0].signs(inputs, 0)).any()


def test_chip_survives_pickling():
    """Monte-Carlo may hand chips to other processes."""
    weights = np.random.default_rng(SEED).choice([-1, 1], (9, 21))
    chip = sample_layer(layer(21, 9), weights, CONDITIONS["weak"], LayerKey(0))
    copy = pickle.loads(pickle.dumps(chip))
    np.testing.assert_array_equal(copy.signs(weights, 3), chip.signs(weights, 3))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((2, 4)), r"layer: found weights \(2, 4\), expected \(2, 3\)"),
        (np.zeros((2, 3)), r"layer: found weights other than \+1 and -1"),
    ],
)
def test_bad_weights(weights, message):
    with pytest.raises(InputError, match=message):
        sample_layer(layer(3, 2), weights, ChipParameters(), LayerKey(None))


def test_bad_inputs_and_keys():
    chip = sample_layer(layer(3), np.ones((1, 3)), ChipParameters(), LayerKey(None))
    with pytest.raises(InputError, match=r"inputs: found shape \(4,\), expected \(\.\.\., 3\)"):
        chip.scores_seen(np.ones(4))
    with pytest.raises(InputError, match="chip: found -1"):
        sample_layer(layer(3), np.ones((1, 3)), ChipParameters(), LayerKey(-1))
