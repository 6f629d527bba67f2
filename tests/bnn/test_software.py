"""The software reference, against loops over Python integers."""

import numpy as np
import pytest

from popbridge.bnn import software
from popbridge.bnn.images import input_bits
from popbridge.bnn.network import DenseLayer, Network
from popbridge.errors import InputError


def random_layer(random, inputs, outputs, last=False):
    weights = random.choice(np.array([-1, 1], np.int8), size=(outputs, inputs))
    values = random.integers(-inputs, inputs + 1, outputs, dtype=np.int32)
    return DenseLayer(weights, offsets=values) if last else DenseLayer(weights, thresholds=values)


def loop_sum(weights, bits):
    return sum(w * (1 if bit else -1) for w, bit in zip(weights, bits, strict=True))


def loop_run(network, bits):
    for layer in network.layers[:-1]:
        rows = zip(layer.weights.tolist(), layer.thresholds.tolist(), strict=True)
        bits = [int(loop_sum(row, bits) >= threshold) for row, threshold in rows]
    last = network.layers[-1]
    rows = zip(last.weights.tolist(), last.offsets.tolist(), strict=True)
    scores = [loop_sum(row, bits) + offset for row, offset in rows]
    return bits, scores, scores.index(max(scores))


@pytest.mark.parametrize("sizes", [(1, 1), (7, 3), (5, 1, 4), (23, 17, 9, 3)])
def test_run_equals_loops(sizes):
    random = np.random.default_rng(sum(sizes))
    layers = [
        random_layer(random, sizes[i], sizes[i + 1], last=i == len(sizes) - 2)
        for i in range(len(sizes) - 1)
    ]
    network = Network("n", sizes[:1], 1, tuple(layers))
    bits = random.integers(0, 2, (40, sizes[0]), dtype=np.uint8)
    found = software.run(network, bits)
    assert found.scores.dtype == np.int32
    assert [b.dtype for b in found.layer_bits] == [np.uint8] * (len(layers) - 1)
    for image, row in enumerate(bits.tolist()):
        hidden, scores, best = loop_run(network, row)
        assert found.scores[image].tolist() == scores
        assert found.classes[image] == best
        if found.layer_bits:
            assert found.layer_bits[-1][image].tolist() == hidden


def test_sums_are_exact_across_chunks():
    random = np.random.default_rng(3)
    layer = random_layer(random, 1025, 33)
    bits = random.integers(0, 2, (2 * software.CHUNK + 5, 1025), dtype=np.uint8)
    exact = (bits.astype(np.int64) * 2 - 1) @ layer.weights.astype(np.int64).T
    sums = software.layer_sums(layer, bits)
    assert sums.dtype == np.int32 and np.array_equal(sums, exact)
    assert np.array_equal(software.layer_outputs(layer, bits), exact >= layer.thresholds)


def test_extreme_thresholds():
    thresholds = np.array([-(2**31), -3, -2, 3, 4, 2**31 - 1], np.int32)
    layer = DenseLayer(np.ones((6, 3), np.int8), thresholds=thresholds)
    ends = np.array([[0, 0, 0], [1, 1, 1]], np.uint8)
    assert software.layer_outputs(layer, ends).tolist() == [[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]]


def test_the_first_largest_score_wins():
    last = DenseLayer(np.ones((3, 2), np.int8), offsets=np.array([-1, 4, 4], np.int32))
    result = software.run(Network("n", (2,), 1, (last,)), np.ones((1, 2), np.uint8))
    assert result.scores.tolist() == [[1, 6, 6]] and result.classes.tolist() == [1]


def test_accuracy():
    assert software.accuracy(np.array([1, 2, 3, 4]), np.array([1, 0, 3, 4])) == 0.75


def test_refuses():
    hidden = DenseLayer(np.ones((2, 3), np.int8), thresholds=np.zeros(2, np.int32))
    last = DenseLayer(np.ones((2, 3), np.int8), offsets=np.zeros(2, np.int32))
    bits = np.zeros((1, 3), np.uint8)
    for wrong in (bits[0], bits[:, :2], bits.astype(np.int8)):
        with pytest.raises(
            InputError, match=r"bits: found .*, expected uint8 of shape \(images, 3"
        ):
            software.layer_sums(hidden, wrong)
    with pytest.raises(InputError, match="found no thresholds, expected a hidden layer"):
        software.layer_outputs(last, bits)
    with pytest.raises(InputError, match="found no offsets, expected a last layer"):
        software.layer_scores(hidden, bits)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_inputs_of_several_bits_count_as_odd_integers(bits):
    draw = np.random.default_rng(5)
    layers = (
        DenseLayer(
            draw.choice(np.array([-1, 1], np.int8), (6, 9)),
            thresholds=draw.integers(-40, 40, 6, dtype=np.int32),
        ),
        DenseLayer(
            draw.choice(np.array([-1, 1], np.int8), (3, 6)), offsets=np.array([1, 0, -2], np.int32)
        ),
    )
    network = Network("several bits", (3, 3), 128, layers, bits)
    pixels = draw.integers(0, 256, (20, 3, 3), dtype=np.uint8)
    result = software.run(network, input_bits(pixels, network))
    for image, scores in zip(pixels.tolist(), result.scores.tolist(), strict=True):
        values = [2 * (pixel >> 8 - bits) - (2**bits - 1) for row in image for pixel in row]
        hidden = [
            1 if sum(w * x for w, x in zip(row, values, strict=True)) >= theta else -1
            for row, theta in zip(layers[0].weights.tolist(), layers[0].thresholds, strict=True)
        ]
        expected = [
            sum(w * x for w, x in zip(row, hidden, strict=True)) + offset
            for row, offset in zip(layers[1].weights.tolist(), layers[1].offsets, strict=True)
        ]
        assert scores == expected
