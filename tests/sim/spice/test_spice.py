"""The netlist of a row, and the model against ngspice where it is installed."""

import collections
import dataclasses
import re
import subprocess

import numpy as np
import pytest

from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.errors import InputError, SimulationError
from popbridge.hdl.config import MACROS, LayerConfig, Readout
from popbridge.sim.spice.check import (
    BOUNDS,
    SIZES,
    RowJob,
    compare_row,
    compare_rows,
    random_rows,
    verdict,
)
from popbridge.sim.spice.netlist import netlist
from popbridge.sim.spice.ngspice import find_ngspice, read_raw, simulate
from popbridge.sim.spice.row import LayerRows

needs_ngspice = pytest.mark.skipif(find_ngspice() is None, reason="ngspice is not installed")


def layer_rows(parameters=None, chip=1):
    config = LayerConfig(
        name="fc1", inputs=23, bias_columns=0, neurons=3, macro=MACROS["test-chip"]
    )
    weights = np.random.default_rng(3).choice(np.array([-1, 1], np.int8), (3, 23))
    parameters = parameters or ChipParameters()
    return LayerRows.of(config, weights, parameters, LayerKey(chip))


def inputs_of(columns):
    return np.random.default_rng(4).choice(np.array([-1, 1], np.int8), columns)


def row_of(columns, neuron=0):
    return layer_rows().circuit(neuron, inputs_of(columns))


@pytest.mark.parametrize("columns", [1, 2, 22, 23])
def test_element_names_are_unique(columns):
    text = netlist(row_of(columns))
    names = [line.split()[0].lower() for line in text.splitlines() if line[0].isalpha()]
    assert [name for name, count in collections.Counter(names).items() if count > 1] == []


def test_row_and_columns_out_of_range():
    with pytest.raises(InputError, match="row: found 3, expected 0 to 2"):
        row_of(23, neuron=3)
    with pytest.raises(InputError, match="columns: found 24, expected 1 to 23"):
        row_of(24)


@needs_ngspice
@pytest.mark.parametrize(("columns", "macro", "count"), [(*SIZES[0][:2], 24), (*SIZES[1][:2], 1)])
def test_model_against_ngspice(columns, macro, count):
    jobs = random_rows(columns, macro, count, ChipParameters(), seed=5)
    for found in compare_rows(jobs):
        for name, bound in BOUNDS.items():
            assert getattr(found, name) <= bound, name


def missed(found):
    return {name for name, bound in BOUNDS.items() if getattr(found, name) > bound}


@needs_ngspice
@pytest.mark.parametrize("chip", [None, 1])
@pytest.mark.parametrize("columns", [1, 23])
def test_columns_not_driven_and_the_ideal_chip(columns, chip):
    rows, inputs = layer_rows(chip=chip), inputs_of(columns)
    job = RowJob(row=rows.circuit(2, inputs), model=rows.model(2, inputs))
    (found,) = compare_rows([job])
    # The ideal chip's SL settles at once; the netlist's does so with a tenth of a femtofarad.
    assert missed(found) == set()


@needs_ngspice
@pytest.mark.parametrize(
    ("readout", "votes", "strobes"), [(Readout.COUNT, 1, 5), (Readout.SIGN, 3, 3)]
)
def test_an_evaluation_of_several_strobes_lasts_as_long_in_both(readout, votes, strobes):
    """Its bridges conduct through all of them; a netlist of one strobe would be far off."""
    macro = MACROS["test-chip"].replace(votes=votes)
    config = LayerConfig(
        name="fc", inputs=23, bias_columns=0, neurons=3, readout=readout, macro=macro
    )
    weights = np.random.default_rng(3).choice(np.array([-1, 1], np.int8), (3, 23))
    rows = LayerRows.of(config, weights, ChipParameters(), LayerKey(1))
    circuit, model = rows.circuit(1, inputs_of(23)), rows.model(1, inputs_of(23))
    # Five phases of a cycle, and a settling and a strobe for each further trial, of 5 ns.
    assert circuit.end_s == pytest.approx((5 + 2 * (strobes - 1)) * 5e-9)
    waves = simulate(netlist(circuit))
    assert waves["time"][-1] == pytest.approx(circuit.end_s)
    assert missed(compare_row(circuit, model, waves)) == set()


