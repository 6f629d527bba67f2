"""The shape of one evaluation beside ngspice: SLs and lines at many times, not at the strobe only.

The netlist has transistors for inverters and switches for plates, so a plate follows its SL by some
picoseconds, and an inverter turns over while a slow SL is near its threshold: lines are compared
where no column is crossing.
"""

import numpy as np
import pytest

from popbridge.behav.chip.drawn import draw_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.waveforms import AnalogLines
from popbridge.hdl.config import LayerConfig, MacroConfig, PhaseTiming
from popbridge.hdl.config.pins import ArrayPins
from popbridge.sim.spice.check import BOUNDS
from popbridge.sim.spice.netlist import netlist
from popbridge.sim.spice.ngspice import find_ngspice, simulate
from popbridge.sim.spice.row import LayerRows

TIMING = PhaseTiming(clock_period_s=2e-9, evaluate_cycles=6)
AROUND_CROSSING = 0.02
"""Part of a crossing's time around it that is not compared; `BOUNDS` allows 0.05."""
ROW = 0
_NOMINAL = ChipParameters()
PARAMETERS = _NOMINAL.replace(
    devices=_NOMINAL.devices.replace(lrs_sigma_ln=0.3),
    bridge=_NOMINAL.bridge.replace(sl_capacitor_f=1e-12),
)
"""SLs of 9 ns, with some spread: columns cross one after the other during evaluate."""


@pytest.fixture(scope="module")
def rows():
    config = LayerConfig(
        name="fc1", inputs=23, bias_columns=0, neurons=3,
        macro=MacroConfig(rows=16, columns=24, timing=TIMING),
    )  # fmt: skip
    weights = np.random.default_rng(3).choice(np.array([-1, 1], np.int8), (3, 23))
    return LayerRows.of(config, weights, PARAMETERS, LayerKey(1))


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(4).choice(np.array([-1, 1], np.int8), 23)


@pytest.fixture(scope="module")
def in_ngspice(rows, inputs):
    if find_ngspice() is None:
        pytest.skip("ngspice is not installed")
    return simulate(netlist(rows.circuit(ROW, inputs)))


def drawn(rows, inputs, parameters):
    """Word line and evaluate up, as the netlist has them."""
    drawn = draw_layer(rows.drawn.config, rows.drawn.weights, parameters, rows.drawn.key)
    lines = AnalogLines(drawn.circuit(0))
    bl, blb = (sum(1 << c for c, x in enumerate(inputs) if x == sign) for sign in (1, -1))
    pins = ArrayPins(wl=1 << ROW, bl=bl, blb=blb, precharge=1)
    lines.observe(0.0, pins)
    pins.precharge = 0
    lines.observe(TIMING.clock_period_s, pins)
    pins.evaluate = 1
    lines.observe(2 * TIMING.clock_period_s, pins)
    return lines


def line_errors_counts(lines, rows, inputs, waves):
    """Largest difference of a line at each time that is compared, and columns up at that time."""
    row = rows.circuit(ROW, inputs)
    crossings_s = lines.line_course_s()
    times_s = np.linspace(row.evaluate_s, row.strobe_s, 201)
    apart = abs(times_s[:, np.newaxis] / crossings_s - 1) > AROUND_CROSSING
    quiet_s = times_s[apart.all(axis=1) & (times_s > row.evaluate_s)]
    model_v = lines.line_v(quiet_s)
    spice_v = [np.interp(quiet_s, waves["time"], waves[f"v(line_{line})"]) for line in "pn"]
    count_v = rows.model(ROW, inputs).count_v
    return abs(model_v - np.stack(spice_v, axis=-1)).max(axis=1) / count_v, model_v[:, 0] / count_v


def test_lines_rise_column_by_column_as_in_ngspice(rows, inputs, in_ngspice):
    lines = drawn(rows, inputs, rows.drawn.condition)
    errors, counts = line_errors_counts(lines, rows, inputs, in_ngspice)
    assert len(errors) > 100 and len(set(counts.round())) > 4
    assert errors.max() <= BOUNDS["line_error_counts"]


def test_sls_move_as_in_ngspice(rows, inputs, in_ngspice):
    lines = drawn(rows, inputs, rows.drawn.condition)
    times_s = np.linspace(0, rows.circuit(ROW, inputs).strobe_s, 101)
    found_v = lines.sl_v(times_s)
    for column in range(23):
        spice_v = np.interp(times_s, in_ngspice["time"], in_ngspice[f"v(sl_{column})"])
        assert abs(found_v[:, column] - spice_v).max() <= BOUNDS["sl_error_v"]


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("bridge", {"sl_capacitor_f": 0.9e-12}),
        ("bridge", {"inverter_threshold_v": 0.66}),
        ("neuron", {"parasitic_fraction": 0.2}),
        ("neuron", {"unit_capacitor_sigma": 0.05}),
    ],
)
def test_a_wrong_circuit_is_told_apart(rows, inputs, in_ngspice, part, changes):
    nominal = rows.drawn.condition
    wrong = nominal.replace(**{part: getattr(nominal, part).replace(**changes)})
    errors, _ = line_errors_counts(drawn(rows, inputs, wrong), rows, inputs, in_ngspice)
    assert errors.max() > BOUNDS["line_error_counts"]
