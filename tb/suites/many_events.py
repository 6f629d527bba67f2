"""Counters far beyond what other suites count to, and back to 0, on the controller alone."""

from typing import Any

import cocotb

from ..bench.phases import PhaseBench

MANY = 1 << 8
"""Images, and dropped frames."""
LOTS = 1 << 11
"""Unresolved decisions, of which an image has many."""


@cocotb.test()
async def counters_count_on(dut: Any) -> None:
    """Images, frames that are dropped, and comparators that do not answer in the first images."""
    bench = await PhaseBench.started(dut)
    config = bench.with_times()
    await bench.set_times(config)
    unanswered = {array.place: array.unanswered for array in bench.arrays}
    unresolved = 0
    for number in range(MANY):
        mute = unresolved < LOTS
        for array in bench.arrays:
            array.mute = mute
            unresolved += array.strobes_per_image * mute
        index = number % len(bench.job.images)
        await bench.send(index)
        found = await bench.receive(2 * config.latency)
        bench.check_packet(found, index, unanswered if mute else None)
    for _ in range(MANY):
        await bench.frame([0] * (config.input_beats + 1))
    expected = {"IMAGES_DONE": MANY, "DROPPED_FRAMES": MANY, "UNRESOLVED_DECISIONS": unresolved}
    assert {name: await bench.read(name) for name in expected} == expected
    await bench.soft_reset()
    assert {name: await bench.read(name) for name in expected} == dict.fromkeys(expected, 0)


@cocotb.test()
async def packets_are_counted_on(dut: Any) -> None:
    """Packets of weights for nothing, where there are any."""
    bench = await PhaseBench.started(dut)
    if not bench.config.programmable:
        return
    for _ in range(MANY):
        await bench.transfer("w_axis_t", data=0, last=1)
    assert await bench.read("DROPPED_ROWS") == MANY
    await bench.soft_reset()
    assert await bench.read("DROPPED_ROWS") == 0
