"""Netlists in simulation: against evaluating all gates in step until none changes, and by hand."""

import random

import pytest

from popbridge.flow.switching.gate_simulation import GateSimulation
from popbridge.flow.tools.liberty import Cell, CellLibrary, boolean_function

SEED = 3
LANES = 5
FUNCTIONS = {"AND": "A B", "XOR": "A^B", "NOR": "!(A+B)"}


def gate(text, inputs="AB"):
    return Cell(
        area=1.0,
        input_f=dict.fromkeys(inputs, 4e-15),
        outputs={"Y": boolean_function(text)},
        toggle_j=dict.fromkeys(inputs, 0.0) | {"Y": 7e-15},
        next_state=None,
        clock_pin=None,
    )


FLIP_FLOP = Cell(
    area=2.0,
    input_f={"D": 6e-15, "CK": 10e-15},
    outputs={"Q": None},
    toggle_j={"D": 1e-15, "CK": 3e-15, "Q": 5e-15},
    next_state=boolean_function("D"),
    clock_pin="CK",
)
LIBRARY = CellLibrary(
    name="tiny.lib",
    vdd_v=2.0,
    cells={name: gate(text) for name, text in FUNCTIONS.items()}
    | {"INV": gate("!A", "A"), "FF": FLIP_FLOP},
)


def module(ports, *cells):
    """Yosys's JSON of a module, from (type, pin to net)."""
    return {
        "ports": {name: {"bits": bits} for name, bits in ports.items()},
        "cells": {
            str(number): {"type": kind, "connections": {pin: [net] for pin, net in pins.items()}}
            for number, (kind, pins) in enumerate(cells)
        },
    }


def test_energy_of_a_divider_by_hand():
    """Net 3 is the flip-flop's output, 4 its complement, which is its input; two lanes alike."""
    divider = module(
        {"clk": [2], "o": [3]}, ("FF", {"D": 4, "CK": 2, "Q": 3}), ("INV", {"A": 3, "Y": 4})
    )
    simulation = GateSimulation(divider, LIBRARY, 2)
    seen = []
    for _ in range(6):
        simulation.step({})
        seen.append(simulation.port("o"))
    assert seen == [[0b11], [0]] * 3
    energy = simulation.energy()
    # C V^2 / 2 is 2 V^2 times C. Six rises and six falls of the clock; six changes of either net.
    assert energy.clock_j == pytest.approx(12 * (2 * 10e-15 + 3e-15))
    assert energy.gated_clock_j == energy.clock_j
    net_3 = 2 * 4e-15 + 5e-15
    net_4 = 2 * 6e-15 + 1e-15 + 7e-15
    assert energy.logic_j == pytest.approx(6 * (net_3 + net_4))


def test_a_flip_flop_that_keeps_its_value_takes_clock_only():
    held = module({"clk": [2], "o": [3]}, ("FF", {"D": "1", "CK": 2, "Q": 3}))
    simulation = GateSimulation(held, LIBRARY, 1)
    simulation.step({})
    simulation.restart()
    for _ in range(4):
        simulation.step({})
    energy = simulation.energy()
    assert simulation.port("o") == [1]
    assert energy.clock_j == pytest.approx(8 * 23e-15)
    assert (energy.gated_clock_j, energy.logic_j) == (0, 0)
    assert energy.times(2).clock_j == pytest.approx(16 * 23e-15)


def random_netlist(draw, inputs, flip_flops, gates):
    """Nets from 3: inputs, flip-flops, gates, each gate of nets before it; a shuffled netlist."""
    first_gate = 3 + inputs + flip_flops
    cells = []
    for net in range(first_gate, first_gate + gates):
        kind = draw.choice([*FUNCTIONS, "INV"])
        pins = {pin: draw.randrange(3, net) for pin in ("A" if kind == "INV" else "AB")}
        cells.append((kind, pins | {"Y": net}))
    for net in range(3 + inputs, first_gate):
        cells.append(("FF", {"D": draw.randrange(3, first_gate + gates), "CK": 2, "Q": net}))
    draw.shuffle(cells)
    outputs = list(range(first_gate, first_gate + gates))
    return cells, {"clk": [2], "i": list(range(3, 3 + inputs)), "o": outputs}


