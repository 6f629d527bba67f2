"""Thresholds and bias columns, by brute force over every sum."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from popbridge.bnn.thresholds import (
    bias_for_thresholds,
    count_bias_columns,
    fold_batch_norm,
    hidden_bias_columns,
)
from popbridge.errors import InputError


def sums(inputs):
    return range(-inputs, inputs + 1, 2)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    # From 640 on the authors' rule, one more for even N; below, N + 1 or 64 (65).
    [(1025, 102), (784, 79), (25137, 2512), (640, 65), (641, 64), (100, 65), (23, 24), (1, 2)],
)
def test_default_bias_columns(inputs, expected):
    assert hidden_bias_columns(inputs) == expected


def test_every_default_makes_an_odd_fan_in_no_less_than_the_authors():
    for inputs in range(1, 3000):
        assert (inputs + hidden_bias_columns(inputs)) % 2 == 1
        assert (inputs + count_bias_columns(inputs)) % 2 == 1
        assert hidden_bias_columns(inputs) >= 2 * (inputs * 5 // 100)
        assert count_bias_columns(inputs) in (0, 1)


@pytest.mark.parametrize("inputs", range(1, 12))
def test_bias_columns_equal_the_threshold(inputs):
    for bias_columns in range(count_bias_columns(inputs), inputs + 6, 2):
        thetas = np.arange(-inputs - 9, inputs + 10, dtype=np.int32)
        found = bias_for_thresholds(thetas, inputs, bias_columns)
        assert found.weights.shape == (len(thetas), bias_columns)
        assert found.weights.dtype == np.int8 and np.all(np.abs(found.weights) == 1)
        for k, theta in enumerate(thetas.tolist()):
            b = sum(found.weights[k].tolist())
            array = [s + b > 0 for s in sums(inputs)]
            assert array == [s + b >= 1 for s in sums(inputs)]
            assert array == [s >= found.thresholds[k] for s in sums(inputs)]
            wanted = [s >= theta for s in sums(inputs)]
            assert (array != wanted) == found.saturated[k]
            if found.saturated[k]:  # then it is the nearest that the columns reach
                assert b == (-bias_columns if theta > 1 else bias_columns)


def test_enough_columns_never_saturate():
    for inputs in range(1, 64):
        thetas = np.array([-(2**31), *range(-inputs - 2, inputs + 3), 2**31 - 1], np.int32)
        assert not bias_for_thresholds(thetas, inputs, hidden_bias_columns(inputs)).saturated.any()


@pytest.mark.parametrize(("inputs", "wrong"), [(4, 2), (5, 1), (5, -2), (5, 2.0), (4, True)])
def test_refuses_bias_columns(inputs, wrong):
    with pytest.raises(
        InputError, match=f"bias_columns: found {wrong}, expected an (odd|even) int"
    ):
        bias_for_thresholds(np.zeros(1, np.int32), inputs, wrong)


def batch_norm_positive(s, mean, variance, gamma, beta, epsilon):
    """gamma (s - mean) / sqrt(v) + beta >= 0, squared out: no root is taken."""
    v = Fraction(variance) + Fraction(epsilon)
    left = Fraction(gamma) * (s - Fraction(mean))
    # left >= -beta * sqrt(v)
    right = -Fraction(beta)
    if left >= 0 and right <= 0:
        return True
    if left < 0 and right >= 0:
        return left == 0 and right == 0
    if left >= 0:
        return left**2 >= right**2 * v
    return left**2 <= right**2 * v


def check_fold(parameters, epsilon, inputs=9):
    columns = [np.array(column) for column in zip(*parameters, strict=True)]
    thresholds, flip = fold_batch_norm(*columns, epsilon)
    assert thresholds.dtype == np.int32 and flip.dtype == np.bool_
    for row, threshold, flipped in zip(parameters, thresholds.tolist(), flip, strict=True):
        for s in range(-inputs, inputs + 1):
            folded = (-s if flipped else s) >= threshold
            assert folded == batch_norm_positive(s, *row, epsilon), (row, s)


def test_fold_on_a_grid_with_exact_ties():
    means, variances = [-2.5, 0.0, 1.0, 3.25], [0.0, 0.75, 2.0, 8.75]
    gammas, betas = [-2.0, -0.5, 0.0, 0.25, 1.0], [-1.5, 0.0, 0.5, 2.0]
    check_fold(list(itertools.product(means, variances, gammas, betas)), 0.25)


def test_fold_of_random_values():
    random = np.random.default_rng(11)
    parameters = random.normal(0, 3, (300, 4))
    parameters[:, 1] **= 2
    check_fold(parameters.tolist(), 1e-5)
    check_fold(parameters.astype(np.float32).astype(float).tolist(), 1e-5)


def test_fold_finds_ties_that_floats_miss():
    # gamma = 1/3 as a float: every threshold is k/3 - j, near an integer where 3 divides k.
    third = 1 / 3
    parameters = [(k * third, 1.0, third, third * j) for k in range(9) for j in range(-4, 5)]
    check_fold(parameters, 0.0)


def test_fold_clips_to_int32():
    ones = np.ones(4)
    thresholds, flip = fold_batch_norm(
        0 * ones, ones, np.array([1e-300, -1e-300, 0, 0]), np.array([1.0, 1, 0, -1e-9]), 0.0
    )
    assert thresholds.tolist() == [-(2**31), -(2**31), -(2**31), 2**31 - 1]
    assert flip.tolist() == [False, True, False, False]


BAD = {
    "shape": (dict(gamma=[1.0]), r"gamma: found shape \(1,\), expected \(2,\)"),
    "dimensions": (dict(mean=1.0), r"mean: found shape \(\), expected"),
    "not finite": (dict(beta=[0.0, np.nan]), r"beta\[1\]: found nan, expected a finite number"),
    "negative": (dict(variance=[1.0, -2.0]), r"variance\[1\]: found -2.0 with epsilon 0.0"),
    "zero": (dict(variance=[0.0, 1.0]), r"variance\[0\]: found 0.0 with epsilon 0.0, expected at"),
    "epsilon": (dict(epsilon=-1.0), "epsilon: found -1.0, expected a finite number of at least 0"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_fold_refuses(changes, message):
    fields = {name: [1.0, 1.0] for name in ("mean", "variance", "gamma", "beta")}
    with pytest.raises(InputError, match=message):
        fold_batch_norm(**{**fields, "epsilon": 0.0, **changes})


@pytest.mark.parametrize(("inputs", "bias_columns", "bits"), [(3, 4, 2), (4, 3, 2), (2, 5, 4)])
def test_inputs_of_several_bits_have_the_nearest_threshold_that_columns_hold(
    inputs, bias_columns, bits
):
    """Brute force over every threshold: what the array computes, and what could be nearer."""
    top = 2**bits - 1
    reach = top * (inputs + bias_columns) + 2
    wanted = np.arange(-reach, reach + 1, dtype=np.int32)
    bias = bias_for_thresholds(wanted, inputs, bias_columns, top)
    levels = [2 * v - top for v in range(top + 1)]
    sums = sorted({sum(x) for x in itertools.product(levels, repeat=inputs)})
    held = [1 - top * b for b in range(-bias_columns, bias_columns + 1, 2)]
    for index, threshold in enumerate(wanted.tolist()):
        b = int(bias.weights[index].sum())
        effective = int(bias.thresholds[index])
        assert [s + top * b > 0 for s in sums] == [s >= effective for s in sums]
        same = [s >= threshold for s in sums] == [s >= effective for s in sums]
        assert same == (not bias.saturated[index])
        # Constant neurons count as the nearest constant one.
        target = min(max(threshold, -top * inputs), top * inputs + 2)
        target += (target - inputs) % 2
        assert abs(effective - target) == min(abs(value - target) for value in held)