@pytest.fixture(scope="module")
def true_row():
    row = layer_rows().circuit(1, inputs_of(23))
    return row, simulate(netlist(row))


def wrong(part, **changes):
    parameters = ChipParameters()
    return parameters.replace(**{part: getattr(parameters, part).replace(**changes)})


@needs_ngspice
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (ChipParameters(), set()),
        (wrong("bridge", sl_capacitor_f=25e-15), {"crossing_error"}),
        (wrong("bridge", inverter_threshold_v=0.63), {"crossing_error"}),
        (wrong("bridge", access_resistance_ohm=9000.0), {"sl_error_v", "crossing_error",
                                                         "bridge_energy_error"}),
        (wrong("neuron", parasitic_fraction=0.3), {"line_error_counts", "capacitor_energy_error"}),
        (wrong("neuron", unit_capacitor_f=1.8e-15), {"capacitor_energy_error"}),
    ],
)  # fmt: skip
def test_a_wrong_model_is_flagged(true_row, parameters, expected):
    """The netlist has the true parameters, the model one that is off."""
    row, waves = true_row
    model = layer_rows(parameters).model(1, inputs_of(23))
    assert missed(compare_row(row, model, waves)) == expected


@needs_ngspice
def test_a_wrong_decision_is_flagged(true_row):
    row, waves = true_row
    model = layer_rows().model(1, inputs_of(23))
    model = dataclasses.replace(model, decision=-model.decision)
    assert missed(compare_row(row, model, waves)) == {"decisions_differing"}


def test_a_start_level_is_what_the_model_left():
    """A row that lasts too short for its SLs leaves them on their way."""
    slow = layer_rows(wrong("bridge", sl_capacitor_f=5e-12))
    before, inputs = slow.model(0, inputs_of(23)), inputs_of(23)
    start_v = slow.circuit(1, inputs).start_v
    settled_v = layer_rows().circuit(1, inputs).start_v
    assert np.all(abs(before.sl_v - start_v) > 1e-4)
    assert np.all((before.sl_v < start_v) & (start_v < settled_v))


def test_lines_have_no_verdict_above_128_columns():
    assert verdict("line_error_counts", 127, 0.03) is False
    assert verdict("line_error_counts", 128, 0.01) is True
    assert verdict("line_error_counts", 1127, 0.03) is None
    assert verdict("crossing_error", 1127, 0.06) is False


@needs_ngspice
def test_the_netlist_runs_as_its_own_text_says(tmp_path, true_row):
    """In batch mode without another word, ngspice prints the lines; with -r it saves all."""
    row, waves = true_row
    (tmp_path / "row.cir").write_text(netlist(row))
    said = re.findall(r"^\* .*?(ngspice -b .*?)(?: or|$)", netlist(row), re.MULTILINE)
    printing, saving = (command.split() for command in said)
    assert printing[-1] == saving[-1] == "FILE.cir"
    run = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    done = subprocess.run([*printing[:-1], "row.cir"], **run)
    table = [line.split() for line in done.stdout.splitlines() if re.match(r"\d+\s+\d", line)]
    assert len(table) > 100
    time_s, line_p_v, line_n_v = map(float, table[-1][1:])
    assert time_s == pytest.approx(row.end_s)
    assert line_p_v == pytest.approx(waves["v(line_p)"][-1], abs=1e-5)
    assert line_n_v == pytest.approx(waves["v(line_n)"][-1], abs=1e-5)
    subprocess.run([*saving[:-1], "row.cir"], **run)
    saved = read_raw((tmp_path / saving[saving.index("-r") + 1]).read_bytes())
    assert saved["v(sl_0)"][-1] == pytest.approx(waves["v(sl_0)"][-1], abs=1e-6)


@needs_ngspice
def test_what_ngspice_refuses_is_one_line():
    with pytest.raises(SimulationError, match=r"^ngspice: [^\n]+$"):
        simulate("* broken\nMone a b c d absent\n.tran 1e-9 2e-9\n.end\n")
