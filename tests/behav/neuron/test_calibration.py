"""Calibration in the physics: known offsets are found, cancelled, and cost what the bank weighs."""

import math

import numpy as np
import pytest

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.capacitors import layer_volts_per_score
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.hdl.config import LayerConfig, MacroConfig, Readout
from popbridge.hdl.config.laws import corrected_code

IDEAL = ChipParameters().without_variation()
SEED = 11


def layer(bits, *, readout=Readout.SIGN, neurons=40, strobes=7):
    macro = MacroConfig(rows=2, columns=64, trim_bits=bits, trim_strobes=strobes)
    return LayerConfig(
        name="fc", inputs=63, bias_columns=0, neurons=neurons, readout=readout, macro=macro
    )


def chip_of(config, *, spread, noise=0.0):
    """A chip without any variation but the comparators', in score units."""
    unit_v = layer_volts_per_score(config, IDEAL.neuron, IDEAL.bridge)
    comparator = IDEAL.comparator.replace(
        offset_sigma_v=spread * unit_v, noise_sigma_v=noise * unit_v
    )
    weights = np.random.default_rng(SEED).choice([-1, 1], (config.neurons, config.fan_in))
    chip = sample_layer(config, weights, IDEAL.replace(comparator=comparator), LayerKey(3, seed=7))
    return chip, weights


@pytest.mark.parametrize("readout", Readout)
def test_offsets_are_found_rounded_towards_0(readout):
    chip, _ = chip_of(layer(4, readout=readout), spread=8)
    offsets = chip.comparator.macro_offsets_score
    assert np.abs(offsets).max() > 15 > np.abs(offsets).min()
    expected = [math.copysign(min(math.floor(abs(offset)), 15), offset) for offset in offsets]
    assert chip.calibration().trims.tolist() == expected


def test_a_calibrated_sign_layer_decides_as_without_offsets():
    chip, weights = chip_of(layer(6), spread=10)
    inputs = np.random.default_rng(1).choice([-1, 1], (200, 63))
    signs = inputs @ weights.T > 0
    assert not np.array_equal(chip.signs(inputs, np.arange(200)), signs)
    assert np.array_equal(chip.calibrated().signs(inputs, np.arange(200)), signs)
    assert not np.array_equal(chip.signs(inputs, np.arange(200)), signs)


def test_a_calibrated_count_layer_counts_as_without_offsets():
    chip, weights = chip_of(layer(6, readout=Readout.COUNT), spread=6)
    inputs = np.random.default_rng(1).choice([-1, 1], (200, 63))
    codes = (inputs @ weights.T + 2**6) // 2  # K = 6: 63 columns
    found, _ = chip.calibrated().counts(inputs, np.arange(200))
    # The search ends at 0 and at 63: what the offset moves beyond is lost.
    inside = (found > 0) & (found < 63)
    assert inside.mean() > 0.99 and not np.array_equal(found[inside], codes[inside])
    corrected = corrected_code(found.astype(int), chip.calibrated().neuron_trims(), 6)
    assert np.array_equal(corrected[inside], codes[inside])


def test_noise_is_outvoted_and_every_evaluation_draws_anew():
    single, many = (
        chip_of(layer(6, strobes=strobes, neurons=400), spread=10, noise=1.0)[0]
        for strobes in (1, 31)
    )
    off = [
        np.abs(chip.calibration().trims - chip.comparator.macro_offsets_score)
        for chip in (single, many)
    ]
    assert np.array_equal(
        single.comparator.macro_offsets_score, many.comparator.macro_offsets_score
    )
    assert off[1].mean() < off[0].mean()
    answers = [many.decide_undriven(number, 0, 0, 0) for number in range(200)]
    near = np.abs(many.comparator.macro_offsets_score) < 0.5
    assert near.any()
    for macro in np.flatnonzero(near):
        share = np.mean([answer[macro] > 0 for answer in answers])
        offset = many.comparator.macro_offsets_score[macro]
        expected = 0.5 * math.erfc(offset / math.sqrt(2))
        assert abs(share - expected) < 4 * math.sqrt(0.25 / 200)


def test_the_bank_weighs_on_the_lines():
    config = layer(5)
    units = 64 * 1.05
    unit_v = layer_volts_per_score(config, IDEAL.neuron, IDEAL.bridge)
    assert unit_v == pytest.approx(IDEAL.bridge.vdd_v / (units + 31), rel=1e-12)


def test_without_a_trim_draws_are_as_ever():
    plain = LayerConfig(
        name="fc", inputs=63, bias_columns=0, neurons=4, macro=MacroConfig(rows=2, columns=64)
    )
    weights = np.ones((4, 63), dtype=np.int8)
    bare, trimmed = (
        sample_layer(config, weights, ChipParameters(), LayerKey(3, seed=7))
        for config in (plain, plain.replace(macro=plain.macro.replace(trim_bits=4)))
    )
    assert bare.calibrated() is bare
    assert np.array_equal(bare.comparator.offsets_v, trimmed.comparator.offsets_v)
    assert bare.bit_error_rate == trimmed.bit_error_rate


def test_offsets_of_one_size():
    config = layer(5, neurons=60)
    parameters = IDEAL.replace(comparator=IDEAL.comparator.replace(offset_magnitude_v=0.02))
    chip = sample_layer(config, np.ones((60, 63), np.int8), parameters, LayerKey(3, seed=7))
    assert set(np.abs(chip.comparator.offsets_v)) == {0.02}
    assert 0 < np.mean(chip.comparator.offsets_v > 0) < 1
