"""Analog lines over time: where they must be what decides, and on the way there beside ngspice."""

import math

import numpy as np
import pytest

from popbridge.behav.cell.bridge import draw_thresholds_v
from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.cell.settling import scan_levels
from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.capacitors import layer_volts_per_score, line_units, weight_step
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.waveforms import AnalogLines
from popbridge.hdl.config import MACROS, LayerConfig, MacroConfig, PhaseTiming, Readout
from popbridge.hdl.config.pins import ArrayPins

SEED = 77
HASTY_S = 0.1e-9
"""A clock in which SLs of 0.45 ns cross their thresholds during evaluate."""
TIMING = PhaseTiming(evaluate_cycles=4, strobe_cycles=2, settle_cycles=2)


def make_layer(clock_s=HASTY_S, readout=Readout.SIGN, **timing):
    macro = MacroConfig(
        rows=8, columns=40, zero_dead_time_allowed=0 in timing.values(),
        timing=TIMING.replace(clock_period_s=clock_s, **timing),
    )  # fmt: skip
    return LayerConfig(
        name="fc1", inputs=30, bias_columns=1, neurons=13, readout=readout, macro=macro
    )


def changed(part, **changes):
    nominal = ChipParameters()
    return nominal.replace(**{part: getattr(nominal, part).replace(**changes)})


def random_signs(*shape):
    return np.random.default_rng(SEED).choice(np.array([-1, 1], np.int8), shape)


def bus_of(bits):
    return sum(1 << column for column, bit in enumerate(bits) if bit)


class Scan:
    """Steps one macro's lines through scans, as the sequencer does, and keeps what it sees."""

    def __init__(self, config, parameters, chip, macro=0):
        self.config = config
        self.weights = random_signs(config.neurons, config.fan_in)
        self.chip = sample_layer(config, self.weights, parameters, LayerKey(chip, 2))
        self.lines = AnalogLines(self.chip.drawn.circuit(macro))
        self.time_s, self.pins = 0.0, ArrayPins()

    def set(self, cycles=0, **pins):
        for name, value in pins.items():
            setattr(self.pins, name, value)
        self.lines.observe(self.time_s, self.pins)
        self.time_s += cycles * self.config.macro.timing.clock_period_s

    def until_strobe(self, row, inputs, codes=(0, 0)):
        timing = self.config.macro.timing
        self.pins.bl, self.pins.blb = bus_of(inputs > 0), bus_of(inputs < 0)
        self.set(timing.precharge_cycles, wl=1 << row, evaluate=0, strobe=0, precharge=1)
        self.set(timing.dead_before_evaluate_cycles, precharge=0)
        self.set(timing.evaluate_cycles, evaluate=1, dac_p=codes[0], dac_n=codes[1])
        return self.time_s

    def after_strobe(self):
        timing = self.config.macro.timing
        trials = self.config.trials
        held = timing.strobe_cycles * trials + timing.settle_cycles * (trials - 1)
        self.set(held, strobe=1)
        self.set(timing.dead_after_strobe_cycles, strobe=0, evaluate=0, dac_p=0, dac_n=0)

    def released(self, cycles):
        self.set(cycles, wl=0, bl=0, blb=0)


CASES = {
    "nominal": (ChipParameters(), {"clock_s": 5e-9}),
    "hasty": (ChipParameters(), {}),
    "weak and hasty": (CONDITIONS["weak"], {}),
    "precharge too short": (changed("neuron", precharge_tau_s=0.1e-9), {}),
    "unequal lines": (changed("neuron", unit_capacitor_sigma=0.1), {"clock_s": 5e-9}),
    "SL at once": (changed("bridge", sl_capacitor_f=0.0), {}),
    "open devices": (changed("devices", open_fraction=0.3), {}),
    "no dead time": (
        changed("neuron", precharge_tau_s=0.1e-9),
        {"dead_before_evaluate_cycles": 0, "dead_after_strobe_cycles": 0},
    ),
}


