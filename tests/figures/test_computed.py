"""What drawings show that needs a study or a simulation."""

import numpy as np
import pytest

from popbridge.figures.computed import shown_columns, traced_waveform_tables


def test_waveform_of_a_co_simulation(make_mapped, make_job):
    """What the figure shows at the strobe is what the comparator said and what the weights say."""
    job = make_job(make_mapped((15, 11, 4), rows=8, columns=40), chip=3, condition="nominal")
    config, row = job.config.layers[0], 3
    tables = traced_waveform_tables(job, row, simulator="pysim")
    pins, voltages = tables["pins"], tables["voltages"]
    strobe_ns = pins["time_ns"][pins["strobe"].index(1)]
    at_strobe = max(n for n, time_ns in enumerate(voltages["time_ns"]) if time_ns <= strobe_ns)
    inputs = np.ones(config.fan_in, dtype=int)
    inputs[: config.inputs] = 2 * job.images[0].astype(int) - 1
    was, now = (inputs * job.weights[0][neuron] > 0 for neuron in (row - 1, row))
    columns = [int(name[3:-2]) for name in voltages if name.startswith("sl_")]
    assert {(was[column], now[column]) for column in columns} == {
        (False, True), (True, False), (True, True), (False, False)
    }  # fmt: skip
    for column in columns:
        levels_v = voltages[f"sl_{column}_v"]
        assert (levels_v[0] > 0.6, levels_v[at_strobe] > 0.6) == (was[column], now[column])
    # VDD per product beyond the other half, over the macro's 40 capacitors and 5 % of parasitics;
    # their mismatch is 1 %.
    score = 2 * int(now.sum()) - config.fan_in
    assert voltages["difference_mv"][at_strobe] == pytest.approx(1200 * score / 42, rel=0.02)
    assert (max(pins["sense_p"]), max(pins["sense_n"])) == ((1, 0) if score > 0 else (0, 1))
    assert voltages["time_ns"][-1] == pytest.approx(config.row_cycles * 5)


def test_a_course_that_no_column_takes_is_left_out():
    assert shown_columns(np.array([1, 1, 0, 0, 1]) > 0, np.array([1, 0, 0, 0, 0]) > 0) == (1, 0, 2)
