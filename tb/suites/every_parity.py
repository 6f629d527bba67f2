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
    upset = bench.bit("ERRORS", "configuration_upset")
    for _, register in bench.registers:
        for field in register.fields:
            if field.access not in (Access.READ_WRITE, Access.LOADED):
                continue
            handle = getattr(dut.registers, register.port(field))
            kept = read_number(handle)
            for bit in range(field.bits):
                what = f"{register.name}.{field.name}, bit {bit}"
                await FallingEdge(dut.clk)
                handle.value = kept ^ 1 << bit
                await ClockCycles(dut.clk, 3)
                assert await bench.read("ERRORS") == upset, f"{what}: found no upset told"
                await FallingEdge(dut.clk)
                handle.value = kept
                await ClockCycles(dut.clk, 2)
                await bench.write("ERRORS", upset)
                assert await bench.read("ERRORS") == 0, f"{what}: found an upset that stays"
    await bench.image(0, bench.config)
