"""Packets of weights: each bit of their addresses, each wrong length; rows whose cells are dead.

For controllers that program their cells.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from ...hdl.config import STREAM_BITS, LayerConfig, ProgrammingOperation
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.model import (
    MACRO_BITS,
    ROW_BITS,
    ProgrammedRow,
    ProgrammingModel,
    Pulse,
    most_row_cycles,
    packet_of_row,
)
from ...hdl.programming.plan import Device
from ..bench.handles import read_number
from ..bench.handshake import HandshakeBench

SEEN_CYCLES = 8
"""A packet is dropped, and counted, so soon after its last beat."""
SURPLUS = (1, 3)
"""Beats by which packets are too long."""


class DeadCells:
    """A `CellRow` whose source lines stay low; keeps the pulses, of which nothing comes."""

    def __init__(self) -> None:
        self.pulses: list[Pulse] = []

    def pulse(self, pulse: Pulse) -> None:
        self.pulses.append(pulse)

    def read(self, line: int, positive: bool) -> int:
        return 0


class PacketBench(HandshakeBench):
    """A bench that sends packets of weights."""

    async def see_pulses(self, layer: LayerConfig, macro: str, seen: list[Pulse]) -> None:
        """Note each pulse on a macro's pins."""
        names = ("wl", "prog_op", "prog_device", "prog_level", "prog_mask")
        pins = [getattr(self.dut, f"{layer.name}_{macro}__{name}") for name in names]
        pulse = getattr(self.dut, f"{layer.name}_{macro}__prog_pulse")
        while True:
            await RisingEdge(pulse)
            wl, operation, device, level, mask = (read_number(pin) for pin in pins)
            line = wl.bit_length() - 1
            seen.append(Pulse(line, ProgrammingOperation(operation), Device(device), level, mask))

    async def packet(self, beats: Sequence[int]) -> None:
        for beat, data in enumerate(beats):
            await self.transfer("w_axis_t", data=data, last=beat == len(beats) - 1)

    def row(self, index: int, neuron: int) -> tuple[list[int], int, int, int]:
        """A packet of random weights for a blank row; its macro, row and weights."""
        layer = self.config.layers[index]
        macro, row = divmod(neuron, layer.rows_used)
        weights = self.draw.getrandbits(layer.fan_in)
        return [index, *packet_of_row(layer, macro, row, weights, True)], macro, row, weights

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
        seen: list[list[Pulse]] = [[] for _ in layer.macro_names]
        for name, pulses in zip(layer.macro_names, seen, strict=True):
            cocotb.start_soon(bench.see_pulses(layer, name, pulses))
        for neuron in range(layer.neurons):
            packet, macro, row, weights = bench.row(index, neuron)
            await bench.packet(packet)
            await ClockCycles(dut.clk, most_row_cycles(layer) + 8)
            cells = DeadCells()
            rows.append(model.program(macro, row, weights, True, cells))
            assert seen[macro] == cells.pulses, f"neuron {neuron}: pulses differ"
            assert sum(map(len, seen)) == len(cells.pulses), "found pulses on another macro"
            seen[macro].clear()
            last = {
                "LAST_ROW": row | macro << ROW_BITS,
                "LAST_LINE": rows[-1].line | rows[-1].failures.bit_count() << ROW_BITS,
                "FAILURE_BITS": rows[-1].failures & (1 << STREAM_BITS) - 1,
            }
            for name, due in (counts(rows) | last).items():
                found = await bench.read(layer_register(index, name))
                assert found == due, f"{name}, neuron {neuron}: found {found:#x}, expected {due:#x}"
    for name in ("ERRORS", "INTERRUPT_STATUS"):
        told = await bench.read(name)
        assert told, f"{name}: found nothing told of rows that cannot be repaired"
        await bench.write(name, told)
        assert await bench.read(name) == 0, f"{name}: found {told:#x} not to go"


def counts(rows: Sequence[ProgrammedRow]) -> dict[str, int]:
    """What a layer's counters say of all its rows so far."""
    return {
        "ROWS_DONE": len(rows),
        "PULSES": sum(row.pulses for row in rows),
        "RETRIES": sum(row.retries for row in rows),
        "FAILED_CELLS": sum(row.failures.bit_count() for row in rows),
        "ROWS_MOVED": sum(row.moves for row in rows),
        "ROWS_UNREPAIRABLE": sum(row.unrepairable for row in rows),
        "PROGRAMMING_CYCLES": sum(row.cycles for row in rows),
    }
