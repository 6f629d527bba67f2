"""Margins of the phases against their laws written out, and against the errors that follow."""

import math

import numpy as np
import pytest

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.chip.margins import layer_margins
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.hdl.config import LayerConfig, MacroConfig, PhaseTiming

NOMINAL = CONDITIONS["nominal"]


def layer(**timing):
    macro = MacroConfig(rows=128, columns=64, timing=PhaseTiming(**timing))
    return LayerConfig(name="layer0", inputs=41, bias_columns=10, neurons=128, macro=macro)


def sampled(config, chip=3):
    weights = np.random.default_rng(1).choice([-1, 1], (config.neurons, config.fan_in))
    # Without precharge's own errors: these are about the bridges.
    condition = NOMINAL.replace(neuron=NOMINAL.neuron.replace(precharge_tau_s=0.0))
    return sample_layer(config, weights, condition, LayerKey(chip, seed=1))


def test_configured_times_are_the_phases():
    config = layer(clock_period_s=2e-9, precharge_cycles=3, evaluate_cycles=4, strobe_cycles=5)
    configured = {phase.phase: phase.configured_s for phase in layer_margins(config, NOMINAL, 0.0)}
    assert configured == pytest.approx({"precharge": 6e-9, "bridge": 16e-9, "strobe": 10e-9})


def test_needed_times_follow_their_laws():
    config = layer()
    precharge, bridge, strobe = layer_margins(config, NOMINAL, 1.25e-9)
    neuron, comparator = NOMINAL.neuron, NOMINAL.comparator
    # n/2 counts of old charge decay to a thousandth of a count.
    left = config.fan_in / 2 * math.exp(-precharge.needed_s / neuron.precharge_tau_s)
    assert left == pytest.approx(1e-3)
    assert bridge.needed_s == 1.25e-9
    # 64 columns with 5 % parasitic: one score unit is VDD / (64 * 1.05).
    grown_v = 1.2 / 67.2 * math.exp(strobe.needed_s / comparator.regeneration_tau_s)
    assert grown_v == pytest.approx(comparator.logic_level_v)
    assert strobe.margin_s == pytest.approx(strobe.configured_s - strobe.needed_s)


def test_errors_begin_where_the_bridge_margin_ends():
    roomy = sampled(layer())
    slowest_s = roomy.slowest_settling_s
    signs = np.random.default_rng(2).choice([-1.0, 1.0], (64, 51))
    settled = roomy.scores_seen(signs)
    # Three phases of one cycle each lie before the strobe.
    enough = sampled(layer(clock_period_s=slowest_s / 3 * 1.01))
    assert np.array_equal(enough.scores_seen(signs), settled)
    short = sampled(layer(clock_period_s=slowest_s / 3 * 0.2))
    assert short.bit_error_rate > roomy.bit_error_rate
    assert not np.array_equal(short.scores_seen(signs), settled)
