"""Cells under pulses: rates and laws against theory, read-back against an integrated circuit."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from popbridge.behav.chip.cells import DeviceState, MacroCells
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.behav.parameters.programming import ProgrammingParameters, PulseLaw
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig, ProgrammingOperation

SEED = 4711
FORM, SET, RESET = (ProgrammingOperation(code) for code in (1, 2, 3))
COLUMNS, ROWS = 501, 40
CONFIG = LayerConfig(
    name="fc", inputs=COLUMNS, bias_columns=0, neurons=ROWS,
    macro=MacroConfig(rows=ROWS, columns=COLUMNS),
)  # fmt: skip
EVERY = np.ones(COLUMNS, dtype=np.bool_)
SURE = PulseLaw(time_at_level_0_s=1e-12)
CERTAIN = ProgrammingParameters(form=SURE, set=SURE, reset=SURE)


def macro_cells(parameters=None, chip=3, layer=1, config=CONFIG, macro=0, **devices):
    parameters = parameters or ChipParameters(
        devices=DeviceParameters(**devices), programming=CERTAIN
    )
    return MacroCells(config, macro, parameters, LayerKey(chip, layer))


def formed(cells, width_s=1e-6):
    for line in range(len(cells.states)):
        for device in (0, 1):
            cells.pulse(line, FORM, device, 8, EVERY, width_s)
    return cells


@pytest.mark.parametrize("level", [0, 4, 8])
@pytest.mark.parametrize("operation", [FORM, SET, RESET])
def test_success_rate_is_that_of_a_poisson_process(operation, level):
    """Events at a rate that rises tenfold in ten levels: P = 1 - exp(-width * rate)."""
    mean_s, width_s = {FORM: 2e-6, SET: 3e-7, RESET: 4e-7}[operation], 2e-7
    law = PulseLaw(time_at_level_0_s=mean_s, decades_per_level=0.1)
    programming = CERTAIN.replace(**{operation.name.lower(): law})
    cells = macro_cells(ChipParameters(programming=programming))
    if operation is not FORM:
        formed(cells)
    if operation is SET:
        for line in range(ROWS):
            cells.pulse(line, RESET, 0, 8, EVERY, 1e-6)
    before = cells.states[..., 0].copy()
    for line in range(ROWS):
        cells.pulse(line, operation, 0, level, EVERY, width_s)
    expected = 1 - math.exp(-width_s / mean_s * 10 ** (level / 10))
    found = np.mean(cells.states[..., 0] != before)
    count = ROWS * COLUMNS
    assert abs(found - expected) < 2.58 * math.sqrt(expected * (1 - expected) / count)
    assert (cells.states[..., 1] == (DeviceState.BLANK if operation is FORM else 1)).all()


def test_resistances_after_a_pulse_have_the_law_of_their_state():
    """ln R is normal, and of two pulses on a device it shares 1 - c of its variance."""
    share = 0.3
    cells = formed(macro_cells(cycle_variance_share=share))
    logs = []
    for _ in range(2):
        for line in range(ROWS):
            cells.pulse(line, RESET, 0, 8, EVERY, 1e-6)
        logs.append(np.log(cells.cells_ohm(range(ROWS))[0]).ravel())
    devices, count = cells.parameters.devices, ROWS * COLUMNS
    for log in logs:
        sigma = devices.hrs_sigma_ln
        mean = math.log(devices.hrs_median_ohm)
        assert abs(log.mean() - mean) < 2.58 * sigma / math.sqrt(count)
        assert abs(log.std() / sigma - 1) < 2.58 / math.sqrt(2 * count)
        ordered = (np.sort(log) - mean) / sigma
        theory = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in ordered])
        steps = np.arange(count + 1) / count
        distance = max((steps[1:] - theory).max(), (theory - steps[:-1]).max())
        assert distance < 1.63 / math.sqrt(count)  # Kolmogorov's 1 % point
    correlation = np.corrcoef(logs)[0, 1]
    assert abs(math.atanh(correlation) - math.atanh(1 - share)) < 2.58 / math.sqrt(count - 3)
    bottom = np.log(cells.cells_ohm(range(ROWS))[1] / devices.lrs_median_ohm)
    assert abs(bottom.std() / devices.lrs_sigma_ln - 1) < 2.58 / math.sqrt(2 * count)


def test_a_device_keeps_its_resistance_until_it_switches_again():
    law = PulseLaw(time_at_level_0_s=1e-6, decades_per_level=0.0)
    cells = formed(macro_cells(ChipParameters(programming=CERTAIN.replace(reset=law))))
    before = cells.cells_ohm([0])
    cells.pulse(0, RESET, 0, 8, EVERY, 1e-6)
    after = cells.cells_ohm([0])
    switched = cells.states[0, :, 0] == DeviceState.HIGH
    assert 0 < switched.sum() < COLUMNS
    np.testing.assert_array_equal(after[0][0][~switched], before[0][0][~switched])
    assert (after[0][0][switched] != before[0][0][switched]).all()
    np.testing.assert_array_equal(after[1], before[1])


def test_blank_devices_only_form_and_formed_ones_go_either_way():
    cells = macro_cells()
    for operation in (SET, RESET):
        cells.pulse(0, operation, 0, 8, EVERY, 1e-6)
        assert (cells.states == DeviceState.BLANK).all()
    assert (cells.cells_ohm([0])[0] == cells.parameters.programming.unformed_ohm).all()
    half = np.arange(COLUMNS) % 2 == 0
    for operation, state in ((FORM, 1), (RESET, 2), (SET, 1), (RESET, 2), (FORM, 1)):
        cells.pulse(0, operation, 1, 8, half, 1e-6)
        assert (cells.states[0, half, 1] == state).all()
        assert (cells.states[0, ~half] == DeviceState.BLANK).all()
        assert (cells.states[1:] == DeviceState.BLANK).all()


def test_stuck_and_open_devices_do_not_respond():
    fractions = {"stuck_lrs_fraction": 0.1, "stuck_hrs_fraction": 0.2, "open_fraction": 0.05}
    cells = macro_cells(**fractions)
    before, ohm = cells.states.copy(), np.stack(cells.cells_ohm(range(ROWS)), axis=-1)
    formed(cells)
    for operation in (RESET, SET, RESET):
        for line in range(ROWS):
            cells.pulse(line, operation, 0, 8, EVERY, 1e-6)
    after = np.stack(cells.cells_ohm(range(ROWS)), axis=-1)
    dead = ~cells.responds
    np.testing.assert_array_equal(cells.states[dead], before[dead])
    np.testing.assert_array_equal(after[dead], ohm[dead])
    assert (cells.states[cells.responds] != before[cells.responds]).all()
    count = dead.size
    for fraction, found in (
        (0.1, (before == DeviceState.LOW).mean()),
        (0.2, (before == DeviceState.HIGH).mean()),
        (0.05, np.isinf(ohm).mean()),
    ):
        assert abs(found - fraction) < 2.58 * math.sqrt(fraction * (1 - fraction) / count)


def test_draws_are_functions_of_their_keys():
    """Neither the columns pulsed nor the order of rows and macros change what is drawn."""
    condition = ChipParameters()

    def run(lines, columns, **keys):
        cells = macro_cells(condition, **keys)
        for line in lines:
            for operation, device in ((FORM, 0), (FORM, 1), (RESET, 0), (SET, 0), (RESET, 1)):
                cells.pulse(line, operation, device, 8, columns, 1e-7)
        return np.stack(cells.cells_ohm([2, 5]))

    half = np.arange(COLUMNS) < 200
    whole = run((2, 5), EVERY)
    np.testing.assert_array_equal(run((5, 2), EVERY), whole)
    np.testing.assert_array_equal(run((5, 2), half)[..., half], whole[..., half])
    narrow = CONFIG.replace(inputs=101)
    np.testing.assert_array_equal(
        run((2, 5), np.ones(101, np.bool_), config=narrow), whole[..., :101]
    )
    for keys in ({"chip": 4}, {"layer": 2}):
        other = run((2, 5), EVERY, **keys)
        switched = (other < 1e9) & (whole < 1e9)
        assert switched.sum() > 100 and (other != whole)[switched].all()


def test_read_back_is_the_circuit_integrated():
    """dV/dt = (G_up (VDD - V) - G_down V) / C from 0 V, +1 then -1, by a Runge-Kutta method."""
    bridge = BridgeParameters(sl_capacitor_f=100e-15, bitline_wire_ohm=50.0)
    cells = formed(macro_cells(ChipParameters(bridge=bridge, programming=CERTAIN)))
    line, time_s = 30, 1e-9
    cells.pulse(line, RESET, 0, 8, np.arange(COLUMNS) % 3 == 0, 1e-6)
    cells.pulse(line, RESET, 1, 8, np.arange(COLUMNS) % 3 == 1, 1e-6)
    top, bottom = (side[0] for side in cells.cells_ohm([line]))
    g_top, g_bottom = (1 / (side + 2000 + line * 50) for side in (top, bottom))

    def integrate(start_v, up, down):
        def slope(_, v):
            return (up * (1.2 - v) - down * v) / 100e-15

        return solve_ivp(slope, (0, time_s), start_v, rtol=1e-9, atol=1e-12).y[:, -1]

    plus = integrate(np.zeros(COLUMNS), g_top, g_bottom)
    minus = integrate(plus, g_bottom, g_top)
    np.testing.assert_allclose(cells.read_level_v(line, +1, 0.0, time_s), plus, rtol=1e-6)
    np.testing.assert_allclose(cells.read_level_v(line, -1, plus, time_s), minus, rtol=1e-6)
    for_plus, for_minus = cells.read(line, time_s)
    np.testing.assert_array_equal(for_plus, plus > cells.thresholds_v)
    np.testing.assert_array_equal(for_minus, minus > cells.thresholds_v)
    assert 0.2 < for_plus.mean() < 0.8 and 0.2 < for_minus.mean() < 0.8


def test_drift_begins_after_the_verification():
    condition = ChipParameters(programming=CERTAIN)
    devices = condition.devices
    later = devices.replace(retention=devices.retention.replace(time_s=1e8, temperature_k=400.0))
    fresh, aged = (
        formed(macro_cells(condition.replace(devices=kind))) for kind in (devices, later)
    )
    np.testing.assert_array_equal(fresh.cells_ohm([0]), aged.cells_ohm([0], drifted=False))
    assert (aged.cells_ohm([0])[0] > fresh.cells_ohm([0])[0]).all()


def test_law_without_limits():
    law = PulseLaw(time_at_level_0_s=1e-9)
    assert law.success(1.0, 10_000) == 1.0
    assert 0 < law.success(1e-20, 0) == pytest.approx(1e-11, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (PulseLaw, {"time_at_level_0_s": 0.0}, "time_at_level_0_s: found 0.0, expected a finite"),
        (PulseLaw, {"time_at_level_0_s": 1.0, "decades_per_level": -0.1},
         "decades_per_level: found -0.1, expected a finite"),
        (ProgrammingParameters, {"unformed_ohm": math.inf}, "unformed_ohm: found inf, expected"),
        (ProgrammingParameters, {"set": 1}, "set: found 1, expected a table of fields"),
    ],
)  # fmt: skip
def test_bad_values(kind, values, message):
    with pytest.raises(InputError, match=f"^{message}"):
        kind(**values)
