"""The bridge in time, against an integration of the node and a network of the bit lines."""

import math

import numpy as np
import pytest
from support.array_bench import Bench, array_layer

from popbridge.behav.cell.bridge import draw_thresholds_v
from popbridge.behav.cell.devices import LayerCells, draw_cells
from popbridge.behav.cell.settling import (
    decision_time_s,
    scan_levels,
    scan_products,
    settling_time_s,
    sl_pull,
)
from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.behav.pins.evaluation import ArrayModel
from popbridge.hdl.config import LayerConfig, MacroConfig, PhaseTiming, Readout

SEED = 55
CLOCK_S = 0.2e-9
TIMING = PhaseTiming(clock_period_s=CLOCK_S, evaluate_cycles=2)


def make_layer(rows=6, neurons=11, fan_in=7, readout=Readout.SIGN, timing=TIMING):
    return LayerConfig(
        name="layer", inputs=fan_in, bias_columns=0, neurons=neurons, readout=readout,
        macro=MacroConfig(rows=rows, columns=fan_in, timing=timing),
    )  # fmt: skip


def slope(level_v, bl_v, blb_v, top_ohm, bottom_ohm, capacitor_f):
    """Kirchhoff's current law at SL."""
    return ((bl_v - level_v) / top_ohm + (blb_v - level_v) / bottom_ohm) / capacitor_f


def integrated(level_v, time_s, steps, *cell):
    """Runge-Kutta of fourth order."""
    h = time_s / steps
    for _ in range(steps):
        k1 = slope(level_v, *cell)
        k2 = slope(level_v + h / 2 * k1, *cell)
        k3 = slope(level_v + h / 2 * k2, *cell)
        k4 = slope(level_v + h * k3, *cell)
        level_v += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return level_v


@pytest.mark.parametrize("readout", list(Readout))
@pytest.mark.parametrize("input_sign", [+1, -1])
def test_scan_is_the_integration_of_its_columns(input_sign, readout):
    """Clock and capacitor such that rows remember; a wire that matters; some devices open."""
    config = make_layer(rows=24, neurons=40, readout=readout)
    random = np.random.default_rng(SEED)
    weights = random.choice([-1, 1], (40, 7)).astype(np.int8)
    devices = DeviceParameters(hrs_median_ohm=30e3, open_fraction=0.15)
    bridge = BridgeParameters(sl_capacitor_f=200e-15, bitline_wire_ohm=30.0)
    cells = draw_cells(config, weights, devices, LayerKey(3))
    top, bottom, _ = cells
    thresholds_v = draw_thresholds_v(config, bridge, LayerKey(3))
    outcome = scan_products(config, weights, cells, thresholds_v, bridge)
    found = outcome.for_plus if input_sign > 0 else outcome.for_minus
    bl_v, blb_v = (1.2, 0.0) if input_sign > 0 else (0.0, 1.2)
    row_s, decision_s = config.row_cycles * CLOCK_S, decision_time_s(TIMING)
    assert decision_s == pytest.approx(4 * CLOCK_S)
    quick = bridge.replace(sl_capacitor_f=0.0)
    settled = scan_products(config, weights, cells, thresholds_v, quick)
    at_once = settled.for_plus if input_sign > 0 else settled.for_minus
    assert (found != at_once).any(), "settling should matter"
    for macro in range(config.macros):
        level_v = np.zeros(7)
        for row, neuron in enumerate(config.neurons_of_macro(macro)):
            series = 2000.0 + 30.0 * row
            cell = (bl_v, blb_v, top[neuron] + series, bottom[neuron] + series, 200e-15)
            level_v = integrated(level_v, decision_s, 200, *cell)
            sure = abs(level_v - thresholds_v[macro]) > 1e-6
            assert sure.any()
            np.testing.assert_array_equal(
                found[neuron][sure], (level_v > thresholds_v[macro])[sure]
            )
            level_v = integrated(level_v, row_s - decision_s, 200, *cell)


@pytest.mark.parametrize("bridge_cycles", [1, 3, 9])
def test_pipelined_scan_is_the_integration_of_its_columns(bridge_cycles):
    """Each word line is up from the cycle after an evaluate to the cycle after the next one."""
    timing = TIMING.replace(bridge_cycles=bridge_cycles)
    config = make_layer(rows=24, neurons=24, timing=timing)
    config = config.replace(macro=config.macro.replace(pipelined=True))
    random = np.random.default_rng(SEED)
    weights = random.choice([-1, 1], (24, 7)).astype(np.int8)
    devices = DeviceParameters(hrs_median_ohm=30e3)
    bridge = BridgeParameters(sl_capacitor_f=200e-15)
    cells = draw_cells(config, weights, devices, LayerKey(3))
    top, bottom, _ = cells
    thresholds_v = draw_thresholds_v(config, bridge, LayerKey(3))
    outcome = scan_products(config, weights, cells, thresholds_v, bridge)
    # Precharge and dead time, then evaluate, strobe and dead time: 2 + 4 cycles.
    evaluates = [max(2, bridge_cycles)]
    while len(evaluates) < 24:
        evaluates.append(evaluates[-1] + max(6, bridge_cycles + 1))
    differing = 0
    for column in range(7):
        level_v, since = 0.0, 0
        for row, evaluate in enumerate(evaluates):
            series_ohm = bridge.series_ohm(row)
            cell = (1.2, 0.0, top[row, column] + series_ohm, bottom[row, column] + series_ohm)
            at_latch_v = integrated(level_v, (evaluate - since) * CLOCK_S, 200, *cell, 200e-15)
            level_v = integrated(at_latch_v, CLOCK_S, 50, *cell, 200e-15)
            since = evaluate + 1
            expected = at_latch_v > thresholds_v[0, column]
            assert outcome.for_plus[row, column] == expected
            differing += expected != (weights[row, column] > 0)
    assert differing > 0, "a scan without errors would not tell one timing from another"


