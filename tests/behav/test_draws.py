"""Draws are functions of their keys."""

import itertools
import math

import numpy as np
import pytest

from popbridge.behav.draws import Domain, DrawStream, generator
from popbridge.hdl.config import InputError

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
