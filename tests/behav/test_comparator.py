"""Comparator: offset, noise and error law against theory."""

import math

import numpy as np
import pytest

from popbridge.behav.comparator import LayerComparator, draw_offsets_v, flip_probability
from popbridge.behav.params import ComparatorParameters
from popbridge.hdl.config import LayerConfig, MacroConfig

SEED = 12
CONFIG = LayerConfig(
    name="layer", inputs=1025, bias_columns=102, neurons=2000, macro=MacroConfig(rows=100)
)
UNIT_V = 1e-3


def comparator(parameters, offsets_v=None):
    offsets_v = np.zeros(CONFIG.macros) if offsets_v is None else offsets_v
    return LayerComparator(
        CONFIG, parameters, unit_v=UNIT_V, offsets_v=offsets_v, noise_seed=SEED, layer=0
    )


def positive_rate(model, score, images=50):
    scores = np.full((images, CONFIG.neurons), float(score))
    return np.mean(model.decide(scores, np.arange(images)) > 0)


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
    offsets_v = draw_offsets_v(config, ComparatorParameters(offset_sigma_v=3e-3), SEED, 0)
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
    numbers = np.array([[5, 900], [2**40, 5]])
    batch = model.decide(np.zeros((2, 2, CONFIG.neurons)), numbers, trial=3)
    fresh = comparator(ComparatorParameters(noise_sigma_v=2e-3))
    for place in np.ndindex(2, 2):
        alone = fresh.decide(np.zeros(CONFIG.neurons), int(numbers[place]), trial=3)
        np.testing.assert_array_equal(alone, batch[place])
    some = fresh.decide(np.zeros(100), 900, trial=3, neurons=slice(300, 400))
    np.testing.assert_array_equal(some, batch[0, 1, 300:400])


def test_images_and_trials_have_noise_of_their_own():
    model = comparator(ComparatorParameters(noise_sigma_v=2e-3))
    scores = np.zeros(CONFIG.neurons)
    first, image, trial = (model.decide(scores, *key) for key in ((0, 0), (1, 0), (0, 1)))
    for other in (image, trial):
        assert abs(np.mean(first == other) - 0.5) < 4 * 0.5 / math.sqrt(CONFIG.neurons)


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