def rounding_v(config, parameters):
    """The array model rounds the two weights of each column to half a step: `weight_step`."""
    unit_v = layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    return config.fan_in * weight_step(config.fan_in) * unit_v


@pytest.mark.parametrize("chip", [None, 4])
@pytest.mark.parametrize(("parameters", "timing"), CASES.values(), ids=CASES.keys())
def test_strobed_voltage_is_the_score_seen(parameters, timing, chip):
    config = make_layer(**timing)
    unit_v = layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    for macro in range(config.macros):
        scan = Scan(config, parameters, chip, macro)
        for image in range(2):
            inputs = np.roll(random_signs(config.fan_in), image)
            expected_v = unit_v * scan.chip.scores_seen(inputs)
            for row, neuron in enumerate(config.neurons_of_macro(macro)):
                v_p, v_n = scan.lines.line_v(scan.until_strobe(row, inputs))
                assert abs(v_p - v_n - expected_v[neuron]) < rounding_v(config, parameters)
                scan.after_strobe()
            scan.released(cycles=3)


@pytest.mark.parametrize("bridge_cycles", [1, 12])
@pytest.mark.parametrize("name", ["nominal", "hasty", "weak and hasty", "unequal lines"])
def test_latched_rows_strobe_the_score_seen_while_the_next_one_settles(name, bridge_cycles):
    parameters, timing = CASES[name]
    config = make_layer(**timing, bridge_cycles=bridge_cycles)
    config = config.replace(macro=config.macro.replace(pipelined=True))
    unit_v = layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    phases = config.macro.timing
    scan, inputs = Scan(config, parameters, 4), random_signs(config.fan_in)
    expected_v = unit_v * scan.chip.scores_seen(inputs)
    scan.pins.bl, scan.pins.blb = bus_of(inputs > 0), bus_of(inputs < 0)
    scan.pins.wl = 1
    since = 0  # cycles that the word line has been up
    rows = config.neurons_of_macro(0)
    for row, neuron in enumerate(rows):
        ready = max(phases.precharge_cycles, bridge_cycles - since - 1)
        scan.set(ready, strobe=0, evaluate=0, precharge=1)
        scan.set(phases.dead_before_evaluate_cycles, precharge=0)
        scan.set(1, evaluate=1)
        scan.set(phases.evaluate_cycles - 1, wl=1 << min(row + 1, len(rows) - 1))
        v_p, v_n = scan.lines.line_v(scan.time_s)
        assert abs(v_p - v_n - expected_v[neuron]) < rounding_v(config, parameters)
        scan.set(phases.strobe_cycles, strobe=1)
        v_p, v_n = scan.lines.line_v(scan.time_s)
        assert abs(v_p - v_n - expected_v[neuron]) < rounding_v(config, parameters)
        scan.set(phases.dead_after_strobe_cycles, strobe=0, evaluate=0)
        since = phases.from_evaluate_cycles(1) - 1
    assert scan.time_s == pytest.approx(config.scan_cycles * phases.clock_period_s)


def test_bank_codes_shift_the_lines_as_the_comparator_sees_it():
    parameters = changed("neuron", unit_capacitor_sigma=0.05)
    config = make_layer(clock_s=5e-9, readout=Readout.COUNT)
    scan, inputs = Scan(config, parameters, chip=4, macro=1), random_signs(31)
    unit_v = layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    seen = []
    scan.chip.comparator.decide = lambda scores, *rest: seen.append(scores) or np.sign(scores)
    for row, neuron in enumerate(config.neurons_of_macro(1)):
        for codes in ((0, 0), (31, 1), (5, 26), (16, 16)):
            scores = scan.chip.scores_seen(inputs)
            scan.chip.decide(scores, 0, 0, (np.full(13, codes[0]), np.full(13, codes[1])))
            v_p, v_n = scan.lines.line_v(scan.until_strobe(row, inputs, codes))
            assert abs(v_p - v_n - unit_v * seen[-1][neuron]) < rounding_v(config, parameters)
            scan.after_strobe()
            scan.released(cycles=1)


