"""Macros that are chains of arrays: their lines by charge conservation, array by array."""

import math

import numpy as np
import pytest

from popbridge.behav.chip.drawn import draw_layer
from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.chip.margins import layer_margins
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import Domain, DrawStream, LayerKey
from popbridge.behav.energy.layer import layer_energy
from popbridge.behav.neuron import capacitors as neuron
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.energy import EnergyParameters
from popbridge.hdl.config import LayerConfig, MacroConfig, Readout

SEED = 31
UNIT_F = 2e-15
PARASITIC_F = 0.05 * UNIT_F
"""Per column, whichever array it is in."""
VDD_V = 1.2
COLUMNS = 24


def chained(arrays, inputs=47, bias_columns=10, neurons=7, readout=Readout.SIGN):
    """A layer of 57 columns in use on chains of the wanted length."""
    columns = {1: 57, 2: 56, 3: COLUMNS}[arrays]
    config = LayerConfig(
        name="layer", inputs=inputs, bias_columns=bias_columns, neurons=neurons, readout=readout,
        macro=MacroConfig(rows=4, columns=columns),
    )  # fmt: skip
    assert config.chain == arrays
    return config


def random_signs(*shape):
    return np.random.default_rng(SEED).choice(np.array([-1, 1], np.int8), shape)


def only(**neuron_or_comparator):
    """The ideal chip but for the parts given."""
    ideal = ChipParameters().without_variation()
    return ideal.replace(
        **{
            part: getattr(ideal, part).replace(**changes)
            for part, changes in neuron_or_comparator.items()
        }
    )


class Line:
    """One capacitive line: what every array of its chain hangs on it."""

    def __init__(self, arrays_f):
        self.arrays_f = arrays_f

    def volts(self, plates):
        """V after the plates given as 1 rise, array by array, from 0 V with all of them low."""
        charge = total_f = 0.0
        columns = iter(plates)
        for array_f in self.arrays_f:
            for capacitor_f in array_f:
                charge += capacitor_f * VDD_V * next(columns)
                total_f += capacitor_f
            total_f += PARASITIC_F * len(array_f)
        return charge / total_f


def drawn_line(chip, layer, macro, line, arrays, sigma):
    """The chain's capacitors, F, from the documented keys: one vector, array 0's columns first."""
    deviates = DrawStream(chip, Domain.CAPACITOR, layer).at(macro, line)
    return Line([UNIT_F * (1 + sigma * deviates.standard_normal(COLUMNS)) for _ in range(arrays)])


