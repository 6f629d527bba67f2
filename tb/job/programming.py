"""Programming of blank arrays in a Verilog simulator: the host's ports and the arrays' side."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cocotb
from cocotb.triggers import Event, First, ReadWrite, RisingEdge, Timer, ValueChange
from cocotb.utils import get_sim_time

from ...behav.chip.cells import MacroCells
from ...behav.chip.layer import LayerChip
from ...behav.pins.programming import ProgrammingArray, ProgrammingPins
from ...hdl.config import STREAM_BITS, LayerConfig
from ...sim.host.blank_chip import BlankChip
from ...sim.host.programming import program_for_job, record_programming
from ...sim.job import Job
from ...sim.outcome import Outcome
from ...sim.testbench.programming import COLUMN_PINS, steps_of
from ..bench.handles import Failure, read_number
from .agents import Progress


class BlankLayerAgent:
    """All macros of a layer at their pins, woken whenever those of the macro at work change."""

    def __init__(self, dut: Any, layer: LayerConfig, macros: Sequence[MacroCells]) -> None:
        self.layer = layer
        self.arrays = [ProgrammingArray(cells) for cells in macros]
        self.steps = getattr(dut, f"{layer.name}_steps")
        self.columns = getattr(dut, f"{layer.name}_pins_of_columns")
        self.strayed = getattr(dut, f"{layer.name}_strayed")
        self.read_back = getattr(dut, f"{layer.name}_read_back")
        self.read_back.value = 0
        self.settle_s = (
            layer.macro.programming.verify_settle_cycles * layer.macro.timing.clock_period_s
        )
        self.places = _places(steps_of(layer))
        self.places_of_columns = _places(dict.fromkeys(COLUMN_PINS, layer.line_columns))
        self.index_bits = max(1, (len(macros) - 1).bit_length())
        self.at_work = 0
        self.moved = 0
        self.of_columns: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            await ValueChange(self.steps)
            await ReadWrite()  # all pins of this instant have settled
            time_s = get_sim_time("ps") * 1e-12
            array, pins = self._observed(time_s)
            array.observe(time_s, pins)
            if pins.bl or pins.blb:
                # What the controller samples at the end of this polarity, whatever woke us now.
                self.read_back.value = array.sl_q(array.driven_since_s + self.settle_s)

    def check(self) -> None:
        """Raise where a macro moved a pin while another one was at work."""
        if read_number(self.strayed):
            raise Failure(
                f"{self.layer.name}: found pins up of a macro that is not being programmed"
            )

    def _observed(self, time_s: float) -> tuple[ProgrammingArray, ProgrammingPins]:
        word = read_number(self.steps)
        moved, word = word & 1, word >> 1
        at_work, word = word & (1 << self.index_bits) - 1, word >> self.index_bits
        if at_work != self.at_work:
            self.arrays[self.at_work].observe(time_s, ProgrammingPins())
            self.at_work = at_work
        if moved != self.moved:
            self.moved = moved
            self.of_columns = _split(read_number(self.columns), self.places_of_columns)
        return self.arrays[at_work], ProgrammingPins(**_split(word, self.places), **self.of_columns)


def _places(widths: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Lowest bit and mask of each pin that an array sees, that of the highest bits first."""
    places, low = [], 0
    for name, width in reversed(list(widths.items())):
        if name in ProgrammingPins.__dataclass_fields__:
            places.append((name, low, (1 << width) - 1))
        low += width
    return places


def _split(word: int, places: Sequence[tuple[str, int, int]]) -> dict[str, int]:
    """The pins in a word."""
    return {name: word >> low & mask for name, low, mask in places}


class HostPorts:
    """A `programming_host.ControllerPorts` at the testbench's host modules."""

    def __init__(self, dut: Any, job: Job) -> None:
        self.dut = dut
        self.period_ps = job.config.clock_period_ps
        self.asked = self.offered = 0

    async def write(self, address: int, data: int) -> None:
        self.dut.bus_data.value = data
        await self._access(address, 1)

    async def read(self, address: int) -> int:
        await self._access(address, 0)
        return read_number(self.dut.bus_read_data)

    async def _access(self, address: int, writes: int) -> None:
        self.asked ^= 1
        self.dut.bus_address.value = address
        self.dut.bus_writes.value = writes
        self.dut.bus_asked.value = self.asked
        await ValueChange(self.dut.bus_answered)
        await ReadWrite()  # data and response have come with it
        if read_number(self.dut.bus_response):
            raise Failure(f"no good answer on the control bus at address {address:#x}")

    async def send(self, packet: Sequence[int]) -> None:
        self.offered ^= 1
        beats = enumerate(packet)
        self.dut.packet.value = sum(beat << STREAM_BITS * index for index, beat in beats)
        self.dut.packet_beats.value = len(packet)
        self.dut.packet_offered.value = self.offered
        await ValueChange(self.dut.packet_taken)

    async def interrupt(self, most_cycles: int) -> bool:
        if not read_number(self.dut.irq_raised):
            limit = Timer(most_cycles * self.period_ps, "ps")
            await First(RisingEdge(self.dut.irq_raised), limit)
        return bool(read_number(self.dut.irq_raised))


async def program_arrays(dut: Any, job: Job) -> tuple[list[LayerChip], Callable[[Outcome], None]]:
    """Program a job's network from blank; the chip that it makes, and what to note."""
    chip = BlankChip(job)
    agents = [
        BlankLayerAgent(dut, layer, macros)
        for layer, macros in zip(job.config.layers, chip.macros, strict=True)
    ]
    failures: list[Exception] = []
    over = Event()
    done: list[Any] = []

    async def guarded(part: Any) -> None:
        try:
            done.append(await part)
        except Exception as failure:
            failures.append(failure)
        over.set()

    tasks = [cocotb.start_soon(guarded(agent.run())) for agent in agents]
    tasks.append(cocotb.start_soon(guarded(program_for_job(HostPorts(dut, job), job, Progress()))))
    await over.wait()
    for task in tasks:
        task.cancel()
    if failures:
        raise failures[0]
    for agent in agents:
        agent.check()
    layers, errors = done[0]
    dut.programming.value = 0
    chips = chip.layer_chips([layer.word_lines for layer in layers])
    return chips, functools.partial(record_programming, layers=layers, errors=errors)