def test_a_column_that_is_not_driven_holds_both_plates_low():
    parameters, inputs = changed("neuron", unit_capacitor_sigma=0.0), random_signs(31)
    scan = Scan(make_layer(clock_s=5e-9), parameters, chip=4)
    plate_v = 1.2 / line_units(parameters.neuron, 40, 0)
    inputs[20:] = 0
    v_p, v_n = scan.lines.line_v(scan.until_strobe(0, inputs))
    assert v_p + v_n == pytest.approx(20 * plate_v)


def test_injection_stands_beside_the_score():
    parameters = changed("neuron", injection_common_v=0.02, injection_differential_v=0.005)
    config = make_layer(clock_s=5e-9)
    plain, injected = (Scan(config, each, chip=4) for each in (ChipParameters(), parameters))
    inputs = random_signs(31)
    for row in range(3):
        before_v, after_v = (
            scan.lines.line_v(scan.until_strobe(row, inputs)) for scan in (plain, injected)
        )
        np.testing.assert_allclose(after_v - before_v, [0.0225, 0.0175], atol=1e-12)
        for scan in (plain, injected):
            scan.after_strobe()


@pytest.mark.parametrize("clock_s", [HASTY_S, 5e-9])
def test_sls_are_at_their_decided_levels(clock_s):
    config, condition = make_layer(clock_s=clock_s), CONDITIONS["weak"]
    scan, inputs = Scan(config, condition, chip=4), random_signs(31)
    cells = draw_cells(config, scan.weights, condition.devices, LayerKey(4, 2))
    for row, levels in enumerate(scan_levels(config, cells, condition.bridge)):
        found_v = scan.lines.sl_v(scan.until_strobe(row, inputs))
        expected_v = np.where(inputs > 0, levels.plus.decided_v[0], levels.minus.decided_v[0])
        np.testing.assert_allclose(found_v, expected_v, rtol=1e-9)
        scan.after_strobe()
    scan.released(cycles=1)
    assert np.all(scan.lines.sl_v(scan.time_s) == 0)


def test_lines_follow_the_columns_that_have_crossed():
    """Column by column: an RC charge in plain Python, and a plate for each."""
    parameters = changed("neuron", unit_capacitor_sigma=0.0)
    config, inputs = make_layer(), random_signs(31)
    scan = Scan(config, parameters, chip=4)
    strobe_s = scan.until_strobe(0, inputs)
    evaluate_s = strobe_s - 4 * HASTY_S
    top, bottom, _ = draw_cells(config, scan.weights, parameters.devices, LayerKey(4, 2))
    thresholds_v = draw_thresholds_v(config, parameters.bridge, LayerKey(4, 2))[0]
    plate_v = 1.2 / line_units(parameters.neuron, 40, 0)
    counts = set()
    for time_s in np.linspace(evaluate_s, strobe_s, 23):
        ups = 0
        for column in range(31):
            up, down = 1 / (top[0, column] + 2000), 1 / (bottom[0, column] + 2000)
            up, down = (up, down) if inputs[column] > 0 else (down, up)
            level_v = 1.2 * up / (up + down) * (1 - math.exp(-time_s * (up + down) / 50e-15))
            ups += level_v > thresholds_v[column]
        expected_v = [plate_v * ups, plate_v * (31 - ups)]
        np.testing.assert_allclose(scan.lines.line_v(time_s), expected_v, atol=1e-12)
        counts.add(ups)
    assert len(counts) > 5, "columns should cross during evaluate"


def test_precharge_takes_the_line_down_by_its_time_constant():
    parameters = changed("neuron", precharge_tau_s=2e-9)
    scan = Scan(make_layer(clock_s=5e-9), parameters, chip=4)
    before_v = scan.lines.line_v(scan.until_strobe(0, random_signs(31)))
    scan.after_strobe()
    np.testing.assert_array_equal(scan.lines.line_v(scan.time_s), before_v)
    scan.set(wl=2, precharge=1)
    for part in (1, 0.5, 0.25):
        found_v = scan.lines.line_v(scan.time_s - 2e-9 * math.log(part))
        np.testing.assert_allclose(found_v, part * before_v)


