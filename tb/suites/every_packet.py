"""Packets of weights: each bit of their addresses, each wrong length; rows whose cells are dead.

For controllers that program their cells.
"""

from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from ...hdl.config import STREAM_BITS, LayerConfig
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.model import (
    MACRO_BITS,
    ROW_BITS,
    ProgrammedRow,
    ProgrammingModel,
    most_row_cycles,
)
from ..bench.weights import DeadCells, DeviceCells, WeightsBench

SEEN_CYCLES = 8
"""A packet is dropped, and counted, so soon after its last beat."""
FULL = 2
"""The code of a packet's input that has one."""
SURPLUS = (1, 3)
"""Beats by which packets are too long."""


class PacketBench(WeightsBench):
    """A bench that knows packets of which nothing may come."""

    def wrong_packets(self, index: int) -> Iterator[tuple[str, list[int]]]:
        """For layers, macros and rows that are not there, bit by bit, and of wrong lengths."""
        layer = self.config.layers[index]
        good, *_ = self.row(index, 0)
        for bit in range(STREAM_BITS):
            if 1 << bit >= len(self.config.layers):
                yield f"layer bit {bit}", [1 << bit, *good[1:]]
        for bit in range(ROW_BITS + MACRO_BITS):
            header = 1 << bit
            if not has_neuron(layer, header):
                yield f"header bit {bit}", [index, header, *good[2:]]
        for beats in range(1, len(good)):
            yield f"{beats} beats", good[:beats]
        for surplus in SURPLUS:
            yield f"{surplus} beats too long", good + [self.draw.getrandbits(STREAM_BITS)] * surplus


def has_neuron(layer: LayerConfig, header: int) -> bool:
    """Whether a neuron is on the row of a header."""
    row, macro = header & (1 << ROW_BITS) - 1, header >> ROW_BITS
    return row < layer.rows_used and macro * layer.rows_used + row < layer.neurons


@cocotb.test()
async def packets_for_nothing_are_dropped(dut: Any) -> None:
    """Each is counted, and leaves nothing behind."""
    bench = await PacketBench.started(dut)
    dropped = 0
    for index in range(len(bench.config.layers)):
        for what, beats in bench.wrong_packets(index):
            await bench.packet(beats)
            await ClockCycles(dut.clk, SEEN_CYCLES)
            dropped += 1
            found = await bench.read("DROPPED_ROWS")
            assert found == dropped, f"layer {index}, {what}: found {found} dropped"
            assert await bench.read("STATUS") == bench.bit("STATUS", "running"), (
                f"layer {index}, {what}"
            )
        for name in ("ROWS_DONE", "PULSES", "PROGRAMMING_CYCLES"):
            assert await bench.read(layer_register(index, name)) == 0, name
    # Two in one cycle: one of no row, and one of a single beat, in whatever cycle that is seen.
    for wait in range(SEEN_CYCLES):
        await bench.packet([0, 1 << ROW_BITS - 1, *bench.row(0, 0)[0][2:]])
        if wait:
            await ClockCycles(dut.clk, wait)
        await bench.packet([0])
        await ClockCycles(dut.clk, SEEN_CYCLES)
        dropped += 2
        assert await bench.read("DROPPED_ROWS") == dropped, f"{wait} cycles between"
    assert await bench.read("ERRORS")
    await bench.image(0, bench.config)


@cocotb.test()
async def rows_of_dead_cells_are_told(dut: Any) -> None:
    """Every neuron's row as the model says, register by register; then images go on."""
    bench = await PacketBench.started(dut)
    await bench.command("stop")
    for index, layer in enumerate(bench.config.layers):
        model = ProgrammingModel(layer)
        rows: list[ProgrammedRow] = []
        seen = [DeadCells() for _ in layer.macro_names]
        for name, found in zip(layer.macro_names, seen, strict=True):
            cocotb.start_soon(bench.see_pulses(layer, name, found))
        for neuron in range(layer.neurons):
            packet, macro, row, weights = bench.row(index, neuron)
            await bench.packet(packet)
            await ClockCycles(dut.clk, most_row_cycles(layer) + 8)
            cells = DeadCells()
            rows.append(model.program(macro, row, weights, True, cells))
            assert seen[macro].pulses == cells.pulses, f"neuron {neuron}: pulses differ"
            assert sum(len(each.pulses) for each in seen) == len(cells.pulses), "another macro"
            seen[macro].pulses.clear()
            await bench.check_programming(index, rows, macro, row)
    for name in ("ERRORS", "INTERRUPT_STATUS"):
        told = await bench.read(name)
        assert told, f"{name}: found nothing told of rows that cannot be repaired"
        await bench.write(name, told)
        assert await bench.read(name) == 0, f"{name}: found {told:#x} not to go"


@cocotb.test()
async def a_packet_that_never_came_is_none(dut: Any) -> None:
    """What says that one is there flips, alone; no row begins, and images go on."""
    bench = await PacketBench.started(dut)
    await bench.command("stop")
    for index, layer in enumerate(bench.config.layers):
        packets = getattr(dut.programmer, f"{layer.name}_rows").input
        for register, value in ((packets.frame_state, FULL), (packets.whole, 1)):
            await FallingEdge(dut.clk)
            register.value = value
            await ClockCycles(dut.clk, 3)
            assert await bench.read("STATUS") == 0, f"{layer.name}: found a packet"
            for name in ("ROWS_DONE", "PULSES", "PROGRAMMING_CYCLES"):
                assert await bench.read(layer_register(index, name)) == 0, f"{layer.name}: {name}"
    assert await bench.read("ERRORS") == 0
    await bench.command("start")
    await bench.image(0, bench.config)


@cocotb.test()
async def a_state_that_flips_at_rest_is_told(dut: Any) -> None:
    """Of the router, of each layer's rows, and what these are held against; then images go on."""
    bench = await PacketBench.started(dut)
    programmer, upset = dut.programmer, bench.bit("ERRORS", "state_upset")
    places = [(programmer.router, name) for name in ("packet_state", "begun")]
    for layer in bench.config.layers:
        rows = getattr(programmer, f"{layer.name}_rows")
        places += [(rows, name) for name in ("row_state", "at_work")]
    for layer in bench.config.layers:
        # A row that begins so reads right once pulsed.
        bench.give_cells(layer, layer.macro_names[0], DeviceCells(dead_line=-1))
    await bench.command("stop")
    for number, (block, name) in enumerate(places):
        register = getattr(block, name)
        for bit in range(len(register)):
            what = f"register {number}, {name}, bit {bit}"
            await FallingEdge(dut.clk)
            register.value = 1 << bit
            await ClockCycles(dut.clk, 2)
            await bench.packet([0, 0])  # ends what the router takes itself to be in
            await ClockCycles(dut.clk, max(map(most_row_cycles, bench.config.layers)))
            told = await bench.read("ERRORS")
            assert told & upset, f"{what}: found no upset told"
            await bench.write("ERRORS", told)
            assert await bench.read("ERRORS") == 0, f"{what}: found an upset told twice"
    await bench.command("start")
    await bench.image(0, bench.config)
