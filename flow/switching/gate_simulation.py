"""A netlist of library cells in simulation: many lanes at once, and what its switching takes.

Every gate takes the same time, so that glitches count as far as equal delays tell. Wires have no
capacitance: there is no layout. Not a Verilog simulator and OpenSTA's report of power: that takes
OpenSTA, which need not be there, and simulates one image at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...record import ResultPart
from ..tools.liberty import Cell, CellLibrary
from ..tools.yosys import yosys_texts


class SwitchingEnergy(ResultPart):
    """Mean energy of a lane, J."""

    clock_j: float
    """Clock pins of the flip-flops, and what the clock takes within them, in every cycle."""
    gated_clock_j: float
    """What of it is left if each flip-flop is clocked only to change: no gating does better."""
    logic_j: float
    """All other nets, and what their changes take within cells."""

    def times(self, factor: float) -> SwitchingEnergy:
        """All of it, scaled."""
        return SwitchingEnergy(**{name: factor * part for name, part in vars(self).items()})


@dataclass(frozen=True)
class _Placed:
    """A cell with its nets."""

    cell: Cell
    inputs: dict[str, int]
    outputs: dict[str, int]

    def results(self, values: list[int]) -> Iterator[tuple[int, int]]:
        """What the outputs are to be, by net: of a flip-flop, with the clock's edge."""
        pins = {pin: values[net] for pin, net in self.inputs.items()}
        for pin, net in self.outputs.items():
            function = self.cell.next_state or self.cell.outputs[pin]
            assert function is not None
            yield net, function(pins)


