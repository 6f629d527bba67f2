"""The sampled array against theory, each over at least a million draws from a visible seed."""

import math

import numpy as np
import pytest
from support.comparators import comparator_of, key_of
from support.published import measured_rates

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.comparator import draw_offsets_v
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.hdl.config import LayerConfig, MacroConfig

SEED = 11
Z_95, Z_99 = 1.959964, 2.575829
READS = 13_800 * 100
MEASURED = sorted(name for name in CONDITIONS if name.startswith("measured-"))
RATES = measured_rates()
CHIPS = 4
"""Chips of 1.38 million cells each: their mean is known twice as well as the interval is wide."""


def one_row_macros(neurons, fan_in):
    """Macros of one row, so that no two neurons share a capacitor, an inverter or a comparator."""
    macro = MacroConfig(rows=1, columns=fan_in)
    return LayerConfig(name="layer", inputs=fan_in, bias_columns=0, neurons=neurons, macro=macro)


@pytest.mark.parametrize(
    "name",
    # test_bit_errors has the exact rate of every condition, without chips.
    [pytest.param(name, marks=() if k % 4 == 0 else pytest.mark.nightly)
     for k, name in enumerate(MEASURED)],
)  # fmt: skip
def test_chips_of_each_measured_condition_read_its_rate(name):
    rate = RATES[name]
    ideal = CONDITIONS[name].replace(
        neuron=CONDITIONS[name].neuron.replace(unit_capacitor_sigma=0.0)
    )
    config = one_row_macros(1349, 1023)
    assert config.neurons * config.fan_in >= READS
    weights = np.random.default_rng(SEED).choice(np.array([-1, 1], np.int8), (1349, 1023))
    found = []
    for chip in range(CHIPS):
        layer = sample_layer(config, weights, ideal, LayerKey(chip))
        found.append(np.mean((layer.base + layer.gain > 0) != (weights > 0)))
    interval = Z_95 * math.sqrt(rate * (1 - rate) / READS)
    assert abs(np.mean(found) - rate) < interval


def test_capacitor_mismatch_in_counts():
    """sigma sqrt(n) / (2 sqrt 2) counts at mid-scale [D]; 40,000 macros of 46 capacitors."""
    fan_in, neurons, sigma = 23, 40_000, 0.01
    config = one_row_macros(neurons, fan_in)
    variation = CONDITIONS["nominal"].without_variation()
    variation = variation.replace(neuron=variation.neuron.replace(unit_capacitor_sigma=sigma))
    weights = np.ones((neurons, fan_in), dtype=np.int8)
    chip = sample_layer(config, weights, variation, LayerKey(3))
    inputs = np.where(np.arange(fan_in) < 12, 1, -1)
    counts = (chip.scores_seen(inputs).astype(float) - 1) / 2
    expected = sigma * math.sqrt(fan_in) / (2 * math.sqrt(2))
    assert abs(counts.mean()) < Z_99 * expected / math.sqrt(neurons)
    assert abs(counts.std() / expected - 1) < Z_99 / math.sqrt(2 * neurons)


@pytest.mark.parametrize("score", [-2.0, 0.0, 1.0])
def test_noise_decides_as_the_normal_law(score):
    """A million decisions on one voltage."""
    config = one_row_macros(2000, 1)
    unit_v, sigma_v = 1e-3, 2e-3
    parameters = ComparatorParameters(noise_sigma_v=sigma_v, regeneration_tau_s=0.0)
    comparator = comparator_of(config, parameters, unit_v, key_of(SEED))
    scores = np.full((500, 2000), score, dtype=np.float32)
    positive = np.mean(comparator.decide(scores, np.arange(500)) > 0)
    expected = 0.5 * math.erfc(-score * unit_v / sigma_v / math.sqrt(2))
    assert abs(positive - expected) < Z_99 * math.sqrt(expected * (1 - expected) / scores.size)


def test_offset_in_counts():
    """A million comparators, in 16 layers: V_os / (2 kappa VDD / n) counts [D]."""
    config = one_row_macros(62_500, 1)
    sigma_v, count_v = 2e-3, 2.1e-3
    parameters = ComparatorParameters(offset_sigma_v=sigma_v)
    offsets_v = [draw_offsets_v(config, parameters, LayerKey(5, k)) for k in range(16)]
    counts = np.concatenate(offsets_v) / count_v
    assert counts.size == 1_000_000
    assert abs(counts.mean()) < Z_99 * sigma_v / count_v / 1000
    assert abs(counts.std() / (sigma_v / count_v) - 1) < Z_99 / math.sqrt(2e6)
    beyond = math.erfc(count_v / sigma_v / math.sqrt(2))
    spread = math.sqrt(beyond * (1 - beyond) / counts.size)
    assert abs(np.mean(abs(counts) > 1) - beyond) < Z_99 * spread
