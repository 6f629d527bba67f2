"""Verilator's lint: what it lets pass and what it catches."""

import functools
from pathlib import Path

import pytest
from support.flow_networks import CHAINED, TWO_LAYERS

from popbridge.errors import InputError, ToolError
from popbridge.flow.emit import black_boxes
from popbridge.flow.emit import controller as verilog
from popbridge.flow.emit.black_boxes import MACRO_TOP, black_box_stubs
from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.emit.convert import to_systemverilog
from popbridge.flow.tools import verilator
from popbridge.flow.tools.verilator import OPERATORS_ONLY, WAIVERS, lint
from popbridge.hdl.config import DigitalLayerConfig
from popbridge.hdl.digital.layer import DigitalLayer

try:
    verilator.find_verilator()
except InputError as error:
    pytest.skip(str(error), allow_module_level=True)

# Made once for all faults of a stub.
controller_verilog = functools.cache(verilog.controller_verilog)
macro_top_verilog = functools.cache(black_boxes.macro_top_verilog)


def lint_texts(folder, top, *texts):
    paths = []
    for index, text in enumerate(texts):
        paths.append(folder / f"part{index}.sv")
        paths[-1].write_text(text, encoding="utf-8")
    lint(paths, top)


def test_the_page_names_every_waiver():
    page = Path(__file__).parents[3] / "docs" / "hardware.md"
    [line] = [text for text in page.read_text(encoding="utf-8").splitlines() if "`-Wno-`" in text]
    assert {word.strip(",") for word in line.split() if word.strip(",") in WAIVERS} == set(WAIVERS)


def test_controller_and_macro_top_pass(config, tmp_path):
    lint_texts(tmp_path, CONTROLLER, controller_verilog(config))
    lint_texts(tmp_path, MACRO_TOP, macro_top_verilog(config), black_box_stubs(config))


def test_the_all_digital_layer_passes(tmp_path):
    layer = DigitalLayer(DigitalLayerConfig(inputs=33, neurons=5))
    lint_texts(tmp_path, "digital_layer", to_systemverilog(layer, "digital_layer"))


STUB_FAULTS = {
    "input narrower": (
        "input wire [42:0] bl,",
        "input wire [41:0] bl,",
        "WIDTHTRUNC.*'bl' expects",
    ),
    "input wider": ("input wire [2:0] wl,", "input wire [3:0] wl,", "WIDTHEXPAND.*'wl' expects"),
    "output wider": ("output wire [0:0] sense_p", "output wire [1:0] sense_p", "WIDTH.*'sense_p'"),
    "pin missing": ("  input wire [0:0] strobe,\n", "", "PINNOTFOUND.*'strobe'"),
    "pin too many": ("(\n", "(\n  input wire extra,\n", "PINMISSING.*'extra'"),
    "other name": ("bridge_array_3x43", "bridge_array_3x44", "bridge_array_3x43"),
}


@pytest.mark.parametrize("fault", STUB_FAULTS)
def test_a_stub_that_does_not_fit_is_reported(fault, tmp_path):
    before, after, message = STUB_FAULTS[fault]
    stubs = black_box_stubs(TWO_LAYERS)
    assert before in stubs
    with pytest.raises(ToolError, match=rf"(?s)lint of {MACRO_TOP} reports: .*{message}"):
        lint_texts(
            tmp_path, MACRO_TOP, macro_top_verilog(TWO_LAYERS), stubs.replace(before, after, 1)
        )


CHAIN_FAULTS = {
    "line missing": (",\n  inout wire [0:0] line_n\n", "\n", "PINNOTFOUND.*'line_n'"),
    "array narrower": ("input wire [7:0] blb,", "input wire [6:0] blb,", "WIDTHTRUNC.*'blb' expec"),
    "no extension": ("_extension", "_head2", "bridge_array_3x8_extension"),
}


def test_chained_arrays_pass(tmp_path):
    lint_texts(tmp_path, CONTROLLER, controller_verilog(CHAINED))
    lint_texts(tmp_path, MACRO_TOP, macro_top_verilog(CHAINED), black_box_stubs(CHAINED))


@pytest.mark.parametrize("fault", CHAIN_FAULTS)
def test_a_stub_that_does_not_fit_its_chain_is_reported(fault, tmp_path):
    before, after, message = CHAIN_FAULTS[fault]
    stubs = black_box_stubs(CHAINED)
    assert before in stubs
    with pytest.raises(ToolError, match=rf"(?s)lint of {MACRO_TOP} reports: .*{message}"):
        lint_texts(tmp_path, MACRO_TOP, macro_top_verilog(CHAINED), stubs.replace(before, after, 1))


MODULE_FAULTS = {
    "UNDRIVEN": "module m (output wire y, input wire a);\n  wire u; assign y = a & u;\nendmodule",
    "LATCH": "module m (output logic y, input wire a, b);\n  always_comb if (a) y = b;\nendmodule",
    "MULTIDRIVEN": "module m (output logic y, input wire c, d, a);\n"
    "  always_ff @(posedge c) y <= a;\n  always_ff @(posedge d) y <= ~a;\nendmodule",
    "IMPLICIT": "module m (output wire y, input wire a);\n  assign z = a; assign y = a;\nendmodule",
}


@pytest.mark.parametrize("warning", MODULE_FAULTS)
def test_what_is_not_waived_is_reported(warning, tmp_path):
    with pytest.raises(ToolError, match=rf"(?s)lint of m reports: .*{warning}"):
        lint_texts(tmp_path, "m", MODULE_FAULTS[warning] + "\n")


def test_an_undriven_output_of_the_controller_is_reported(tmp_path):
    text = controller_verilog(TWO_LAYERS)
    # The block that drives it is connected to nothing instead.
    cut = text.replace("  wire m_axis_tvalid;\n", "  wire m_axis_tvalid;\n  wire lost;\n", 1)
    cut = cut.replace(".m_axis_tvalid(m_axis_tvalid)", ".m_axis_tvalid(lost)", 1)
    assert "(lost)" in cut
    with pytest.raises(ToolError, match=r"(?s)UNDRIVEN.*'m_axis_tvalid'"):
        lint_texts(tmp_path, CONTROLLER, cut)


def test_every_waiver_has_its_reason():
    assert all(len(reason.split()) >= 5 for reason in WAIVERS.values())
    assert set(OPERATORS_ONLY) < set(WAIVERS)


def test_a_trimmed_network_passes(tmp_path):
    layers = tuple(
        layer.replace(macro=layer.macro.replace(trim_bits=3)) for layer in TWO_LAYERS.layers
    )
    trimmed = TWO_LAYERS.replace(layers=layers)
    lint_texts(tmp_path, CONTROLLER, controller_verilog(trimmed))
    stubs = black_box_stubs(trimmed)
    assert "_k3" in stubs
    lint_texts(tmp_path, MACRO_TOP, macro_top_verilog(trimmed), stubs)
