"""Comparator: offset, noise and error law against theory."""

import math

import numpy as np
import pytest
from support.comparators import comparator_of, key_of

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.capacitors import layer_volts_per_score
from popbridge.behav.neuron.comparator import (
    draw_offsets_v,
    flip_probability,
    regeneration_time_s,
    smallest_resolved_v,
)
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.hdl.config import LayerConfig, MacroConfig, PhaseTiming

SEED = 12
CONFIG = LayerConfig(
    name="layer", inputs=1025, bias_columns=102, neurons=2000, macro=MacroConfig(rows=100)
)
UNIT_V = 1e-3


def comparator(parameters, offsets_v=None):
    return comparator_of(CONFIG, parameters, UNIT_V, key_of(SEED), offsets_v)


def positive_rate(model, score, evaluations=50):
    scores = np.full((evaluations, CONFIG.neurons), float(score))
    return np.mean(model.decide(scores, np.arange(evaluations)) > 0)


def assert_rate(measured, expected, count):
    """Within four standard errors of a binomial."""
    assert abs(measured - expected) < 4 * math.sqrt(expected * (1 - expected) / count)


@pytest.mark.parametrize("score", [-3.0, -1.0, 0.0, 0.5, 2.0])
def test_noise_is_normal(score):
    model = comparator(ComparatorParameters(noise_sigma_v=2e-3))
    expected = 0.5 * math.erfc(-score * UNIT_V / 2e-3 / math.sqrt(2))
    assert_rate(positive_rate(model, score), expected, 50 * 2000)


def test_offset_shifts_the_noisy_decision():
    model = comparator(ComparatorParameters(noise_sigma_v=2e-3), np.full(CONFIG.macros, 1.5e-3))
    expected = 0.5 * math.erfc(-(1e-3 - 1.5e-3) / 2e-3 / math.sqrt(2))
    assert_rate(positive_rate(model, 1.0), expected, 50 * 2000)


def test_offset_is_one_per_macro():
    offsets_v = np.where(np.arange(CONFIG.macros) % 2 == 0, 1.5e-3, -1.5e-3)
    model = comparator(ComparatorParameters(noise_sigma_v=0.0), offsets_v)
    decisions = model.decide(np.full(CONFIG.neurons, 1.0), 0)
    macros = np.arange(CONFIG.neurons) // 100
    np.testing.assert_array_equal(decisions, np.where(macros % 2 == 0, -1, 1))


def test_offset_draws_meet_their_spread():
    config = CONFIG.replace(neurons=2000, macro=MacroConfig(rows=1))
    offsets_v = draw_offsets_v(config, ComparatorParameters(offset_sigma_v=3e-3), LayerKey(SEED))
    assert offsets_v.shape == (2000,)
    assert abs(offsets_v.mean()) < 4 * 3e-3 / math.sqrt(2000)
    assert abs(offsets_v.std() / 3e-3 - 1) < 4 / math.sqrt(2 * 2000)


def test_nothing_at_the_input_stays_unresolved():
    model = comparator(ComparatorParameters(noise_sigma_v=0.0))
    scores = np.zeros(CONFIG.neurons)
    scores[:3] = (-1, 0, 1)
    assert model.decide(scores, 0)[:4].tolist() == [-1, 0, 1, 0]


def test_noise_of_an_image_is_the_same_alone_and_in_a_batch():
    model = comparator(ComparatorParameters(noise_sigma_v=2e-3))
    numbers = np.array([[5, 900], [2**39, 5]])
    batch = model.decide(np.zeros((2, 2, CONFIG.neurons)), numbers, trial=3)
    fresh = comparator(ComparatorParameters(noise_sigma_v=2e-3))
    for place in np.ndindex(2, 2):
        alone = fresh.decide(np.zeros(CONFIG.neurons), int(numbers[place]), trial=3)
        np.testing.assert_array_equal(alone, batch[place])
    some = fresh.decide(np.zeros(100), 900, trial=3, neurons=slice(300, 400))
    np.testing.assert_array_equal(some, batch[0, 1, 300:400])


