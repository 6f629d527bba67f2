"""Exact error probabilities against brute force, Monte-Carlo and the published tables."""

import math
import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from support.published import published_rows

from popbridge.behav.neuron.error_law import ErrorLaw, error_law
from popbridge.behav.neuron.neuron_errors import (
    BLOCK,
    SMALLEST,
    binomial_law,
    wrong_sign_probabilities,
)
from popbridge.errors import InputError

SEED = 4
TABLES = [(20, 1025, 564), (6, 1025, 564), (6, 3465, 1906)]


def error_of_comparator(found, sigma):
    return 0.5 * math.exp(-((abs(found) + 1) ** 2) / (2 * sigma**2))


def brute_force(fan_in, surplus, rate, sigma):
    """Every number of lost and gained ones, in exact fractions but for the comparator's law."""
    ones, zeros = (fan_in + 1) // 2 + surplus, fan_in // 2 - surplus
    p = Fraction(rate)
    total = Fraction(0)
    for i in range(ones + 1):
        for j in range(zeros + 1):
            weight = math.comb(ones, i) * p**i * (1 - p) ** (ones - i)
            weight *= math.comb(zeros, j) * p**j * (1 - p) ** (zeros - j)
            found = surplus - i + j
            wrong = Fraction(error_of_comparator(found, sigma))
            total += weight * (1 - wrong if found < 0 else wrong)
    return float(total)


