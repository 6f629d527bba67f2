"""Capacitive neuron: units, capacitor mismatch, and exact sums."""

import math

import numpy as np
import pytest

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import Domain, DrawStream, LayerKey
from popbridge.behav.neuron import capacitors as neuron
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.neuron import NeuronParameters
from popbridge.hdl.config import LayerConfig, MacroConfig, PhaseTiming, Readout

SEED = 99
UNIT_F = 2e-15
VDD_V = 1.2


@pytest.mark.parametrize(("fan_in", "count_v"), [(23, 104e-3), (1127, 2.1e-3), (27649, 87e-6)])
def test_one_count_is_two_score_units_of_the_notes_voltage(fan_in, count_v):
    """2 kappa VDD / n of the physics notes, which leave the parasitic out."""
    parameters = NeuronParameters(parasitic_fraction=0.0)
    macro = MacroConfig(columns=fan_in)
    config = LayerConfig(name="layer", inputs=fan_in, bias_columns=0, neurons=1, macro=macro)
    unit_v = neuron.layer_volts_per_score(config, parameters, BridgeParameters())
    assert 2 * unit_v == pytest.approx(count_v, rel=0.02)


def test_parasitic_and_bank_load_a_score_unit():
    config = LayerConfig(
        name="layer", inputs=1127, bias_columns=0, neurons=1, readout=Readout.COUNT
    )
    unit_v = neuron.layer_volts_per_score(config, NeuronParameters(), BridgeParameters())
    assert unit_v == pytest.approx(VDD_V / (1152 * 1.05 + 2047))


def drawn_capacitors_f(config, sigma, chip, layer, macro, line):
    """Columns (C,) and bank (K,) of one line, from the documented keys of the draws."""
    deviates = DrawStream(chip, Domain.CAPACITOR, layer).at(macro, line)
    columns_f = UNIT_F * (1 + sigma * deviates.standard_normal(config.macro.columns))
    deviates = DrawStream(chip, Domain.BANK, layer).at(macro, line)
    bank_f = [
        2**k * UNIT_F * (1 + sigma / math.sqrt(2**k) * deviate)
        for k, deviate in enumerate(deviates.standard_normal(config.count_bits))
    ]
    return columns_f, bank_f


def line_move_v(columns_f, bank_f, column_bits, code):
    """Charge conservation, plate by plate: a floating line of charge 0 at precharge's level."""
    raised_f = grounded_f = 0.0
    for capacitor_f, bit in zip(columns_f, column_bits, strict=True):
        if bit:
            raised_f += capacitor_f
        else:
            grounded_f += capacitor_f
    for k, capacitor_f in enumerate(bank_f):
        if code >> k & 1:
            raised_f += capacitor_f
        else:
            grounded_f += capacitor_f
    grounded_f += 0.05 * len(columns_f) * UNIT_F
    # raised * (V - VDD) + grounded * V = 0
    return raised_f * VDD_V / (raised_f + grounded_f)


def brute_force_dv(config, sigma, weights, inputs, macro, chip, layer, codes=(0, 0)):
    """V_P - V_N of a row whose cells are exact, column by column."""
    bits_p, bits_n = [0] * config.macro.columns, [0] * config.macro.columns
    for column in range(config.fan_in):
        if inputs[column] != 0:
            bits_p[column] = int(inputs[column] == weights[column])
            bits_n[column] = 1 - bits_p[column]
    return line_move_v(
        *drawn_capacitors_f(config, sigma, chip, layer, macro, 0), bits_p, codes[0]
    ) - line_move_v(*drawn_capacitors_f(config, sigma, chip, layer, macro, 1), bits_n, codes[1])


def only_capacitors_vary(sigma):
    ideal = ChipParameters().without_variation()
    return ideal.replace(neuron=ideal.neuron.replace(unit_capacitor_sigma=sigma))