class GateSimulation:
    """A flat netlist whose nets hold one bit per lane.

    All flip-flops start at 0 and take their inputs at the rising edge of the one clock.

    Parameters
    ----------
    module : mapping
        Of Yosys's JSON: `ports` and `cells`, each cell one of the library.
    library : CellLibrary
        What the cells are.
    lanes : int
        How many independent simulations run side by side.

    Raises
    ------
    ValueError
        A cell is not of the library, or gates in a loop oscillate.
    """

    def __init__(self, module: Mapping[str, Any], library: CellLibrary, lanes: int):
        self.lanes = lanes
        self.library = library
        self._mask = (1 << lanes) - 1
        self._ports: dict[str, list[int]] = {
            name: [self._net(bit) for bit in port["bits"]] for name, port in module["ports"].items()
        }
        placed = [self._placed(library, cell) for cell in module["cells"].values()]
        nets = [net for cell in placed for net in (*cell.inputs.values(), *cell.outputs.values())]
        nets += [net for bits in self._ports.values() for net in bits]
        self._values = [0] * (max(nets, default=1) + 1)
        self._values[1] = self._mask
        self._flip_flops = [cell for cell in placed if cell.cell.next_state]
        self._gates = [cell for cell in placed if not cell.cell.next_state]
        self._readers: list[list[int]] = [[] for _ in self._values]
        for number, gate in enumerate(self._gates):
            for net in set(gate.inputs.values()):
                self._readers[net].append(number)
        self.restart()
        self._change([change for gate in self._gates for change in gate.results(self._values)])
        self.restart()

    @staticmethod
    def _net(bit: int | str) -> int:
        """Nets of Yosys begin at 2; 0 and 1 are the constants, x is taken for 0."""
        return bit if isinstance(bit, int) else int(bit == "1")

    def _placed(self, library: CellLibrary, cell: Mapping[str, Any]) -> _Placed:
        if cell["type"] not in library.cells:
            raise ValueError(f"cell: found {cell['type']!r}, expected one of {library.name}")
        kind = library.cells[cell["type"]]
        nets = {pin: self._net(bits[0]) for pin, bits in cell["connections"].items() if bits}
        inputs = {pin: nets[pin] for pin in kind.input_f}
        outputs = {pin: nets[pin] for pin in kind.outputs if pin in nets}
        return _Placed(kind, inputs, outputs)

    def restart(self) -> None:
        """Begin to count switching anew."""
        self._toggles = [0] * len(self._values)
        self._cycles = 0

    def step(self, inputs: Mapping[str, list[int]]) -> None:
        """A rising edge of the clock, with which the given ports take their new values.

        Parameters
        ----------
        inputs : mapping
            Port to one integer per bit, which holds the bit of every lane; other ports stay.
        """
        taken = [change for cell in self._flip_flops for change in cell.results(self._values)]
        self._cycles += 1
        self._change(taken + self._of_ports(inputs))

    def drive(self, inputs: Mapping[str, list[int]]) -> None:
        """Change ports without the clock, as an answer to outputs."""
        self._change(self._of_ports(inputs))

    def port(self, name: str) -> list[int]:
        """One integer per bit of a port, with the bit of every lane."""
        return [self._values[net] for net in self._ports[name]]

    def port_of_lane(self, name: str, lane: int) -> int:
        """The value of a port in one lane."""
        return sum((bit >> lane & 1) << place for place, bit in enumerate(self.port(name)))

    def energy(self) -> SwitchingEnergy:
        """What switching took since `restart`: C VDD^2 / 2 per change of a net, and within cells.

        A net's C is that of the inputs on it.
        """
        logic_j = clock_j = gated_clock_j = 0.0
        for placed in (*self._flip_flops, *self._gates):
            changes = {pin: self._toggles[net] for pin, net in placed.outputs.items()}
            for pin, net in placed.inputs.items():
                charge_j = placed.cell.input_f[pin] * self.library.vdd_v**2 / 2
                pin_j = charge_j + placed.cell.toggle_j[pin]
                if pin == placed.cell.clock_pin:
                    clock_j += 2 * self._cycles * self.lanes * pin_j
                    gated_clock_j += 2 * max(changes.values()) * pin_j
                else:
                    logic_j += self._toggles[net] * pin_j
            for pin, count in changes.items():
                logic_j += count * placed.cell.toggle_j[pin]
        together = SwitchingEnergy(clock_j=clock_j, gated_clock_j=gated_clock_j, logic_j=logic_j)
        return together.times(1 / self.lanes)

    def _of_ports(self, inputs: Mapping[str, list[int]]) -> list[tuple[int, int]]:
        ports = ((self._ports[name], values) for name, values in inputs.items())
        return [change for nets, values in ports for change in zip(nets, values, strict=True)]

    def _change(self, changes: list[tuple[int, int]]) -> None:
        """Nets change, then what reads them, one delay after the other until all is quiet."""
        # No path is longer than all gates together.
        for _ in range(len(self._gates) + 2):
            woken: set[int] = set()
            for net, value in changes:
                toggled = (self._values[net] ^ value) & self._mask
                if toggled:
                    self._toggles[net] += toggled.bit_count()
                    self._values[net] ^= toggled
                    woken.update(self._readers[net])
            if not woken:
                return
            gates = (self._gates[number] for number in woken)
            changes = [change for gate in gates for change in gate.results(self._values)]
        raise ValueError("netlist: found gates that never settle, expected none in loops")


def read_netlist(netlist: Path, top: str, liberty: Path) -> dict[str, Any]:
    """A module of a Verilog netlist of library cells, as Yosys's JSON has it.

    Raises
    ------
    ToolError
        Yosys does not read it.
    """
    script = "read_liberty -lib cells.lib\nread_verilog netlist.v\n"
    script += f"hierarchy -top {top}\nwrite_json netlist.json\n"
    given = {
        "netlist.v": netlist.read_text(encoding="utf-8"),
        "cells.lib": liberty.read_text(encoding="utf-8", errors="replace"),
    }
    (text,) = yosys_texts(script, given, ["netlist.json"])
    module: dict[str, Any] = json.loads(text)["modules"][top]
    return module