@pytest.mark.parametrize("fan_in", [1, 3, 23])
@pytest.mark.parametrize("rate", [0.0, 1e-4, 0.03, 0.3, 0.5])
def test_small_neurons_meet_brute_force(fan_in, rate):
    law = ErrorLaw(0.02, 0.3)
    table = wrong_sign_probabilities(fan_in, law, [rate])
    assert table.shape == (fan_in // 2 + 1, 1)
    for surplus in range(fan_in // 2 + 1):
        expected = brute_force(fan_in, surplus, rate, law.sigma_counts(fan_in))
        expected = expected if expected >= SMALLEST else 0.0
        assert table[surplus, 0] == pytest.approx(expected, rel=1e-11, abs=0)


def exact_binomial(trials, successes, rate):
    p = Fraction(rate)
    return float(math.comb(trials, successes) * p**successes * (1 - p) ** (trials - successes))


@pytest.mark.parametrize(("trials", "rate"), [(0, 0.3), (5, 0.0), (7, 0.5), (900, 0.01)])
def test_binomial_law_meets_exact_fractions(trials, rate):
    first, law = binomial_law(trials, rate)
    exact = [exact_binomial(trials, k, rate) for k in range(first, first + len(law))]
    np.testing.assert_allclose(law, exact, rtol=1e-12)
    assert 1 - math.fsum(exact) < 1e-15


def test_one_surplus_of_a_block_is_the_plain_convolution():
    """Blocks are an arrangement of the sums: across their edges, term by term."""
    fan_in, rate = 4 * BLOCK + 3, 0.02
    law = error_law(6e-9)[0]
    table = wrong_sign_probabilities(fan_in, law, [rate])
    sigma = law.sigma_counts(fan_in)
    for surplus in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, fan_in // 2):
        ones, zeros = (fan_in + 1) // 2 + surplus, fan_in // 2 - surplus
        (i0, lost), (j0, gained) = binomial_law(ones, rate), binomial_law(zeros, rate)
        terms = []
        for i, weight in enumerate(lost, i0):
            found = surplus - i + np.arange(j0, j0 + len(gained))
            errors = np.array([error_of_comparator(value, sigma) for value in found])
            terms.append(weight * gained @ np.where(found < 0, 1 - errors, errors))
        expected = math.fsum(terms)
        expected = expected if expected >= SMALLEST else 0.0
        assert table[surplus, 0] == pytest.approx(expected, rel=1e-11, abs=0)


@pytest.mark.parametrize("surplus", [0, 8, 25])
def test_monte_carlo_agrees_within_its_99_percent_interval(surplus):
    fan_in, rate, draws = 301, 0.05, 400_000
    law = ErrorLaw(0.02, 0.2)
    random = np.random.default_rng([SEED, surplus])
    ones, zeros = (fan_in + 1) // 2 + surplus, fan_in // 2 - surplus
    found = surplus - random.binomial(ones, rate, draws) + random.binomial(zeros, rate, draws)
    sigma = law.sigma_counts(fan_in)
    flipped = random.random(draws) < 0.5 * np.exp(-((np.abs(found) + 1.0) ** 2) / (2 * sigma**2))
    measured = np.mean((found < 0) ^ flipped)
    expected = wrong_sign_probabilities(fan_in, law, [rate])[surplus, 0]
    assert abs(measured - expected) < 2.576 * math.sqrt(expected * (1 - expected) / draws)


@pytest.mark.parametrize(("clock_ns", "inputs", "surpluses"), TABLES)
def test_values_of_the_published_tables(clock_ns, inputs, surpluses):
    """Those that the package ships; the whole tables were compared as they were taken over."""
    table_key = (f"{clock_ns}", f"{inputs}")
    shipped = published_rows("neuron_errors")
    rows = [row for row in shipped if (row["clock_ns"], row["inputs"]) == table_key]
    rates = sorted({float(row["ber"]) for row in rows})
    table = wrong_sign_probabilities(
        inputs + 2 * (inputs // 20), error_law(clock_ns * 1e-9)[0], rates
    )
    assert len(table) == surpluses and len(rows) > 20
    for row in rows:
        found = table[int(row["surplus"]), rates.index(float(row["ber"]))]
        assert found == pytest.approx(float(row["probability"]), rel=1e-5)


def test_largest_neuron():
    """30,000 inputs: finite, from a coin's toss down to 0, no step between blocks."""
    table = wrong_sign_probabilities(33_001, error_law(20e-9)[0], [0.0, 0.1, 0.5])
    assert table.shape == (16_501, 3)
    assert ((table >= 0) & (table < 0.51)).all()
    assert (np.diff(table[:, :2], axis=0) <= 0).all() and table[-1, 1] == 0
    # With a coin's toss for each product the surplus does not matter.
    np.testing.assert_allclose(table[:, 2], table[0, 2], rtol=1e-10)


@pytest.mark.parametrize(
    ("fan_in", "rates", "message"),
    [
        (0, [0.1], "fan_in: found 0, expected an odd integer from 1 to 33001"),
        (22, [0.1], "fan_in: found 22, expected an odd"),
        (33_003, [0.1], "fan_in: found 33003, expected"),
        (23.0, [0.1], "fan_in: found 23.0, expected"),
        (23, [0.1, 0.51], "bit error rate: found 0.51, expected a fraction from 0 to 0.5"),
        (23, [-0.1], "bit error rate: found -0.1, expected"),
        (23, [math.nan], "bit error rate: found nan, expected"),
    ],
)
def test_wrong_arguments(fan_in, rates, message):
    with pytest.raises(InputError, match=re.escape(message)):
        wrong_sign_probabilities(fan_in, error_law(6e-9)[0], rates)


@pytest.mark.parametrize("clock_s", [6e-9, 8e-9, 20e-9, 6.0000001e-9])
def test_published_laws_have_no_note(clock_s):
    assert error_law(clock_s)[1] is None


def test_law_between_published_clocks_is_called_an_interpolation():
    low, middle, high = (error_law(clock_s) for clock_s in (8e-9, 11e-9, 20e-9))
    assert middle[1] == "note: error law at 11 ns is an interpolation between 8 ns and 20 ns"
    for a, b, c in zip(low[0], middle[0], high[0], strict=True):
        assert b == pytest.approx(0.75 * a + 0.25 * c)


@pytest.mark.parametrize("clock_s", [1e-12, 3e-9, 5.99e-9, 20.1e-9, 1e-6])
def test_law_beyond_published_clocks_warns(clock_s):
    law, note = error_law(clock_s)
    assert (
        note.startswith("warning: ") and "beyond the published error laws, 6, 8 and 20 ns" in note
    )
    assert law.slope > 0 and law.intercept > 0


def test_law_is_continuous_and_falls_with_the_clock():
    spreads = [
        error_law(clock_ns * 1e-9)[0].sigma_counts(1127) for clock_ns in np.arange(2, 30, 0.01)
    ]
    assert all(-0.01 < after - before <= 1e-5 for before, after in pairwise(spreads))


@pytest.mark.parametrize("clock_s", [0, -6e-9, math.nan, math.inf, "6", True])
def test_no_law_without_a_clock(clock_s):
    with pytest.raises(InputError, match=r"clock_s: found .* expected a finite number above 0"):
        error_law(clock_s)