@pytest.mark.parametrize("pipelined", [False, True])
def test_each_bit_plane_has_the_time_before_its_decision(pipelined):
    """From the farther rail; latches close as evaluate rises, whichever the row."""
    macro = MacroConfig(rows=4, columns=3, pipelined=pipelined, timing=TIMING)
    config = LayerConfig(
        name="fc", inputs=3, bias_columns=0, neurons=3, bits_per_input=2, macro=macro
    )
    bridge = BridgeParameters(bitline_wire_ohm=0.0, sl_capacitor_f=500e-15)
    cells = LayerCells(np.full((3, 3), 7e3), np.full((3, 3), 90e3), np.arange(3))
    cycles = TIMING.precharge_cycles + TIMING.dead_before_evaluate_cycles
    cycles += 0 if pipelined else TIMING.evaluate_cycles
    high, low = (ohm + bridge.access_resistance_ohm for ohm in (7e3, 90e3))
    settled_v = bridge.vdd_v * low / (high + low)
    tau_s = high * low / (high + low) * bridge.sl_capacitor_f
    expected_v = settled_v * (1 - math.exp(-cycles * TIMING.clock_period_s / tau_s))
    for levels in scan_levels(config, cells, bridge):
        np.testing.assert_allclose(levels.plus.decided_v, expected_v, rtol=1e-12)


def test_crossing_time_is_that_of_the_integration():
    random = np.random.default_rng(SEED)
    bridge = BridgeParameters(bitline_wire_ohm=10.0)
    crossed = 0
    for _ in range(60):
        top, bottom = np.exp(random.uniform(math.log(5e3), math.log(300e3), 2))
        start_v, threshold_v = random.uniform(0, 1.2), random.uniform(0.4, 0.8)
        sign = int(random.choice([-1, 1]))
        pull = sl_pull(top, bottom, bridge, row=50)
        pull = pull if sign > 0 else pull.reversed(1.2)
        found = settling_time_s(pull, threshold_v, start_v)
        bl_v, blb_v = (1.2, 0.0) if sign > 0 else (0.0, 1.2)
        cell = (bl_v, blb_v, top + 2500, bottom + 2500, 50e-15)
        if math.isinf(found):
            final_v = integrated(start_v, 200e-9, 3000, *cell)
            assert (final_v > threshold_v) == (start_v > threshold_v)
        else:
            crossed += 1
            level_v = integrated(start_v, float(found), 400, *cell)
            assert level_v == pytest.approx(threshold_v, abs=1e-7)
    assert 10 < crossed < 50


def test_open_devices_in_time():
    bridge = BridgeParameters()
    inf = math.inf
    # Top device alone, from 0 V at input +1: a plain RC charge to the other rail.
    pull = sl_pull(8e3, inf, bridge)
    found = settling_time_s(pull, 0.6, 0.0)
    assert found == pytest.approx(10e3 * 50e-15 * math.log(2))
    assert pull.settled_v == 1.2
    assert pull.reversed(1.2).settled_v == 0
    assert settling_time_s(sl_pull(inf, inf, bridge), 0.6, 0.0) == inf
    assert settling_time_s(pull, 0.6, 1.0) == inf


@pytest.mark.parametrize("capacitor_f", [0.0, 50e-15])
def test_both_open_keeps_the_old_level(capacitor_f):
    config = make_layer(rows=4, neurons=4, fan_in=1, timing=TIMING.replace(clock_period_s=5e-9))
    inf = math.inf
    top = np.array([[inf], [7e3], [inf], [inf]])
    bottom = np.array([[inf], [200e3], [inf], [7e3]])
    bridge = BridgeParameters(sl_capacitor_f=capacitor_f)
    cells = LayerCells(top, bottom, np.arange(4))
    outcome = scan_products(config, np.ones((4, 1)), cells, np.array([[0.6]]), bridge)
    assert outcome.for_plus[:, 0].tolist() == [False, True, True, False]
    assert outcome.for_minus[:, 0].tolist() == [False, False, False, True]