def test_the_sls_of_an_ideal_chip_step_to_the_rails():
    config, inputs = make_layer(), random_signs(31)
    weak_and_inverted = CONDITIONS["weak"].replace(
        devices=CONDITIONS["weak"].devices.replace(hrs_median_ohm=1e3)
    )
    scan = Scan(config, weak_and_inverted, chip=None)
    scan.until_strobe(0, inputs)
    expected_v = np.where(scan.weights[0] * inputs > 0, 1.2, 0.0)
    np.testing.assert_array_equal(scan.lines.sl_v(0.0), expected_v)
    assert all(len(scan.lines.sl_course_s(column)) == 0 for column in range(31))


def test_a_line_through_the_samples_is_the_course():
    config = make_layer(clock_s=5e-9)
    parameters = changed("neuron", precharge_tau_s=1e-9)
    scan, inputs = Scan(config, parameters, chip=4), random_signs(31)
    scan.until_strobe(0, inputs)
    scan.after_strobe()
    at_s = scan.time_s
    scan.set(wl=2, precharge=1)
    fine_s = np.linspace(at_s, at_s + 10e-9, 2001)
    moved = 0
    for column in range(31):
        course_s = np.append(at_s, scan.lines.sl_course_s(column))
        exact_v = scan.lines.sl_v(fine_s, [column])[:, 0]
        drawn_v = np.interp(fine_s, course_s, scan.lines.sl_v(course_s, [column])[:, 0])
        assert abs(drawn_v - exact_v).max() <= 0.004 * np.ptp(exact_v) + 1e-4
        assert len(course_s) in (1, 14)
        moved += np.ptp(exact_v) > 0.5
    assert moved > 5
    course_s = np.append(at_s, scan.lines.line_course_s())
    exact_v = scan.lines.line_v(fine_s)[:, 0]
    drawn_v = np.interp(fine_s, course_s, scan.lines.line_v(course_s)[:, 0])
    assert abs(drawn_v - exact_v).max() <= 0.004 * np.ptp(exact_v)
    scan.set(1, precharge=0)
    assert len(scan.lines.line_course_s()) == 0


def test_crossings_are_sampled_and_thinned_out():
    """1127 columns that cross during evaluate: the last sample is after the last crossing."""
    macro = MACROS["default"].replace(timing=TIMING.replace(clock_period_s=HASTY_S))
    config = LayerConfig(name="fc1", inputs=1127, bias_columns=0, neurons=2, macro=macro)
    scan = Scan(config, ChipParameters(), chip=1)
    strobe_s = scan.until_strobe(0, random_signs(1127))
    course_s = scan.lines.line_course_s()
    within_s = course_s[course_s <= strobe_s]
    assert 8 < len(course_s) <= 17 and np.all(np.diff(course_s) > 0)
    heights_v = scan.lines.line_v(within_s + 1e-15)[:, 0]
    np.testing.assert_allclose(np.diff(heights_v), np.diff(heights_v)[0], rtol=0.6)
    late_v = scan.lines.line_v(np.array([course_s[-1] + 1e-15, strobe_s + 1e-6]))
    assert late_v[0, 0] == late_v[1, 0]


def test_pins_of_a_broken_controller_are_drawn_too():
    scan = Scan(make_layer(), ChipParameters(), chip=4, macro=1)
    scan.set(1, wl=0b1001, bl=2**40 - 1, strobe=1, evaluate=1, precharge=1)
    scan.set(1, wl=1 << 7, blb=3)
    scan.set(1, evaluate=0, strobe=0)
    assert np.all(np.isfinite(scan.lines.line_v(scan.time_s)))
    assert np.all(np.isfinite(scan.lines.sl_v(scan.time_s)))
