"""The controller's ports in a Verilog simulator, at the testbench's drivers."""

from collections.abc import Sequence
from typing import Any

from cocotb.triggers import First, ReadWrite, RisingEdge, Timer, ValueChange

from ...hdl.config import STREAM_BITS, NetworkConfig
from ..bench.handles import Failure, read_number

ACCESS_CYCLES = 16
"""Clock cycles in which an access of a register has to be answered."""


class DriverPorts:
    """A `sim.host.ports.ControllerPorts` at the testbench's bus and packet drivers.

    One for all hosts of a run: it knows what the drivers have been asked last. At first it puts
    their inputs to 0, which have to be known from the start.
    """

    def __init__(self, dut: Any, config: NetworkConfig) -> None:
        self.dut = dut
        self.period_ps = config.clock_period_ps
        self.asked = self.offered = 0
        if config.programmable:
            dut.programming.value = 0
            dut.packet_offered.value = 0
        if config.calibration_cycles:
            dut.calibrating.value = 0
        if config.programmable or config.calibration_cycles:
            dut.bus_asked.value = 0

    def _cycles(self, count: int) -> Timer:
        return Timer(count * self.period_ps, "ps")

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
        await First(ValueChange(self.dut.bus_answered), self._cycles(ACCESS_CYCLES))
        await ReadWrite()  # data and response have come with it
        answered = read_number(self.dut.bus_answered) == self.asked
        if not answered or read_number(self.dut.bus_response):
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
            await First(RisingEdge(self.dut.irq_raised), self._cycles(most_cycles))
        return bool(read_number(self.dut.irq_raised))
