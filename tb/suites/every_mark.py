"""A mark of the order of images flips by itself: it is told, once, and the next image is right.

On the controller alone, whose registers of that block are reached by their names.
"""

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout

from ..bench.controller import PERIOD_NS
from ..bench.handles import read_number
from ..bench.phases import PhaseBench


class MarkBench(PhaseBench):
    """A bench that flips registers of the order of images."""

    async def flip(self, name: str) -> None:
        await FallingEdge(self.dut.clk)
        register = getattr(self.dut.image_order, name)
        register.value = 1 - read_number(register)

    async def expect_told(self, what: str) -> None:
        """The error is told, goes when it is cleared, and does not come back with an image."""
        await ClockCycles(self.dut.clk, 4)
        upset = self.bit("ERRORS", "state_upset")
        assert await self.read("ERRORS") == upset, f"{what}: found no upset told"
        await self.write("ERRORS", upset)
        await self.image(1, self.config)
        await ClockCycles(self.dut.clk, 4)
        assert await self.read("ERRORS") == 0, f"{what}: found an upset told twice"


@cocotb.test()
async def a_mark_on_its_way_is_told(dut: Any) -> None:
    """At each stage in turn, while an image of either mark is there."""
    bench = await MarkBench.started(dut)
    layers = len(bench.config.layers)
    for turn in range(2):
        for stage in range(layers + 1):
            there = dut.m_axis_tvalid if stage == layers else bench.pin(stage, "evaluate")
            await bench.send(0)
            if not read_number(there):
                await with_timeout(RisingEdge(there), 2 * bench.config.latency * PERIOD_NS, "ns")
            await bench.flip(f"mark_{stage}")
            bench.check_packet(await bench.receive(2 * bench.config.latency), 0)
            await bench.expect_told(f"mark {stage}, turn {turn}")
        await bench.image(1, bench.config)


@cocotb.test()
async def a_mark_at_rest_is_told(dut: Any) -> None:
    bench = await MarkBench.started(dut)
    for name in ("last", "sent") * 2:
        await bench.flip(name)
        await bench.expect_told(name)
        await bench.image(1, bench.config)


@cocotb.test()
async def a_soft_reset_tells_nothing(dut: Any) -> None:
    """While an image of either mark is at each stage."""
    bench = await MarkBench.started(dut)
    for wait in range(0, bench.config.latency, 5):
        await bench.image(0, bench.config)
        await bench.send(1)
        await ClockCycles(dut.clk, wait)
        await bench.soft_reset()
        await ClockCycles(dut.clk, 4)
        assert await bench.read("ERRORS") == 0, f"{wait} cycles after an image"


@cocotb.test()
async def a_flip_as_all_is_reset_tells_nothing(dut: Any) -> None:
    """In the very cycle of a soft reset, which makes it right."""
    bench = await MarkBench.started(dut)
    for name in ("last", "sent"):
        resetting = cocotb.start_soon(bench.command("soft_reset"))
        await RisingEdge(dut.image_order.restart)
        await bench.flip(name)
        await resetting
        await ClockCycles(dut.clk, 4)
        assert await bench.read("ERRORS") == 0, f"{name}: found an upset of what is reset"
        await bench.image(1, bench.config)
