"""Every bit of every register, written and read in a random order, against the registers' model.

Few cycles for many accesses: each channel of the bus runs ahead of the others, or pauses.
"""

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles

from ...hdl.bus.registers import WORD_BITS, WORD_BYTES, Access, RegisterModel, Response
from ..bench.handles import read_number
from ..bench.handshake import EVERY_BYTE, HandshakeBench

BATCHES = 60
"""Of writes side by side, each followed by reads."""
PATTERNS = (0x00005556, 0x0000AAAB, 0x0000FFFF)
FEW = 6
"""Registers read after each batch, beside those written."""
MOVING = ("CYCLES_LOW", "CYCLES_HIGH")


class RegisterBench(HandshakeBench):
    """A bench that knows what the registers must hold while no image comes."""

    def __init__(self, dut: Any):
        super().__init__(dut)
        self.model: RegisterModel = RegisterModel(self.registers)
        self.at = dict(self.registers)

    def random_write(self) -> tuple[int, int, int]:
        """Any register or none; the data often within its range."""
        address = self.draw.randrange(1 << self.registers.address_bits)
        if self.draw.random() < 0.9:
            address = self.draw.choice([*self.at]) + self.draw.randrange(WORD_BYTES)
        register = self.at.get(address & -WORD_BYTES)
        data = self.draw.getrandbits(WORD_BITS)
        if register is not None and self.draw.random() < 0.7:
            data &= sum(field.mask << lowest for lowest, field in register.placed_fields)
        if register is not None and register.name == "CONTROL":
            # A calibration would bring trims of its own.
            data &= (1 << len(("start", "stop", "soft_reset"))) - 1
        strobes = EVERY_BYTE if self.draw.random() < 0.6 else self.draw.randint(0, EVERY_BYTE)
        return address, data, strobes

    def expected_response(self, address: int, data: int, strobes: int) -> int:
        """What a write gives; the model follows it and what comes of it."""
        response = self.model.write(address, data, strobes)
        register = self.at.get(address & -WORD_BYTES)
        if response is Response.SLVERR and register is not None and register.writable:
            for name in ("ERRORS", "INTERRUPT_STATUS"):
                self.model.values[name, "timing_refused"] = 1
        self.follow_commands()
        return int(response)

    def follow_commands(self) -> None:
        commands = {field for name, field in self.model.pulses if name == "CONTROL"}
        if "start" in commands:
            self.model.values["STATUS", "running"] = 1
        if "stop" in commands:
            self.model.values["STATUS", "running"] = 0
        if "soft_reset" in commands:
            for _, register in self.registers:
                for field in register.fields:
                    if field.access is Access.WRITE_1_TO_CLEAR:
                        self.model.values[register.name, field.name] = 0

    async def write_everywhere(self, data: int, strobes: int) -> None:
        """Write every register but the commands, and read all."""
        for address, register in self.at.items():
            if register.name != "CONTROL":
                write = (address, data, strobes)
                found = await self.write_all([write])
                assert found == [self.expected_response(*write)], f"{register.name}: found {found}"
        await ClockCycles(self.dut.clk, 2)
        await self.check([*self.at])

    async def check(self, addresses: list[int]) -> None:
        """Reads give what the model says; so does the interrupt's pin."""
        found = await self.read_all(addresses)
        for address, (data, response) in zip(addresses, found, strict=True):
            expected = self.model.read(address)
            register = self.at.get(address & -WORD_BYTES)
            if register is not None and register.name in MOVING:
                data, expected = 0, (0, expected[1])
            assert (data, response) == expected, f"{address:#x}: found {data:#x}, {response}"
        raised = any(
            self.model.values["INTERRUPT_STATUS", field] & value
            for (register, field), value in self.model.values.items()
            if register == "INTERRUPT_ENABLE"
        )
        assert read_number(self.dut.irq) == raised, f"irq: expected {raised}"


@cocotb.test()
@cocotb.parametrize(slow=[0.0, 0.6])
async def every_bit_is_kept_and_read(dut: Any, slow: float) -> None:
    """Random words into random registers."""
    bench = await RegisterBench.started(dut)
    bench.slow = slow
    await bench.check([*bench.at])
    for _ in range(BATCHES):
        writes = [bench.random_write() for _ in range(bench.draw.randint(1, 5))]
        found = await bench.write_all(writes)
        expected = [bench.expected_response(*write) for write in writes]
        assert found == expected, f"{writes}: found {found}, expected {expected}"
        await ClockCycles(dut.clk, 2)
        others = [bench.random_write()[0] for _ in range(FEW)]
        await bench.check([write[0] for write in writes] + others)


@cocotb.test()
async def bytes_are_written_one_by_one(dut: Any) -> None:
    """What is not written stays, bit by bit."""
    bench = await RegisterBench.started(dut)
    ascending = range(WORD_BYTES)
    # The last pattern in both orders: a byte's highest bit is 1 only until the byte is written.
    for pattern, order in [
        *((each, ascending) for each in PATTERNS),
        (PATTERNS[-1], ascending[::-1]),
    ]:
        await bench.write_everywhere(pattern, EVERY_BYTE)
        for byte in order:
            await bench.write_everywhere(~pattern & 0x7F7F7F7F, 1 << byte)


@cocotb.test()
async def no_register_answers_elsewhere(dut: Any) -> None:
    """Every word of the address space, each register holding something."""
    bench = await RegisterBench.started(dut)
    await bench.write_everywhere(PATTERNS[0], EVERY_BYTE)
    await bench.check([*range(0, 1 << bench.registers.address_bits, WORD_BYTES)])


@cocotb.test()
async def cycles_are_counted(dut: Any) -> None:
    """Two reads differ by the clock cycles between them; so many do not reach the upper half."""
    bench = await RegisterBench.started(dut)
    ahead = set()
    for pause in (1, 2, 30, 100, 300, 1000):
        await ClockCycles(dut.clk, pause)
        began = bench.cycle()
        count = await bench.read("CYCLES_LOW")
        ahead.add(began - count)
        assert await bench.read("CYCLES_HIGH") == 0
    assert len(ahead) == 1, f"found cycles lost or won between reads: {sorted(ahead)}"
