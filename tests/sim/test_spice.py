"""The netlist of a row, and the model against ngspice where it is installed."""

import collections

import numpy as np
import pytest

from popbridge.behav.params import ChipParameters
from popbridge.hdl.config import MACROS, InputError, LayerConfig
from popbridge.sim.ngspice import find_ngspice, simulate
from popbridge.sim.simulators import SimulationError
from popbridge.sim.spice import netlist, sample_row
from popbridge.sim.spice_check import BOUNDS, SIZES, compare_rows, random_rows

needs_ngspice = pytest.mark.skipif(find_ngspice() is None, reason="ngspice is not installed")


def row_of(columns, neuron=0, chip=1):
    config = LayerConfig(
        name="fc1", inputs=23, bias_columns=0, neurons=3, macro=MACROS["test-chip"]
    )
    weights = np.ones((3, 23), np.int8)
    inputs = np.ones(columns, np.int8)
    return sample_row(config, weights, ChipParameters(), chip, 0, neuron, inputs)


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


@needs_ngspice
def test_what_ngspice_refuses_is_one_line():
    with pytest.raises(SimulationError, match=r"^ngspice: [^\n]+$"):
        simulate("* broken\nMone a b c d absent\n.tran 1e-9 2e-9\n.end\n")
