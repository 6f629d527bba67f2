"""Programming of blank arrays in a Verilog simulator: the host's ports and the arrays' side."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import cocotb
from amaranth.hdl import Shape
from cocotb.triggers import Event, First, ReadWrite, RisingEdge, Timer, ValueChange
from cocotb.utils import get_sim_time

from ..behav.chip import LayerChip
from ..behav.programming import MacroCells
from ..behav.programming_array import ProgrammingArray, ProgrammingPins
from ..hdl.array_pins import ArraySignature
from ..hdl.config import STREAM_BITS, LayerConfig
from ..sim.job import Job, Outcome
from ..sim.programming import BlankChip
from ..sim.programming_host import program_for_job, record_programming
from ..sim.testbench_programming import observed_pins
from .agents import Failure, read_number


class BlankArrayAgent:
    """One macro at its pins, woken whenever they change."""

    def __init__(self, dut: Any, macro: str, layer: LayerConfig, cells: MacroCells) -> None:
        name = f"{layer.name}_{macro}"
        self.array = ProgrammingArray(cells)
        self.seen = getattr(dut, f"{name}_seen")
        self.read_back = getattr(dut, f"{name}_read_back")
        self.read_back.value = 0
        self.settle_s = (
            layer.macro.programming.verify_settle_cycles * layer.macro.timing.clock_period_s
        )
        members = ArraySignature.of_layer(layer).members
        widths = {pin: Shape.cast(members[pin].shape).width for pin in observed_pins(layer)}
        self.lowest = {}
        low = 0
        for pin, width in reversed(widths.items()):
            self.lowest[pin] = (low, (1 << width) - 1)
            low += width
        self.known = [pin for pin in widths if pin in ProgrammingPins.every_name()]

    async def run(self) -> None:
        while True:
            await ValueChange(self.seen)
            await ReadWrite()  # all pins of this instant have settled
            time_s = get_sim_time("ps") * 1e-12
            pins = self._split(read_number(self.seen))
            self.array.observe(time_s, pins)
            if pins.bl or pins.blb:
                # What the controller samples at the end of this polarity.
                self.read_back.value = self.array.sl_q(time_s + self.settle_s)

    def _split(self, word: int) -> ProgrammingPins:
        values = {}
        for pin in self.known:
            low, mask = self.lowest[pin]
            values[pin] = word >> low & mask
        return ProgrammingPins(**values)


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
        BlankArrayAgent(dut, macro, layer, cells)
        for layer, macros in zip(job.config.layers, chip.macros, strict=True)
        for macro, cells in zip(layer.macro_names, macros, strict=True)
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
    tasks.append(cocotb.start_soon(guarded(program_for_job(HostPorts(dut, job), job))))
    await over.wait()
    for task in tasks:
        task.cancel()
    if failures:
        raise failures[0]
    layers, errors = done[0]
    dut.programming.value = 0
    chips = chip.layer_chips([layer.word_lines for layer in layers])
    return chips, functools.partial(record_programming, layers=layers, errors=errors)
