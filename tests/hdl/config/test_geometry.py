"""Sizes and cycles of configurations, against brute force and numbers worked out by hand."""

import math

import pytest
from support.layers import row_phases, small_layer, small_network

from popbridge.hdl.config import MACROS, LayerConfig, MacroConfig, PhaseTiming, Readout


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 16, 128])
def test_every_neuron_sits_in_one_macro(rows):
    for neurons in range(1, 301):
        config = small_layer(1, neurons, rows=rows)
        placed = [list(config.neurons_of_macro(macro)) for macro in range(config.macros)]
        assert [neuron for macro in placed for neuron in macro] == list(range(neurons))
        sizes = [len(macro) for macro in placed]
        fewest = next(count for count in range(1, neurons + 1) if count * rows >= neurons)
        assert config.macros == len(sizes) == fewest
        assert config.macro_names == [f"macro{index}" for index in range(fewest)]
        # No other way to share the neurons out takes fewer word-line steps.
        steps = next(step for step in range(1, rows + 1) if step * fewest >= neurons)
        assert config.rows_used == max(sizes) == steps
        assert 0 < sizes[-1] <= steps


@pytest.mark.parametrize("columns", [1, 2, 7, 24])
def test_a_chain_is_the_fewest_arrays_that_hold_a_neuron(columns):
    macro = MacroConfig(rows=4, columns=columns)
    for inputs in range(1, 120, 2):
        config = LayerConfig(name="fc", inputs=inputs, bias_columns=0, neurons=9, macro=macro)
        fewest = next(count for count in range(1, inputs + 1) if count * columns >= inputs)
        assert (config.chain, config.line_columns) == (fewest, fewest * columns)
        assert (config.macros, config.arrays) == (3, 3 * fewest)
    widest = LayerConfig(name="fc", inputs=64_511, bias_columns=0, neurons=1)
    assert (widest.chain, widest.line_columns) == (56, 64_512)


def test_count_bits_hold_every_count():
    for inputs in range(1, 1200):
        config = small_layer(inputs, 1, count=True)
        fan_in = config.fan_in
        assert fan_in == inputs + (inputs + 1) % 2
        assert config.count_bits == math.ceil(math.log2(fan_in + 1)) == config.trials
        sign = small_layer(inputs, 1)
        assert (sign.count_bits, sign.trials) == (0, 1)


def test_row_cycles_are_those_of_the_phases_listed():
    for trials in (1, 2, 5):
        for base in (1, 3):
            timing = PhaseTiming(
                precharge_cycles=base,
                dead_before_evaluate_cycles=base - 1,
                evaluate_cycles=base + 1,
                strobe_cycles=base + 2,
                settle_cycles=base + 3,
                dead_after_strobe_cycles=base + 4,
            )
            assert timing.row_cycles(trials) == len(row_phases(timing, trials))


def test_cycles_of_a_layer_of_the_default_macro():
    config = LayerConfig(name="fc1", inputs=784, bias_columns=1, neurons=300)
    # 100 rows in each of 3 macros; 5 cycles each, and one to hand over.
    assert (config.macros, config.rows_used, config.row_cycles) == (3, 100, 5)
    assert (config.scan_cycles, config.latency) == (500, 501)
    count = config.replace(readout=Readout.COUNT)
    # 10 strobes and 9 pauses between them instead of one strobe.
    assert (count.count_bits, count.row_cycles, count.latency) == (10, 23, 2301)


@pytest.mark.parametrize(("inputs", "beats"), [(1, 1), (32, 1), (33, 2), (784, 25)])
def test_beats_and_cycles_of_a_network(inputs, beats):
    config = small_network(inputs, 5, 3, rows=8)
    assert (config.input_beats, config.classes, config.result_beats) == (beats, 3, 4)
    # Layers: 5 rows of 5 cycles; 3 rows of 9 (3 trials); a cycle each to hand over.
    assert config.latency == beats + 26 + 28 + 4 + 3
    assert config.interval == max(28, beats + 1)


@pytest.mark.parametrize("name", MACROS)
def test_macro_presets_survive_toml(name, tmp_path):
    path = tmp_path / "macro.toml"
    path.write_text(MACROS[name].to_toml(), encoding="utf-8")
    assert MacroConfig.from_toml(path) == MACROS[name]


def test_nested_records_survive_toml(tmp_path):
    layer = small_layer(8, 5, count=True, dead_after_strobe_cycles=0, clock_period_s=2.5e-9)
    network = small_network(9, 4, 2, rows=3, offsets=(-7, 12), strobe_cycles=2)
    for record in (layer, network):
        path = tmp_path / "record.toml"
        path.write_text(record.to_toml(), encoding="utf-8")
        assert type(record).from_toml(path) == record
        assert type(record).from_dict(record.to_dict()) == record


def test_missing_fields_keep_their_defaults(tmp_path):
    path = tmp_path / "macro.toml"
    path.write_text("rows = 7\n[timing]\nclock_period_s = 0.001\n", encoding="utf-8")
    expected = MacroConfig(rows=7, timing=PhaseTiming(clock_period_s=0.001))
    assert MacroConfig.from_toml(path) == expected
    assert MacroConfig.from_dict({}) == MacroConfig()


def test_replace_checks_again():
    with pytest.raises(ValueError, match="inputs: found 0, expected an integer of at least 1"):
        small_layer().replace(inputs=0)


def test_an_integer_is_taken_for_a_number_of_seconds():
    with pytest.raises(ValueError, match=r"clock_period_s: found 1, expected .* at most 0\.001"):
        PhaseTiming.from_dict({"clock_period_s": 1})