def test_evaluations_and_trials_have_noise_of_their_own():
    model = comparator(ComparatorParameters(noise_sigma_v=2e-3))
    scores = np.zeros(CONFIG.neurons)
    first, evaluation, trial = (model.decide(scores, *key) for key in ((0, 0), (1, 0), (0, 1)))
    for other in (evaluation, trial):
        assert abs(np.mean(first == other) - 0.5) < 4 * 0.5 / math.sqrt(CONFIG.neurons)


@pytest.mark.parametrize("law", [False, True])
def test_chips_have_noise_of_their_own(law):
    """Decisions on a score of 0 agree by chance between two chips, and always within one."""
    parameters = ComparatorParameters(noise_sigma_v=2e-3, error_law=law)
    first, again, other = (
        comparator_of(CONFIG, parameters, UNIT_V, key_of(SEED, chip)) for chip in (1, 1, 2)
    )
    # The error law leaves a score of +-1 to chance, nearly: it errs in 45 of 100.
    scores = np.full((40, CONFIG.neurons), 1.0 if law else 0.0)
    bits = [model.decide(scores, np.arange(40)) > 0 for model in (first, again, other)]
    np.testing.assert_array_equal(bits[0], bits[1])
    positive = np.mean(bits[0])
    expected = positive**2 + (1 - positive) ** 2
    assert_rate(np.mean(bits[0] == bits[2]), expected, scores.size)


@pytest.mark.parametrize(
    ("clock_s", "slope", "intercept"),
    [(6e-9, 2.45622e-3, 0.16022), (8e-9, 2.02760e-3, 0.18889), (20e-9, 1.70505e-3, 0.21117)],
)
@pytest.mark.parametrize("score", [1, -1, 5, -9])
def test_error_law_flips_at_the_published_rate(clock_s, slope, intercept, score):
    parameters = ComparatorParameters(error_law=True, error_law_clock_s=clock_s)
    sigma = slope * 1127 + intercept
    surplus = (abs(score) - 1) / 2
    wrong = 0.5 * math.exp(-((surplus + 1) ** 2) / (2 * sigma**2))
    measured = positive_rate(comparator(parameters), score)
    assert_rate(measured, 1 - wrong if score > 0 else wrong, 50 * 2000)


def test_error_law_takes_the_place_of_offset_and_noise():
    parameters = ComparatorParameters(error_law=True, noise_sigma_v=1.0)
    model = comparator(parameters, np.full(CONFIG.macros, 1.0))
    assert (model.decide(np.full(CONFIG.neurons, 101.0), 0) == 1).all()
    assert flip_probability(0.0, 1.0) == pytest.approx(0.5 * math.exp(-1 / 8))


def test_regeneration_takes_tau_per_factor_of_e():
    parameters = ComparatorParameters(regeneration_tau_s=0.3e-9, logic_level_v=1.1)
    time_s = regeneration_time_s(parameters, -1e-3)
    assert time_s == pytest.approx(0.3e-9 * math.log(1100))
    assert smallest_resolved_v(parameters, time_s) == pytest.approx(1e-3)
    assert regeneration_time_s(parameters, 0.0) == math.inf
    assert regeneration_time_s(parameters, 2.0) == 0
    fast = parameters.replace(regeneration_tau_s=0.0)
    assert smallest_resolved_v(fast, 1e-9) == 0 == regeneration_time_s(fast, 1e-300)


