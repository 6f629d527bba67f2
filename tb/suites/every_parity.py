"""A bit of configuration flips by itself: it is told, until the register is right again.

On the controller alone, whose registers are reached by their names.
"""

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from ...hdl.bus.registers import Access
from ..bench.handles import read_number
from ..bench.handshake import HandshakeBench


@cocotb.test()
async def every_bit_of_configuration_is_told(dut: Any) -> None:
    bench = await HandshakeBench.started(dut)
    for _, register in bench.registers:
        for field in register.fields:
            if field.access not in (Access.READ_WRITE, Access.LOADED):
                continue
            handle = getattr(dut.registers, register.port(field))
            for bit in range(field.bits):
                what = f"{register.name}.{field.name}, bit {bit}"
                await bench.flip_is_told(handle, bit, what)
    await bench.image(0, bench.config)


@cocotb.test()
async def a_half_of_a_write_that_flips_is_told(dut: Any) -> None:
    """Whether address and data of a write are there; the next write is as any other."""
    bench = await HandshakeBench.started(dut)
    upset = bench.bit("ERRORS", "state_upset")
    for name in ("address_held", "address_free", "data_held", "data_free"):
        handle = getattr(dut.axi_lite, name)
        await FallingEdge(dut.clk)
        handle.value = 1 - read_number(handle)
        await ClockCycles(dut.clk, 3)
        assert await bench.read("ERRORS") == upset, f"{name}: found no upset told"
        await bench.write("ERRORS", upset)
        assert await bench.read("ERRORS") == 0, f"{name}: found an upset told twice"
    await bench.image(0, bench.config)


@cocotb.test()
async def whether_it_runs_flips_and_is_told(dut: Any) -> None:
    """Until a command says anew whether it does; images come then."""
    bench = await HandshakeBench.started(dut)
    upset = bench.bit("ERRORS", "configuration_upset")
    for command in ("start", "stop"):
        for name in ("running", "stopped"):
            await bench.command(command)
            await FallingEdge(dut.clk)
            handle = getattr(dut, name)
            handle.value = 1 - read_number(handle)
            await ClockCycles(dut.clk, 3)
            for _ in range(2):
                assert await bench.read("ERRORS") == upset, f"{name}: found no upset told"
                await bench.write("ERRORS", upset)
            await bench.command(command)
            await bench.write("ERRORS", upset)
            assert await bench.read("ERRORS") == 0, f"{name}: found an upset that stays"
    await bench.command("start")
    await bench.image(0, bench.config)
