"""Every bit of every phase time, and every comparator, on the controller alone.

A phase of 2^k cycles and a few is looked at until it has outlasted those few: a bit that is lost
on its way to the counter ends it before. What is not too long is counted to its end.
"""

import functools
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from ...hdl.config import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, Readout
from ...hdl.controller.layer_registers import layer_register
from ..bench.controller import PERIOD_NS
from ..bench.handles import read_number
from ..bench.phases import FEW, LOOK_CYCLES, READ_CYCLES, HighTimeMonitor, PhaseBench, high_cycles

PATTERNS = (0x55, 0xAA)
"""Lengths of all phases of an image: each low bit at 0 and at 1."""
UNUSED = (0xFFFF, 0x5555, 0xAAAA, 1)
"""Lengths of phases that are not there: each bit at 0 and at 1."""


@cocotb.test()
async def images_take_the_times_written(dut: Any) -> None:
    """Every pin is high for its time in each, and each gives its packet in its time."""
    bench = await PhaseBench.started(dut)
    bench.keep_order()
    configs = [bench.with_times(), *(bench.random_times() for _ in range(3))]
    configs += [bench.with_times(**dict.fromkeys(PHASE_NAMES, cycles)) for cycles in PATTERNS]
    if all(layer.macro.zero_dead_time_allowed for layer in bench.config.layers):
        configs += [bench.with_times(**{name: 0}) for name in DEAD_TIME_NAMES]
        configs.append(bench.with_times(**dict.fromkeys(DEAD_TIME_NAMES, 0)))
    pins = {
        (*array.place, pin): HighTimeMonitor(bench, array.pins[pin])
        for array in bench.arrays
        for pin in high_cycles(array.layer)
    }
    for pin in pins.values():
        cocotb.start_soon(pin.run())
    for config in configs:
        await bench.set_times(config)
        before = {name: pin.cycles for name, pin in pins.items()}
        await bench.image(bench.draw.randrange(len(bench.job.images)), config)
        due = {
            (layer.name, macro, pin): cycles
            for layer in config.layers
            for macro in range(layer.macros)
            for pin, cycles in high_cycles(layer).items()
        }
        assert {name: pin.cycles - before[name] for name, pin in pins.items()} == due


@cocotb.test()
async def each_comparator_is_counted(dut: Any) -> None:
    """No output, or both, is -1 and counted, in each array by itself."""
    bench = await PhaseBench.started(dut)
    unresolved = 0
    for array in bench.arrays:
        for fault in ("mute", "torn"):
            setattr(array, fault, True)
            await bench.send(0)
            found = await bench.receive(2 * bench.config.latency)
            bench.check_packet(found, 0, {array.place: array.unanswered})
            unresolved += array.strobes_per_image
            assert await bench.read("UNRESOLVED_DECISIONS") == unresolved, f"{array.place} {fault}"
            assert read_number(dut.status__unresolved) == unresolved
            setattr(array, fault, False)


@cocotb.test()
async def each_vote_counts(dut: Any) -> None:
    """Of a row's strobes as many as lose, then as win, say the opposite: first ones, last ones,
    any."""
    bench = await PhaseBench.started(dut)
    for array in bench.arrays:
        votes, index = array.layer.trials, len(bench.job.images) - 1
        if array.layer.readout is not Readout.SIGN or votes == 1:
            continue
        for against in (votes // 2, votes // 2 + 1):
            first = (1 << against) - 1
            drawn = sum(1 << k for k in bench.draw.sample(range(votes), against))
            sign = 1 if against <= votes // 2 else -1
            for array.dissent in (first, first << votes - against, drawn):
                await bench.send(index)
                found = await bench.receive(2 * bench.config.latency)
                seen = {array.place: functools.partial(np.multiply, sign)}
                bench.check_packet(found, index, seen)
        array.dissent = 0


@cocotb.test()
async def a_comparator_has_the_whole_strobe(dut: Any) -> None:
    """An answer in strobe's last cycle is one, and is not counted as missing."""
    bench = await PhaseBench.started(dut)
    config = bench.with_times(**dict.fromkeys(PHASE_NAMES, FEW))
    await bench.set_times(config)
    for array in bench.arrays:
        array.delay_ns = FEW * PERIOD_NS - PERIOD_NS // 2
    for index in range(len(bench.job.images)):
        await bench.image(index, config)
    assert await bench.read("UNRESOLVED_DECISIONS") == 0


@cocotb.test()
async def no_bit_of_a_time_is_lost(dut: Any) -> None:
    bench = await PhaseBench.started(dut)
    await bench.set_times(bench.with_times())
    for layer, phase, state in bench.timed_states():
        register = layer_register(layer, phase)
        for bit in range(LOOK_CYCLES.bit_length(), PHASE_BITS):
            length = (1 << bit) + FEW
            await bench.write(register, length)
            await bench.send(0)
            # The time of the bridges includes that between precharge and evaluate.
            lasts = length - (phase == "bridge_cycles")
            await bench.follow(layer, state, lasts, f"bit {bit} of {register}")
            await bench.soft_reset()
        await bench.write(register, 1)


@cocotb.test()
async def times_of_other_macros_change_nothing(dut: Any) -> None:
    """Phases that a layer does not have may be of any length."""
    bench = await PhaseBench.started(dut)
    config = bench.with_times()
    used = {(layer, phase) for layer, phase, _ in bench.timed_states()}
    for length in UNUSED:
        await bench.set_times(config)
        for layer in range(len(config.layers)):
            for phase in PHASE_NAMES:
                if (layer, phase) not in used:
                    await bench.write(layer_register(layer, phase), length)
        await bench.image(0, config)


@cocotb.test()
async def busy_from_first_beat_to_last(dut: Any) -> None:
    """STATUS is read all the time while an image's beats, and its result's, come slowly."""
    bench = await PhaseBench.started(dut)
    config = bench.random_times()
    await bench.set_times(config)
    reads: list[tuple[int, int]] = []

    async def watch() -> None:
        while True:
            value = await bench.read("STATUS")
            reads.append((bench.cycle(), value >> 1 & 1))

    watching = cocotb.start_soon(watch())
    await ClockCycles(dut.clk, 30)
    await bench.send(0, gap_cycles=30)
    await with_timeout(RisingEdge(dut.m_axis_tvalid), 2 * config.latency * PERIOD_NS, "ns")
    await ClockCycles(dut.clk, 30)
    await bench.receive(config.latency)
    await ClockCycles(dut.clk, 60)
    watching.cancel()
    # A value is some cycles old once it is read.
    for cycle, busy in reads:
        if bench.begun + READ_CYCLES < cycle <= bench.ended:
            assert busy, f"found rest {cycle - bench.begun} cycles after an image's first beat"
        if cycle <= bench.begun or cycle > bench.ended + READ_CYCLES:
            assert not busy, f"found busy {cycle - bench.ended} cycles after a result's last beat"
