"""The macro top: the controller beside black boxes of its arrays."""

import dataclasses
from collections.abc import Mapping

from amaranth.hdl import Instance, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

from ...hdl.config import LayerConfig, NetworkConfig
from ...hdl.config.pins import PINS, PinSizes
from ...hdl.controller.controller import NetworkController
from .convert import Port, to_systemverilog

MACRO_TOP = "popbridge_macro_top"
LINES = ("line_p", "line_n")
"""Analog pins of an array in a chain: its ends of the capacitive lines."""
_OF_COLUMNS = {pin.name for pin in PINS if pin.of_columns}
"""Pins of which each array of a chain has its own columns'."""


def array_names(layer: LayerConfig, macro: str) -> list[str]:
    """Instance names of the arrays of a macro in the macro top, from column 0 up."""
    name = f"{layer.name}_{macro}"
    return [name] if layer.chain == 1 else [f"{name}_array{k}" for k in range(layer.chain)]


def black_box_name(layer: LayerConfig, array: int = 0) -> str:
    """Module name of the hard macro that is array number `array` of a layer's chains.

    Array 0 of a chain is the head, with comparator, read-out bank and holding capacitors; the
    others extend its lines.
    """
    size = f"{layer.macro.rows}x{layer.macro.columns}"
    size += "_programmable" if layer.macro.programmable else ""
    bank = f"_k{layer.bank_bits}" if layer.bank_bits else ""
    bank += f"_b{layer.bits_per_input}" if layer.bits_per_input > 1 else ""
    if layer.chain == 1:
        return f"bridge_array_{size}{bank}"
    return f"bridge_array_{size}_extension" if array else f"bridge_array_{size}{bank}_head"


def black_box_ports(layer: LayerConfig, array: int = 0) -> list[Port]:
    """The hard macro's own pins, as in `hdl.config.pins`.

    In a chain, array 0 alone has those of comparator and bank, and all have `LINES`.
    """
    sizes = dataclasses.replace(PinSizes.of_group(layer), columns=layer.macro.columns)
    ports = [
        Port(pin.name, "input" if pin.to_array else "output", width)
        for pin, width in sizes.widths().items()
        if array == 0 or not pin.head_only
    ]
    return ports + [Port(name, "inout", 1) for name in LINES if layer.chain > 1]


def black_boxes(config: NetworkConfig) -> dict[str, list[Port]]:
    """Each kind of array in a network by name, with its pins."""
    return {
        black_box_name(layer, array): black_box_ports(layer, array)
        for layer in config.layers
        for array in range(layer.chain)
    }


def black_box_stubs(config: NetworkConfig) -> str:
    """Empty modules with the pins of each kind of array in a network."""
    modules = []
    for name, pins in black_boxes(config).items():
        ports = ",\n".join(
            f"  {port.direction} wire [{port.width - 1}:0] {port.name}" for port in pins
        )
        modules.append(f"(* blackbox *)\nmodule {name} (\n{ports}\n);\nendmodule\n")
    empty = "/* verilator lint_off UNDRIVEN */\n/* verilator lint_off UNUSEDSIGNAL */\n"
    return empty + "\n".join(modules)


class MacroTop(wiring.Component):
    """The controller with its arrays as black boxes: what is placed on a chip."""

    def __init__(self, config: NetworkConfig):
        self.controller = NetworkController(config)
        self._macros = [(layer, macro) for layer in config.layers for macro in layer.macro_names]
        self._names = [f"{layer.name}_{macro}" for layer, macro in self._macros]
        members = self.controller.signature.members.items()
        super().__init__({name: member for name, member in members if name not in self._names})

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
        for (layer, macro), name in zip(self._macros, self._names, strict=True):
            lines = {line: Signal(name=f"{name}__{line}") for line in LINES}
            for array, placed in enumerate(array_names(layer, macro)):
                wires = self._wires(layer, array, getattr(self.controller, name), lines)
                m.submodules[placed] = Instance(black_box_name(layer, array), **wires)
        return m

    @staticmethod
    def _wires(
        layer: LayerConfig, array: int, pins: wiring.PureInterface, lines: Mapping[str, Signal]
    ) -> dict[str, Value]:
        """What the pins of one array are connected to, by the names that `Instance` takes."""
        columns = layer.macro.columns
        wires = {}
        for port in black_box_ports(layer, array):
            inward = port.direction == "input"
            if port.direction == "inout":
                # Amaranth has inout for ports of the top only. An instance's pin may be declared
                # either way, as long as one of those on the wire gives it its value.
                wire, inward = lines[port.name], array > 0
            elif port.name in _OF_COLUMNS:
                wire = getattr(pins, port.name)[array * columns : (array + 1) * columns]
            else:
                wire = getattr(pins, port.name)
            wires[f"{'i' if inward else 'o'}_{port.name}"] = wire
        return wires


def macro_top_verilog(config: NetworkConfig) -> str:
    """SystemVerilog of the macro top, controller included, black boxes left open."""
    return to_systemverilog(MacroTop(config), MACRO_TOP)
