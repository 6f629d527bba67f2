"""A soft reset in every cycle of a frame and of an image, on the controller alone."""

from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from ...hdl.config import STREAM_BITS
from ..bench.phases import PhaseBench

WRITE_CYCLES = 8
"""More than a command takes from its offer until it is in force."""


class RestartBench(PhaseBench):
    """A bench that knows in which cycle a soft reset was in force."""

    restarted = 0

    async def restart(self, wait_cycles: int = 0) -> None:
        if wait_cycles:
            await ClockCycles(self.dut.clk, wait_cycles)
        writing = cocotb.start_soon(self.command("soft_reset"))
        await RisingEdge(self.dut.s_axil_bvalid)
        await FallingEdge(self.dut.clk)
        self.restarted = self.cycle() + 1
        await writing

    async def expect_rest(self) -> None:
        """Nothing is going on: no result, no pin up, no count."""
        status = await self.read("STATUS")
        assert status == self.bit("STATUS", "running"), f"found STATUS {status} after a soft reset"
        self.check_rest()
        for name in ("IMAGES_DONE", "UNRESOLVED_DECISIONS"):
            assert await self.read(name) == 0, name


def cut_frames(beats: int) -> Iterator[tuple[int, int, int]]:
    """Beats, cycles between them, and from the command's offer to the first, less than none where
    the frame comes before: each beat and gap meets a reset.

    Whatever is cut off a frame of those, its rest is as long as an image in one of them.
    """
    for surplus in range(1, beats + 1):
        for gap in (0, 1):
            for wait in range(-(beats + surplus) * (gap + 1), WRITE_CYCLES):
                yield beats + surplus, gap, wait


@cocotb.test()
async def a_frame_is_cut_in_any_cycle(dut: Any) -> None:
    """Its rest is dropped, and counted where it ends after the reset; the next image is right."""
    bench = await RestartBench.started(dut)
    for beats, gap, wait in cut_frames(bench.config.input_beats):
        what = f"{beats} beats, {gap} cycles between, {wait} before"
        restarting = cocotb.start_soon(bench.restart(max(0, -wait)))
        await ClockCycles(dut.clk, max(0, wait) + 1)
        words = [bench.draw.getrandbits(STREAM_BITS) for _ in range(beats)]
        ends = (await bench.frame(words, gap))[-1]
        await restarting
        await bench.expect_rest()
        dropped = int(ends > bench.restarted)
        found = await bench.read("DROPPED_FRAMES")
        assert found == dropped, f"{what}: found {found} dropped, expected {dropped}"
        assert await bench.read("ERRORS") == dropped * bench.bit("ERRORS", "dropped_frame"), what
        await bench.image(wait % len(bench.job.images), bench.config)
        assert await bench.read("IMAGES_DONE") == 1, what


@cocotb.test()
async def an_image_is_lost_in_any_cycle(dut: Any) -> None:
    """From its first beat to its result, which waits; the next image is right and in time."""
    bench = await RestartBench.started(dut)
    for wait in range(bench.config.latency + WRITE_CYCLES):
        await bench.send(0)
        await ClockCycles(dut.clk, wait)
        await bench.restart()
        await bench.expect_rest()
        await bench.image(wait % len(bench.job.images), bench.config)