def test_scores_of_a_chain_of_three_meet_charge_conservation():
    config, sigma = chained(3), 0.05
    weights, inputs = random_signs(7, 57), random_signs(3, 57)
    parameters = only(neuron={"unit_capacitor_sigma": sigma})
    scores = sample_layer(config, weights, parameters, LayerKey(2, 1)).scores_seen(inputs)
    unit_v = neuron.layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    for row in range(7):
        line_p, line_n = (
            drawn_line(2, 1, row // config.rows_used, line, 3, sigma) for line in (0, 1)
        )
        for image in range(3):
            agree = (inputs[image] == weights[row]).astype(int).tolist()
            undriven = [0] * (3 * COLUMNS - 57)
            expected_v = line_p.volts(agree + undriven)
            expected_v -= line_n.volts([1 - bit for bit in agree] + undriven)
            # Each column's two weights are rounded to half a step.
            bound = 57 * neuron.weight_step(57)
            assert abs(scores[image, row] - expected_v / unit_v) <= bound


@pytest.mark.parametrize("arrays", [1, 2, 3])
def test_a_score_unit_counts_the_whole_chain(arrays):
    config, parameters = chained(arrays), ChipParameters()
    total_f = arrays * config.macro.columns * (UNIT_F + PARASITIC_F)
    unit_v = neuron.layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    assert unit_v == pytest.approx(VDD_V * UNIT_F / total_f)


def test_a_bank_loads_a_chain_once():
    config, parameters = chained(3, readout=Readout.COUNT), ChipParameters()
    total_units = 3 * COLUMNS * 1.05 + 63
    unit_v = neuron.layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    assert unit_v == pytest.approx(VDD_V / total_units)


@pytest.mark.parametrize("line", [0, 1])
def test_array_0_of_a_chain_has_the_capacitors_of_an_array_alone(line):
    parameters = ChipParameters().neuron
    alone = LayerConfig(
        name="alone", inputs=23, bias_columns=0, neurons=7,
        macro=MacroConfig(rows=4, columns=COLUMNS),
    )  # fmt: skip
    of_chain, of_array = (
        neuron.draw_lines(config, parameters, LayerKey(6, 2), 1).column_units[line]
        for config in (chained(3), alone)
    )
    assert of_chain.shape == (72,) and np.array_equal(of_chain[:COLUMNS], of_array)
    assert np.unique(of_chain).size == 72


@pytest.mark.parametrize("arrays", [1, 2, 3])
def test_comparator_noise_weighs_more_on_a_longer_line(arrays):
    """Wrong signs of scores of +-1 against the normal tail of a score unit over the noise."""
    noise_v = 30e-3
    config = chained(arrays, neurons=4)
    parameters = only(comparator={"noise_sigma_v": noise_v})
    weights = np.ones((4, 57), np.int8)
    chip = sample_layer(config, weights, parameters, LayerKey(1, seed=SEED))
    inputs = np.where(np.arange(57) < 29, 1, -1)[np.newaxis].repeat(10_000, axis=0)
    wrong = int((~chip.signs(inputs, np.arange(10_000))).sum())
    total_units = arrays * config.macro.columns * 1.05
    expected = math.erfc(VDD_V / total_units / noise_v / math.sqrt(2)) / 2
    assert abs(wrong - 40_000 * expected) < 5 * math.sqrt(40_000 * expected * (1 - expected))


def test_the_published_law_goes_by_the_columns_in_use():
    law = CONDITIONS["error-law-6ns"]
    for arrays in (1, 2, 3):
        chip = sample_layer(chained(arrays), random_signs(7, 57), law, LayerKey(1))
        # The authors' line at 6 ns for n = 57.
        expected = 2.45622e-3 * 57 + 0.16022
        assert chip.comparator.law_sigma_counts == pytest.approx(expected, rel=1e-4)


def test_a_latch_takes_longer_for_the_smallest_score_of_a_longer_line():
    parameters = ChipParameters()
    tau_s = parameters.comparator.regeneration_tau_s
    alone, two, three = (layer_margins(chained(n), parameters, 0.0)[-1].needed_s for n in (1, 2, 3))
    assert two - alone == pytest.approx(tau_s * math.log(112 / 57), rel=1e-9, abs=0.0)
    assert three - alone == pytest.approx(tau_s * math.log(72 / 57), rel=1e-9, abs=0.0)


def test_energy_of_a_chain_by_cause():
    """Six neurons of 5 columns on two chains of three arrays of 2 columns, counted by hand."""
    config = LayerConfig(
        name="fc1", inputs=5, bias_columns=0, neurons=6, macro=MacroConfig(rows=4, columns=2)
    )
    assert (config.macros, config.chain) == (2, 3)
    energy = EnergyParameters(bridge_ohm=100e3, sl_capacitor_f=10e-15)
    weights, inputs = np.ones((6, 5), np.int8), np.ones((3, 5), np.uint8)
    drawn = draw_layer(config, weights, ChipParameters(), LayerKey(1))
    found = layer_energy(drawn, inputs, energy).causes_j
    square = VDD_V**2
    expected = {
        "bridges": 30 * square * 25e-9 / 100e3,
        "capacitors": 6 * (5 - 25 / (6 * 1.05)) * UNIT_F * square,
        # Half of the products toggle in the first row of either chain, none later.
        "sl_and_inverters": 2 * 2.5 / 2 * (10e-15 + 3 * 0.5e-15) * square,
        "bit_lines": 2 * 5 * 4 * 0.5e-15 * square,
        # Three word lines of two cells in each evaluation; every column has its switches.
        "word_lines": 6 * 3 * 2 * 1e-15 * square,
        "switches": 6 * 3 * 2 * 4 * 0.3e-15 * square,
        "comparators": 6 * 100e-15,
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=0.0)