@pytest.mark.parametrize("readout", list(Readout))
@pytest.mark.parametrize("undriven", [False, True])
def test_scores_meet_charge_conservation(readout, undriven):
    """To the bound of rounding: gain and offset of each column by half a step each."""
    config = LayerConfig(
        name="layer",
        inputs=90,
        bias_columns=11,
        neurons=7,
        readout=readout,
        macro=MacroConfig(rows=4, columns=128),
    )
    random = np.random.default_rng(SEED)
    weights = random.choice([-1, 1], (7, 101))
    inputs = random.choice([-1, 0, 1] if undriven else [-1, 1], (3, 101))
    parameters = only_capacitors_vary(0.05)
    chip = sample_layer(config, weights, parameters, LayerKey(2, 1))
    unit_v = neuron.layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    scores = chip.scores_seen(inputs)
    for image in range(3):
        for row in range(7):
            expected_v = brute_force_dv(
                config, 0.05, weights[row], inputs[image], row // config.rows_used, 2, 1
            )
            assert abs(scores[image, row] - expected_v / unit_v) <= 101 * neuron.weight_step(101)


def test_bank_meets_charge_conservation():
    config = LayerConfig(
        name="layer",
        inputs=21,
        bias_columns=0,
        neurons=1,
        readout=Readout.COUNT,
        macro=MacroConfig(rows=1, columns=24),
    )
    parameters = only_capacitors_vary(0.05)
    chip = sample_layer(config, np.ones((1, 21)), parameters, LayerKey(8))
    unit_v = neuron.layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    inputs = np.random.default_rng(SEED).choice([-1, 1], 21)
    lines = chip.drawn.lines[0].weights(config, parameters.neuron)
    for dac_p in range(32):
        dac_n = (5 * dac_p + 3) % 32
        expected_v = brute_force_dv(config, 0.05, [1] * 21, inputs, 0, 8, 0, (dac_p, dac_n))
        seen = chip.scores_seen(inputs)[0] + lines.bank_p[dac_p] - lines.bank_n[dac_n]
        assert abs(seen - expected_v / unit_v) <= (21 + 5) * neuron.weight_step(21)


def test_capacitor_mismatch_costs_what_the_notes_say():
    """Spread sigma sqrt(n) / (2 sqrt 2) counts at mid-scale, for a line that its layer fills."""
    config = LayerConfig(
        name="layer",
        inputs=501,
        bias_columns=0,
        neurons=600,
        macro=MacroConfig(rows=1, columns=501),
    )
    parameters = only_capacitors_vary(0.05)
    parameters = parameters.replace(neuron=parameters.neuron.replace(parasitic_fraction=0.0))
    chip = sample_layer(config, np.ones((600, 501)), parameters, LayerKey(0))
    inputs = np.resize([1, -1], 501)
    counts_off = (chip.scores_seen(inputs).astype(float) - 1) / 2
    spread = 0.05 * math.sqrt(501) / (2 * math.sqrt(2))
    assert abs(counts_off.mean()) < 4 * spread / math.sqrt(600)
    assert abs(counts_off.std() / spread - 1) < 4 / math.sqrt(2 * 600)


@pytest.mark.parametrize("fan_in", [4095, 8189, 8193, 27649])
def test_sums_are_exact_in_any_order(fan_in):
    """The widest with the finest step, and beyond: one image, a batch, shuffled, integers."""
    config = LayerConfig(
        name="layer",
        inputs=fan_in,
        bias_columns=0,
        neurons=20,
        macro=MacroConfig(rows=8, columns=fan_in + 1),
    )
    random = np.random.default_rng(SEED)
    weights = random.choice([-1, 1], (20, fan_in))
    chip = sample_layer(config, weights, CONDITIONS["nominal"], LayerKey(1))
    inputs = random.choice([-1, 1], (40, fan_in))
    inputs[0] = weights[0]  # the largest score: the last bit of the mantissa counts
    inputs[1] = -weights[19]
    batch = chip.scores_seen(inputs)
    assert batch[0, 0] > 0.97 * fan_in and batch[1, 19] < -0.97 * fan_in
    steps = 1 / neuron.weight_step(fan_in)
    gain, base = ((matrix * steps).astype(np.int64) for matrix in (chip.gain, chip.base))
    np.testing.assert_array_equal(gain, chip.gain * steps)
    expected = inputs @ gain.T + base.sum(axis=1)
    np.testing.assert_array_equal(batch * steps, expected)
    order = random.permutation(fan_in)
    shuffled = inputs[:, order].astype(np.float32) @ chip.gain[:, order].T
    np.testing.assert_array_equal(shuffled, inputs.astype(np.float32) @ chip.gain.T)
    for image in (0, 1, 17):
        np.testing.assert_array_equal(chip.scores_seen(inputs[image]), batch[image])


