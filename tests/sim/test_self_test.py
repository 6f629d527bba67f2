"""The self-test names the cells that fail, as a host reads them from the registers."""

import dataclasses

import pytest
from amaranth.sim import Simulator

from popbridge.behav.chip.cells import DeviceState
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MacroConfig, ProgrammingConfig
from popbridge.hdl.controller.controller import NetworkController
from popbridge.sim.host.blank_chip import BlankChip
from popbridge.sim.host.programming import ProgrammingHost
from popbridge.sim.pysim.arrays import BlankArrays
from popbridge.sim.pysim.ports import PysimPorts

PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=64, form_cycles=8, set_cycles=6, reset_cycles=6, first_level=21,
    level_step=2, most_retries=3, failure_limit=2, setup_cycles=1, hold_cycles=1,
)  # fmt: skip
MACRO = MacroConfig(rows=4, columns=40, spare_rows=1, programmable=True, programming=PROGRAMMING)
STUCK = [
    (0, 1, 0, 0, DeviceState.LOW),
    (1, 2, 34, 1, DeviceState.LOW),
    (1, 0, 34, 1, DeviceState.HIGH),
]
"""Macro, word line, column, device (top, bottom) and state, all of layer 0, which has three rows in
each macro. Column 34 is in the second word of the mask of failing columns."""
FAILS_IN = {
    "all +1": [(1, 2, 34)],
    "all -1": [(0, 1, 0), (1, 0, 34)],
    "checkerboard": [(0, 1, 0), (1, 0, 34)],
    "inverse checkerboard": [(1, 2, 34)],
}
"""Where the device has to be in the other state. The cells are in rows 1, 5 and 3 of the layer and
in even columns: -1 on the checkerboard, whose cells are +1 where row + column is even."""


@pytest.fixture
def self_test(make_network, make_job):
    """Runs it on a chip without variation, whose cells `damage` may change before."""

    def run(damage=lambda macros: None):
        job = make_job(map_network(make_network((28, 6, 2)), MACRO), chip=1)
        job = dataclasses.replace(job, parameters=ChipParameters().without_variation())
        assert job.config.layers[0].fan_in > 34
        controller = NetworkController(job.config)
        found = []

        async def bench(ctx):
            chip = BlankChip(job)
            damage([layer.macros for layer in chip.layers])
            arrays = BlankArrays(ctx, controller, chip)
            ports = PysimPorts(ctx, controller, arrays.cycle)
            host = ProgrammingHost(ports, job.config)
            found.extend(await host.program(job.weights, self_test=True))
            assert await host.errors() == []

        simulator = Simulator(controller)
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()
        return found

    return run


def test_a_healthy_chip_has_no_failing_cell(self_test):
    for layer in self_test():
        assert layer.failing_cells == []
        assert layer.self_test == dict.fromkeys(FAILS_IN, 0)


def test_stuck_cells_are_named(self_test):
    """A device fails where it has to be in the other state, and nowhere else."""

    def damage(macros):
        for macro, line, column, device, state in STUCK:
            cells = macros[0][macro]
            cells.states[line, column, device] = state
            cells.responds[line, column, device] = False

    hurt, sound = self_test(damage)
    expected = [
        {"pattern": pattern, "macro": macro, "line": line, "column": column}
        for pattern, cells in FAILS_IN.items()
        for macro, line, column in cells
    ]
    assert hurt.failing_cells == expected
    assert hurt.self_test == {pattern: len(cells) for pattern, cells in FAILS_IN.items()}
    assert sound.failing_cells == []
