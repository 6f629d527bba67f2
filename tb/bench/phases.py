"""A bench that looks at the arrays' phase pins."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, First, ReadOnly, RisingEdge, ValueChange

from ...hdl.config import PHASE_NAMES, LayerConfig, NetworkConfig
from ..suites.scenario_plan import states_of
from .arrays import IdealArray
from .controller import with_times
from .handles import read_number
from .handshake import HandshakeBench
from .scoreboard import PhaseMonitor

FEW = 3
"""Cycles of a phase beside its one high bit."""
LOOK_CYCLES = 8
"""A phase that has lasted so long has not lost its high bit."""
COUNTED_CYCLES = 600
"""A phase that is not longer is counted to its end."""
READ_CYCLES = 6
"""From a register's value to the end of its read, and to the next one's."""


class HighTimeMonitor:
    """For how many clock cycles a pin has been high."""

    def __init__(self, bench: HandshakeBench, handle: Any):
        self.bench = bench
        self.handle = handle
        self.cycles = 0

    async def run(self) -> None:
        while True:
            await RisingEdge(self.handle)
            rose = self.bench.cycle()
            await FallingEdge(self.handle)
            self.cycles += self.bench.cycle() - rose


class OrderMonitor:
    """What an array's pins must never do, in phases of whatever length.

    Its lines keep still while evaluate is high, but the word line where latches hold the products;
    its bank is charged then only.
    """

    def __init__(self, array: IdealArray):
        self.pins = array.pins
        self.still = ["bl", "blb"] if array.layer.overlapped else ["wl", "bl", "blb"]
        self.bank = array.bank

    def run(self) -> None:
        """From now on, to the test's end."""
        cocotb.start_soon(self._lines())
        if self.bank:
            cocotb.start_soon(self._bank())

    async def _changed(self, names: Sequence[str]) -> None:
        await First(*(ValueChange(self.pins[name]) for name in names))
        await ReadOnly()

    async def _lines(self) -> None:
        while True:
            await self._changed(self.still)
            assert not read_number(self.pins["evaluate"]), f"{self.still} changed in evaluate"

    async def _bank(self) -> None:
        while True:
            await self._changed([*self.bank, "evaluate"])
            charged = [name for name in self.bank if read_number(self.pins[name])]
            assert not charged or read_number(self.pins["evaluate"]), f"{charged} without evaluate"


def high_cycles(layer: LayerConfig) -> dict[str, int]:
    """For how many clock cycles each phase pin of a layer is high in one image."""
    timing, rows, planes = layer.macro.timing, layer.rows_used, layer.bits_per_input
    spent: Counter[str] = Counter()
    for phase, cycles in timing.phases(layer.trials, planes):
        spent[phase] += rows * cycles
    if layer.overlapped:
        first = layer.lead_cycles - timing.dead_before_evaluate_cycles
        spent["precharge"] = first + (rows - 1) * layer.precharge_with_waiting_cycles
    pins = {
        "precharge": spent["precharge"],
        "evaluate": sum(spent[phase] for phase in ("evaluate", "share", "settle", "strobe")),
        "strobe": spent["strobe"],
    }
    if planes > 1:
        pins |= {"share": spent["share"], "acc_reset": rows * timing.precharge_cycles}
    return pins


class PhaseBench(HandshakeBench):
    """A bench that sets phase times and times what comes."""

    def with_times(self, **times: int) -> NetworkConfig:
        """The configuration with the same times in all layers, 1 where nothing is given."""
        times = dict.fromkeys(PHASE_NAMES, 1) | times
        return with_times(self.config, dict.fromkeys(range(len(self.config.layers)), times))

    def keep_order(self) -> None:
        """From now on, to the test's end, no array's pins may break its order."""
        for array in self.arrays:
            OrderMonitor(array).run()

    async def soft_reset(self) -> None:
        await self.command("soft_reset")
        await ClockCycles(self.dut.clk, 2)
        await FallingEdge(self.dut.clk)

    def pin(self, layer: int, name: str) -> Any:
        return getattr(self.dut, f"{self.config.layers[layer].name}_macro0__{name}")

    async def follow(self, index: int, state: str, cycles: int, what: str) -> None:
        """The next time that a layer is in a state it is so for so long, as far as is looked at."""
        layer = self.config.layers[index]
        view = PhaseMonitor(self.dut, layer)
        for _ in range(2 * self.config.latency):
            await FallingEdge(self.dut.clk)
            view.update()
            if view.state == state:
                break
        counted = cycles <= COUNTED_CYCLES
        for _ in range(cycles if counted else LOOK_CYCLES):
            assert view.state == state, f"{what}: found {view.state} too early"
            await FallingEdge(self.dut.clk)
            view.update()
        assert (view.state == state) != counted, f"{what}: found {view.state} after {cycles}"

    def timed_states(self) -> Iterator[tuple[int, str, str]]:
        """Each layer, the name of each phase time that it has, and the state that lasts so long."""
        for index, layer in enumerate(self.config.layers):
            for state in states_of(layer):
                if state != "IDLE":
                    yield index, f"{state.lower()}_cycles", state
            if layer.overlapped:
                yield index, "bridge_cycles", "PRECHARGE"
