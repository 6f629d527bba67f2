"""The controller's streams, driven and taken by cocotbext-axi."""

import itertools
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiStreamFrame

from ..bench.control import ControlBench
from ..bench.handles import read_number
from ..bench.stream import broken_frames


@cocotb.test()
@cocotb.parametrize(source_share=[0.0, 0.7], sink_share=[0.0, 0.8], broken=[False, True])
async def images_give_their_packets(
    dut: Any, source_share: float, sink_share: float, broken: bool
) -> None:
    """Every image between broken frames gives its own packet, and nothing else comes."""
    bench = await ControlBench.started(dut, source_share=source_share, sink_share=sink_share)
    job, dropped = bench.job, 0
    faults = itertools.cycle(broken_frames(job, bench.draw))
    for index in range(len(job.images)):
        # One or two broken frames before each image; with none, images follow back to back.
        for _ in range(bench.draw.randint(1, 2) if broken else 0):
            await bench.source.send(AxiStreamFrame(next(faults)))
            dropped += 1
        await bench.send(index)
    await bench.expect(*range(len(job.images)))
    await ClockCycles(dut.clk, job.config.latency)
    assert bench.sink.empty(), "a packet that belongs to no image"
    assert read_number(dut.status__dropped) == dropped
    assert read_number(dut.status__unresolved) == 0