@pytest.mark.parametrize(
    ("fan_in", "step"), [(1, 2048), (1127, 2048), (8191, 2048), (8193, 1024), (27649, 512)]
)
def test_step_of_weights(fan_in, step):
    """Halves of a score unit upwards; the largest number of steps in a row has 24 bits."""
    assert neuron.weight_step(fan_in) == 1 / step
    assert fan_in * step < 2**24


def test_step_is_what_fits_the_mantissa():
    for fan_in in (8193, 13833, 25137, 65535):
        assert fan_in * 1.02 <= neuron.score_limit(fan_in) < fan_in * 2.05
        assert neuron.score_limit(fan_in) == neuron.weight_step(fan_in) * 2**24


def one_neuron_per_score(parameters, precharge_cycles=1, rows=23):
    """Scores 23, 21, ..., -23 of an ideal array with `parameters` of its lines."""
    config = LayerConfig(
        name="layer",
        inputs=23,
        bias_columns=0,
        neurons=24,
        macro=MacroConfig(
            rows=rows, columns=24, timing=PhaseTiming(precharge_cycles=precharge_cycles)
        ),
    )
    ideal = ChipParameters().without_variation()
    weights = np.where(np.arange(23) < 23 - np.arange(24)[:, np.newaxis], 1, -1)
    condition = ideal.replace(neuron=ideal.neuron.replace(**parameters))
    return sample_layer(config, weights, condition, LayerKey(0))


def test_common_mode_injection_changes_no_decision_without_conversion():
    inputs = np.ones(23)
    expected = np.arange(24) <= 11
    for common_v in (-0.3, 0.3):
        chip = one_neuron_per_score({"injection_common_v": common_v})
        np.testing.assert_array_equal(chip.signs(inputs, 0), expected)
        converted = {"injection_common_v": common_v, "injection_conversion": 0.5}
        changed = one_neuron_per_score(converted).signs(inputs, 0)
        # 150 mV are 3.2 units of score: the scores of 1 and 3 turn.
        assert np.sum(changed != expected) == 2


@pytest.mark.parametrize("injected_v", [-0.1, 0.1])
def test_differential_injection_is_an_offset(injected_v):
    chip = one_neuron_per_score({"injection_differential_v": injected_v})
    scores = chip.scores_seen(np.ones(23))
    expected = scores * chip.comparator.unit_v + injected_v > 0
    assert (expected != (scores > 0)).any()
    np.testing.assert_array_equal(chip.signs(np.ones(23), 0), expected)


def test_precharge_time_leaves_the_residual_asked_for():
    parameters = NeuronParameters(precharge_tau_s=0.7e-9)
    time_s = neuron.precharge_time_s(parameters, 1127)
    left = neuron.precharge_residual(parameters, time_s)
    assert 1127 / 2 * left == pytest.approx(1e-3)
    assert time_s == pytest.approx(0.7e-9 * math.log(1127 / 2e-3))
    perfect = parameters.replace(precharge_tau_s=0.0)
    assert neuron.precharge_time_s(perfect, 1127) == 0 == neuron.precharge_residual(perfect, 1e-12)


def test_residual_of_the_row_before_stands_on_the_lines():
    chip = one_neuron_per_score({"precharge_tau_s": 5e-9}, precharge_cycles=2, rows=12)
    inputs = np.random.default_rng(SEED).choice([-1, 1], (5, 23))
    ideal = one_neuron_per_score({}, rows=12).scores_seen(inputs)
    left = math.exp(-2)
    expected = ideal.astype(float)
    for row in range(24):
        if row % 12:
            expected[:, row] += left * expected[:, row - 1]
    seen = chip.scores_seen(inputs)
    np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-5)
    # One image, one macro: the same to the bit.
    np.testing.assert_array_equal(chip.scores_seen(inputs[3], slice(12, 24)), seen[3, 12:])


def test_defaults_leave_nothing_on_the_lines():
    """The default time constant at the default timing, up to the widest macro used."""
    config = LayerConfig(name="layer", inputs=1127, bias_columns=0, neurons=1)
    assert neuron.layer_residual(config, NeuronParameters()) == 0
    needed_s = neuron.precharge_time_s(NeuronParameters(), 1127)
    assert needed_s < config.macro.timing.clock_period_s
