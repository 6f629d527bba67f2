"""Draws are functions of their keys."""

import itertools
import math

import numpy as np
import pytest

from popbridge.behav.draws import NORMAL_REACH, DecisionDraws, Domain, DrawStream, _squares
from popbridge.errors import InputError


def generator(seed, domain, layer, index, trial=0):
    """Of a stream of its own for one vector."""
    return DrawStream(seed, domain, layer).at(index, trial)


SEED = 20240


def test_order_of_calls_does_not_matter():
    keys = list(itertools.product(range(5), range(4)))
    forward, backward = (DrawStream(SEED, Domain.NOISE, 1) for _ in range(2))
    first = {key: forward.at(*key).standard_normal(33) for key in keys}
    second = {key: backward.at(*key).standard_normal(33) for key in reversed(keys)}
    alone = {key: generator(SEED, Domain.NOISE, 1, *key).standard_normal(33) for key in keys}
    for key in keys:
        np.testing.assert_array_equal(first[key], second[key])
        np.testing.assert_array_equal(first[key], alone[key])


def test_what_was_drawn_before_does_not_matter():
    stream = DrawStream(SEED, Domain.NOISE, 0)
    expected = stream.at(3, 2).standard_normal(9)
    stream.at(3, 2).integers(0, 5, size=3, dtype=np.uint32)  # leaves half a word behind
    np.testing.assert_array_equal(stream.at(3, 2).standard_normal(9), expected)


def test_every_key_counts():
    base = {"seed": SEED, "domain": Domain.NOISE, "layer": 2, "index": 3, "trial": 4}
    variants = [base, base | {"domain": Domain.ERROR_LAW}]
    variants += [base | {name: base[name] + 1} for name in ("seed", "layer", "index", "trial")]
    vectors = {generator(**keys).bytes(32) for keys in variants}
    assert len(vectors) == len(variants)


def test_a_subset_of_neurons_sees_the_same_numbers():
    stream = DrawStream(SEED, Domain.NOISE, 0)
    long = stream.at(7).standard_normal(1000)
    np.testing.assert_array_equal(stream.at(7).standard_normal(10), long[:10])


def test_neighbouring_keys_are_uncorrelated():
    count = 100_000
    first, second = (generator(SEED, Domain.NOISE, 0, i).standard_normal(count) for i in (0, 1))
    for vector in (first, second):
        assert abs(vector.mean()) < 4 / math.sqrt(count)
        assert abs(vector.var() - 1) < 4 * math.sqrt(2 / count)
    assert abs(np.mean(first * second)) < 4 / math.sqrt(count)


@pytest.mark.parametrize(
    ("seed", "layer", "message"),
    [
        (-1, 0, "seed: found -1, expected 0 to"),
        (2**64, 0, "seed: found 18446744073709551616, expected 0 to"),
        (1.5, 0, "seed: found 1.5, expected an integer"),
        (0, -1, "layer: found -1, expected 0 to"),
        (0, 2**32, "layer: found 4294967296, expected 0 to"),
    ],
)
def test_bad_key(seed, layer, message):
    with pytest.raises(InputError, match=message):
        DrawStream(seed, Domain.NOISE, layer)


def squares64(counter, key):
    """Widynski's 64-bit generator as its paper writes it, in whole numbers of any size."""
    word = 2**64

    def swapped(value):
        return value >> 32 | value << 32 & (word - 1)

    x = y = counter * key % word
    z = (y + key) % word
    x = swapped((x * x + y) % word)
    x = swapped((x * x + z) % word)
    x = swapped((x * x + y) % word)
    x = t = (x * x + z) % word
    x = swapped(x)
    return t ^ (x * x + y) % word >> 32


def test_decisions_draw_squares_of_their_keys():
    key = 0x9E3779B97F4A7C15 | 1
    counters = [0, 1, 2**16 + 5, 2**40 - 1, 2**63 + 12345]
    found = _squares(np.array(counters, np.uint64), np.array([key], np.uint64))
    assert found.tolist() == [squares64(counter, key) for counter in counters]


@pytest.fixture
def decision_keys():
    """A thousand neurons of 300 images."""
    images = np.repeat(np.arange(300), 1000)
    return images, np.tile(np.arange(1000), 300)


def test_decision_draws_have_their_laws(decision_keys):
    images, neurons = decision_keys
    draws = DecisionDraws(SEED, Domain.NOISE, 3, 0)
    count = len(images)
    normal, uniform = draws.normal(images, 2, neurons), draws.uniform(images, 2, neurons)
    assert abs(normal.mean()) < 4 / math.sqrt(count)
    assert abs(normal.var() - 1) < 4 * math.sqrt(2 / count)
    assert np.abs(normal).max() < NORMAL_REACH
    for edge in (-3.0, -1.0, 0.5, 2.0):
        expected = 0.5 * math.erfc(-edge / math.sqrt(2))
        error = math.sqrt(expected * (1 - expected) / count)
        assert abs(np.mean(normal < edge) - expected) < 4 * error
    parts = np.bincount((uniform * 64).astype(int), minlength=64)
    chi_squared = np.sum((parts - count / 64) ** 2) / (count / 64)
    assert abs(chi_squared - 63) < 4 * math.sqrt(2 * 63)


def test_neighbouring_decisions_are_uncorrelated(decision_keys):
    images, neurons = decision_keys
    draws = DecisionDraws(SEED, Domain.NOISE, 3, 0)
    base = draws.normal(images, 0, neurons)
    others = [
        draws.normal(images + 1, 0, neurons),
        draws.normal(images, 1, neurons),
        draws.normal(images, 0, neurons + 1),
        DecisionDraws(SEED + 1, Domain.NOISE, 3, 0).normal(images, 0, neurons),
        DecisionDraws(SEED, Domain.NOISE, 4, 0).normal(images, 0, neurons),
        DecisionDraws(SEED, Domain.ERROR_LAW, 3, 0).normal(images, 0, neurons),
        DecisionDraws(SEED, Domain.NOISE, 3, chip=1).normal(images, 0, neurons),
    ]
    for other in others:
        assert abs(np.mean(base * other)) < 4 / math.sqrt(len(base))
        # Magnitudes, too: they share the radius' word.
        magnitude, of_other = np.abs(base) - np.abs(base).mean(), np.abs(other)
        assert abs(np.mean(magnitude * of_other)) < 4 * magnitude.std() / math.sqrt(len(base))


def test_a_decision_alone_draws_as_in_a_batch(decision_keys):
    images, neurons = decision_keys
    draws = DecisionDraws(SEED, Domain.NOISE, 0, 0)
    whole = draws.normal(images, 1, neurons)
    some = np.array([299_999, 7, 1000])
    np.testing.assert_array_equal(draws.normal(images[some], 1, neurons[some]), whole[some])


def test_bad_chip_of_decisions():
    with pytest.raises(InputError, match="chip: found -1, expected 0 to"):
        DecisionDraws(0, Domain.NEURON_ERROR, 0, chip=-1)
