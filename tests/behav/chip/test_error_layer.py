"""Neurons that err by the published law: rates against the authors' tables and brute force."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from support.published import published_rows

from popbridge.behav.chip.error_layer import ErrorLawLayer
from popbridge.behav.draws import LayerKey
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig, Readout

SEED = 8


def layer(fan_in, neurons, readout=Readout.SIGN):
    macro = MacroConfig(columns=fan_in)
    return LayerConfig(
        name="fc", inputs=fan_in, bias_columns=0, neurons=neurons, readout=readout, macro=macro
    )


def inputs_with_surplus(fan_in, surplus, sign):
    """Inputs whose score with weights of +1 is sign * (2 surplus + 1)."""
    ones = fan_in // 2 + 1 + surplus
    return sign * np.repeat([1, -1], [ones, fan_in - ones]).astype(np.float32)


def published_rates():
    """(BER, surplus) to the probability that the authors give a 1,025-input neuron at 6 ns."""
    return {
        (float(row["ber"]), int(row["surplus"])): float(row["probability"])
        for row in published_rows("neuron_errors")
        if row["clock_ns"] == "6" and row["inputs"] == "1025" and float(row["probability"]) > 1e-3
    }


def test_signs_err_at_the_published_rates():
    cases = published_rates()
    assert len(cases) > 5
    images, neurons = 200, 500
    for (rate, surplus), expected in cases.items():
        model = ErrorLawLayer(
            layer(1127, neurons), np.ones((neurons, 1127), np.int8),
            LayerKey(1, seed=SEED), bit_error_rate=rate, clock_s=6e-9,
        )  # fmt: skip
        for sign in (1, -1):
            inputs = np.tile(inputs_with_surplus(1127, surplus, sign), (images, 1))
            wrong = np.mean(model.signs(inputs, np.arange(images)) != (sign > 0))
            error = math.sqrt(expected * (1 - expected) / (images * neurons))
            assert abs(wrong - expected) < 4.5 * error, (rate, surplus, sign)


def test_without_any_error_it_is_xnor_popcount():
    vectors = np.array(list(itertools.product([-1, 1], repeat=5)))
    model = ErrorLawLayer(
        layer(5, len(vectors)), vectors.astype(np.int8),
        LayerKey(1, seed=SEED), bit_error_rate=0.0, clock_s=6e-9,
    )  # fmt: skip
    # At five columns the law's spread is 0.17 counts: P_err(0) is 2e-8.
    bits = model.signs(vectors.astype(np.float32), np.arange(len(vectors)))
    for image, neuron in np.ndindex(bits.shape):
        agreeing = sum(w == x for w, x in zip(vectors[neuron], vectors[image], strict=True))
        assert bits[image, neuron] == (agreeing >= 3)


def test_chips_images_and_layers_err_on_their_own_and_batches_do_not_matter():
    weights = np.ones((400, 101), np.int8)
    inputs = np.tile(inputs_with_surplus(101, 0, 1), (6, 1))
    first_key = LayerKey(1, seed=SEED)

    def bits(first=0, count=6, **changes):
        key = dataclasses.replace(first_key, **changes)
        model = ErrorLawLayer(layer(101, 400), weights, key, bit_error_rate=0.3, clock_s=6e-9)
        return model.signs(inputs[:count], np.arange(first, first + count))

    whole = bits()
    np.testing.assert_array_equal(bits(4, 2), whole[4:])
    others = [bits(chip=2), bits(layer=1), bits(seed=9), bits(6)]
    for other in others:
        agree = np.mean(other == whole)
        expected = np.mean(whole) ** 2 + (1 - np.mean(whole)) ** 2
        assert abs(agree - expected) < 5 * 0.5 / math.sqrt(whole.size)


def test_a_count_layer_has_no_law():
    with pytest.raises(InputError, match="fc: found a count read-out, expected a sign layer"):
        ErrorLawLayer(
            layer(5, 1, Readout.COUNT), np.ones((1, 5), np.int8),
            LayerKey(1, seed=SEED), bit_error_rate=0.1, clock_s=6e-9,
        )  # fmt: skip
