"""The longest phase, counted to its end on the controller alone, and the counters meanwhile.

A suite of its own, since it takes a simulator longer than all the others.
"""

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from ...hdl.config import PHASE_BITS
from ...hdl.controller.layer_registers import layer_register
from ..bench.controller import PERIOD_NS
from ..bench.phases import PhaseBench

LONGEST = (1 << PHASE_BITS) - 1
WAITING = ("RESULT_STALL_CYCLES", "INPUT_STALL_CYCLES", "CYCLES_LOW")
"""Counters of what goes on while streams wait."""


class LongScan:
    """A layer whose phase before its strobe, or whose bridges, take their longest time."""

    def __init__(self, bench: PhaseBench, index: int):
        layer = bench.config.layers[index]
        shared = layer.bits_per_input > 1
        self.bench = bench
        self.phase = "bridge_cycles" if layer.overlapped else "evaluate_cycles"
        self.begins = bench.pin(index, "precharge" if layer.overlapped else "evaluate")
        self.ends = bench.pin(
            index, "evaluate" if layer.overlapped else "share" if shared else "strobe"
        )

    async def cycles(self) -> int:
        """From the one's rise, which was now, to the other's."""
        began = self.bench.cycle()
        await with_timeout(RisingEdge(self.ends), 2 * LONGEST * PERIOD_NS, "ns")
        return self.bench.cycle() - began


async def counts(bench: PhaseBench) -> dict[str, int]:
    """What the counters say, read one after the other."""
    return {name: await bench.read(name) for name in WAITING}


@cocotb.test()
async def the_longest_phase_ends(dut: Any) -> None:
    """In all layers at once, while a result waits, and an image."""
    bench = await PhaseBench.started(dut)
    await bench.set_times(bench.with_times())
    limit_ns = 2 * bench.config.latency * PERIOD_NS
    await bench.send(0)
    await with_timeout(RisingEdge(dut.m_axis_tvalid), limit_ns, "ns")
    scans = []
    for index in reversed(range(len(bench.config.layers))):
        scan = LongScan(bench, index)
        await bench.write(layer_register(index, scan.phase), LONGEST)
        await bench.send(0)
        await with_timeout(RisingEdge(scan.begins), limit_ns, "ns")
        scans.append(cocotb.start_soon(scan.cycles()))
    await bench.send(0)
    dut.s_axis_tvalid.value = 1
    await ClockCycles(dut.clk, 2)
    before = await counts(bench)
    for scanning in scans:
        assert await scanning == LONGEST
    after = await counts(bench)
    gone = after.pop("CYCLES_LOW") - before.pop("CYCLES_LOW")
    assert gone > LONGEST // 2
    # One counter is read after the other, each as long after the one before it as last time.
    assert {name: after[name] - before[name] for name in after} == dict.fromkeys(after, gone)
    dut.s_axis_tvalid.value = 0
    await bench.soft_reset()
    for name, count in (await counts(bench)).items():
        assert count < 100, f"{name}: found {count} after a soft reset"