class Slow:
    """One lane, all gates evaluated at once from what was, again and again until none changes."""

    def __init__(self, cells, nets):
        self.cells = cells
        self.values = [0] * nets
        self.settle()
        self.changes = 0

    def settle(self):
        rules = {
            "AND": lambda a, b: a and b,
            "XOR": lambda a, b: a != b,
            "NOR": lambda a, b: not (a or b),
            "INV": lambda a: not a,
        }
        before = None
        self.changes = 0
        while before != self.values:
            before = list(self.values)
            for kind, pins in self.cells:
                if kind != "FF":
                    *operands, net = pins.values()
                    self.values[net] = int(rules[kind](*(before[k] for k in operands)))
            self.changes += sum(a != b for a, b in zip(before, self.values, strict=True))

    def step(self, inputs):
        """Gives how many changes of gates' and flip-flops' outputs it takes."""
        before = list(self.values)
        taken = [(pins["Q"], before[pins["D"]]) for kind, pins in self.cells if kind == "FF"]
        for net, value in taken + [(3 + k, bit) for k, bit in enumerate(inputs)]:
            self.values[net] = value
        clocked = sum(before[net] != self.values[net] for net, _ in taken)
        self.settle()
        return clocked + self.changes


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_random_netlists_against_slow_evaluation(seed):
    draw = random.Random(seed)
    cells, ports = random_netlist(draw, inputs=4, flip_flops=5, gates=40)
    # All nets but the clock weigh the same: energy counts the changes.
    alike = {
        name: Cell(
            area=1.0,
            input_f=dict.fromkeys(cell.input_f, 0.0),
            outputs=cell.outputs,
            toggle_j=dict.fromkeys(cell.input_f, 0.0) | dict.fromkeys(cell.outputs, 1.0),
            next_state=cell.next_state,
            clock_pin=cell.clock_pin,
        )
        for name, cell in LIBRARY.cells.items()
    }
    library = CellLibrary(name="alike.lib", vdd_v=2.0, cells=alike)
    simulation = GateSimulation(module(ports, *cells), library, LANES)
    slow = [Slow(cells, 3 + 4 + 5 + 40) for _ in range(LANES)]
    changes = 0
    for _ in range(30):
        given = [draw.getrandbits(LANES) for _ in range(4)]
        simulation.step({"i": given})
        for lane, one in enumerate(slow):
            changes += one.step([bit >> lane & 1 for bit in given])
            expected = [one.values[net] for net in ports["o"]]
            assert [bit >> lane & 1 for bit in simulation.port("o")] == expected
    assert simulation.port_of_lane("o", 2) == sum(
        slow[2].values[net] << place for place, net in enumerate(ports["o"])
    )
    assert simulation.energy().logic_j * LANES == pytest.approx(changes)


def test_a_glitch_is_counted():
    """i and its complement: an AND of both is 1 for the delay of the inverter when i rises."""
    glitch = module(
        {"clk": [2], "i": [3], "o": [5]},
        ("INV", {"A": 3, "Y": 4}),
        ("AND", {"A": 3, "B": 4, "Y": 5}),
    )
    simulation = GateSimulation(glitch, LIBRARY, 1)
    taken = []
    for value in (1, 0):
        simulation.restart()
        simulation.drive({"i": [value]})
        assert simulation.port("o") == [0]
        taken.append(simulation.energy().logic_j)
    # The AND's two changes: nothing hangs on it.
    assert taken[0] - taken[1] == pytest.approx(2 * 7e-15)


def test_oscillators_and_unknown_cells_are_refused():
    loop = module({"clk": [2]}, ("INV", {"A": 3, "Y": 3}))
    with pytest.raises(ValueError, match="netlist: found gates that never settle, expected none"):
        GateSimulation(loop, LIBRARY, 1)
    with pytest.raises(ValueError, match=r"cell: found 'LUT', expected one of tiny\.lib"):
        GateSimulation(module({"clk": [2]}, ("LUT", {"A": 2})), LIBRARY, 1)