@pytest.mark.parametrize("strobe_cycles", [1, 2])
def test_small_inputs_stay_unresolved(strobe_cycles):
    """Below V_logic exp(-t / tau), of either sign, with the offset in it."""
    timing = PhaseTiming(clock_period_s=2e-9, strobe_cycles=strobe_cycles)
    config = CONFIG.replace(macro=CONFIG.macro.replace(timing=timing))
    parameters = ComparatorParameters(
        noise_sigma_v=0.0, regeneration_tau_s=strobe_cycles * 0.4e-9, logic_level_v=1.0
    )
    offsets_v = np.full(config.macros, 2e-3)
    model = comparator_of(config, parameters, UNIT_V, key_of(SEED), offsets_v)
    smallest = math.exp(-5) / UNIT_V
    assert model.smallest_resolved_v == pytest.approx(math.exp(-5))
    scores = np.zeros(config.neurons)
    scores[:4] = 2 + smallest * np.array([-1.001, -0.999, 0.999, 1.001])
    assert model.decide(scores, 0)[:4].tolist() == [-1, 0, 0, 1]


def test_unresolved_share_is_that_of_the_noise():
    parameters = ComparatorParameters(noise_sigma_v=2e-3, regeneration_tau_s=0.9e-9)
    model = comparator(parameters)
    scores = np.full((100, CONFIG.neurons), 1.0)
    unresolved = np.mean(model.decide(scores, np.arange(100)) == 0)
    limit_v = 1.2 * math.exp(-5 / 0.9)
    below, above = ((side * limit_v - UNIT_V) / 2e-3 / math.sqrt(2) for side in (-1, 1))
    assert_rate(unresolved, 0.5 * (math.erf(above) - math.erf(below)), 100 * 2000)


def test_defaults_resolve_everything_that_can_be_told_from_nothing():
    assert comparator(ComparatorParameters()).smallest_resolved_v < 1e-20


def test_error_law_does_not_regenerate():
    parameters = ComparatorParameters(error_law=True, regeneration_tau_s=1e-6)
    assert (comparator(parameters).decide(np.full(CONFIG.neurons, 101.0), 0) == 1).all()


@pytest.mark.parametrize("votes", [1, 3, 7])
def test_votes_err_as_binomial_majorities(votes):
    """One score, noise of its own in each strobe: the majority errs at the binomial's rate."""
    config = CONFIG.replace(
        inputs=9, bias_columns=0, macro=MacroConfig(rows=100, columns=9, votes=votes)
    )
    ideal = ChipParameters().without_variation()
    unit_v = layer_volts_per_score(config, ideal.neuron, ideal.bridge)
    noisy = ideal.replace(comparator=ideal.comparator.replace(noise_sigma_v=unit_v))
    chip = sample_layer(config, np.ones((2000, 9), np.int8), noisy, LayerKey(1, seed=SEED))
    inputs = np.tile([1, 1, 1, 1, 1, -1, -1, -1, -1], (50, 1))
    bits, decisions = chip.votes(inputs, np.arange(50))
    np.testing.assert_array_equal(chip.signs(inputs, np.arange(50)), bits)
    right = 0.5 * math.erfc(-1 / math.sqrt(2))
    assert_rate(np.mean(decisions > 0), right, bits.size * votes)
    most = range(votes // 2 + 1, votes + 1)
    chances = [math.comb(votes, k) * right**k * (1 - right) ** (votes - k) for k in most]
    assert_rate(np.mean(bits), sum(chances), bits.size)


@pytest.mark.parametrize("law", [False, True])
def test_noise_left_out_is_noise_that_could_not_matter(law):
    """With a reach beyond every score each decision draws; the decisions stay the same."""
    parameters = ComparatorParameters(noise_sigma_v=2e-3, error_law=law)
    offsets_v = np.linspace(-3e-3, 3e-3, CONFIG.macros)
    lazy, eager = comparator(parameters, offsets_v), comparator(parameters, offsets_v)
    eager.reach_score = math.inf
    scores = np.random.default_rng(SEED).normal(0, 30, (40, CONFIG.neurons)).astype(np.float32)
    evaluations = np.arange(40)
    np.testing.assert_array_equal(
        lazy.decide(scores, evaluations), eager.decide(scores, evaluations)
    )
    assert lazy.reach_score < np.abs(scores).max()