def ladder_sl_v(rows, row, wire_ohm, top_ohm, bottom_ohm):
    """Nodal analysis of BL, BLb and SL: nodes 0..rows-1 of each line, then SL; row 0 is driven."""
    size = 2 * rows + 1
    matrix, currents = np.zeros((size, size)), np.zeros(size)

    def join(a, b, conductance):
        matrix[a, a] += conductance
        matrix[b, b] += conductance
        matrix[a, b] -= conductance
        matrix[b, a] -= conductance

    for line in (0, rows):
        for place in range(rows - 1):
            join(line + place, line + place + 1, 1 / wire_ohm)
    join(row, 2 * rows, 1 / top_ohm)
    join(2 * rows, rows + row, 1 / bottom_ohm)
    for node, level_v in ((0, 1.2), (rows, 0.0)):
        matrix[node] = 0
        matrix[node, node], currents[node] = 1, level_v
    return np.linalg.solve(matrix, currents)[2 * rows]


@pytest.mark.parametrize("row", [0, 1, 64, 127])
def test_wire_is_that_of_nodal_analysis_of_the_ladder(row):
    bridge = BridgeParameters(bitline_wire_ohm=5.0)
    for top_ohm, bottom_ohm in [(7e3, 110e3), (300e3, 6.5e3), (9e3, 9.5e3)]:
        expected = ladder_sl_v(128, row, 5.0, top_ohm + 2000, bottom_ohm + 2000)
        found = sl_pull(top_ohm, bottom_ohm, bridge, row).settled_v
        assert found == pytest.approx(expected, abs=1e-9)


def slow_layer(condition, **changes):
    config = make_layer(rows=64, neurons=130, fan_in=101, timing=TIMING.replace(**changes))
    weights = np.random.default_rng(SEED).choice(np.array([-1, 1], np.int8), (130, 101))
    return config, weights, sample_layer(config, weights, condition, LayerKey(2))


def test_slowest_settling_is_that_of_the_slowest_cell():
    condition = CONDITIONS["weak"]
    config, weights, chip = slow_layer(condition)
    top, bottom, _ = draw_cells(config, weights, condition.devices, LayerKey(2))
    thresholds_v = draw_thresholds_v(config, condition.bridge, LayerKey(2))
    slowest_s = 0.0
    for neuron in range(130):
        macro, row = divmod(neuron, config.rows_used)
        for sign in (1, -1):
            right = sign * weights[neuron] > 0
            pull = sl_pull(top[neuron], bottom[neuron], condition.bridge, row)
            pull = pull if sign > 0 else pull.reversed(1.2)
            times_s = settling_time_s(pull, thresholds_v[macro], np.where(right, 0.0, 1.2))
            slowest_s = max(slowest_s, times_s[np.isfinite(times_s)].max())
    assert chip.slowest_settling_s == pytest.approx(slowest_s, rel=1e-9)


def test_a_layer_with_margin_is_a_settled_one():
    """As soon as the clock leaves every SL its time, nothing differs from no capacitor at all."""
    weak = CONDITIONS["weak"]
    config, _, quick = slow_layer(weak)
    needed_s = quick.slowest_settling_s
    assert decision_time_s(config.macro.timing) < needed_s
    period_s = needed_s * 1.01 / 4
    _, _, enough = slow_layer(weak, clock_period_s=period_s)
    at_once = weak.replace(bridge=weak.bridge.replace(sl_capacitor_f=0.0))
    _, _, settled = slow_layer(at_once)
    assert settled.slowest_settling_s == 0
    right = enough.bit_error_rate
    assert right == settled.bit_error_rate
    np.testing.assert_array_equal(enough.gain, settled.gain)
    np.testing.assert_array_equal(enough.base, settled.base)
    _, _, hasty = slow_layer(weak, clock_period_s=0.07e-9)
    assert hasty.bit_error_rate > 2 * right


def test_ideal_chip_is_exact_however_hasty():
    config = make_layer(timing=TIMING.replace(clock_period_s=1e-15))
    weights = np.random.default_rng(SEED).choice([-1, 1], (11, 7))
    chip = sample_layer(config, weights, CONDITIONS["weak"], LayerKey(None))
    np.testing.assert_array_equal(chip.scores_seen(weights), weights @ weights.T)
    assert chip.bit_error_rate == chip.slowest_settling_s == 0


def test_pins_and_layer_agree_where_rows_remember():
    """SLs too slow for the clock: the answers at the pins are the layer's all the same."""
    config = array_layer(fan_in=101)
    random = np.random.default_rng(SEED)
    weights, inputs = random.choice([-1, 1], (11, 101)), random.choice([-1, 1], (6, 101))
    weak = CONDITIONS["weak"]
    slow, at_once = (
        weak.replace(bridge=weak.bridge.replace(sl_capacitor_f=capacitor_f))
        for capacitor_f in (6e-12, 0.0)
    )
    chip = sample_layer(config, weights, slow, LayerKey(1))
    expected = chip.signs(inputs, np.arange(6))
    settled = sample_layer(config, weights, at_once, LayerKey(1)).signs(inputs, np.arange(6))
    assert 0 < np.mean(expected != settled) < 1, "settling should matter"
    for macro in range(config.macros):
        bench = Bench(ArrayModel(chip, macro))
        for image in range(6):
            bench.drive(inputs[image])
            for row, neuron in enumerate(config.neurons_of_macro(macro)):
                wanted = (1, 0) if expected[image, neuron] else (0, 1)
                assert bench.sign(row) == wanted
