"""Each row in turn moves to a spare one; rows wait for images, and images for rows.

For controllers that program their cells and have spare rows.
"""

from collections.abc import Sequence
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from ...bits import word_of_bits
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.model import ProgrammingModel, most_row_cycles
from ..bench.weights import DeviceCells, WeightsBench

BUS_CYCLES = 8
"""From a row's end to a register that tells it."""
WAIT_STEP = 3
"""Clock cycles between the moments at which a packet comes."""


class MoveBench(WeightsBench):
    """A bench with cells that can be programmed, but for one word line."""

    async def restart(self) -> None:
        """A hard reset: no row has moved."""
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 2)
        self.dut.rst.value = 0
        await FallingEdge(self.dut.clk)

    def weights(self, index: int, neuron: int) -> int:
        """The job's, of a neuron."""
        return word_of_bits(self.job.weights[index][neuron] > 0)

    async def packet_after(self, wait_cycles: int, packet: Sequence[int]) -> None:
        """Send a packet, later."""
        await ClockCycles(self.dut.clk, wait_cycles + 1)
        await self.packet(packet)

    async def row_moves(self, index: int, neuron: int) -> None:
        """A row is programmed twice, with other weights first, and the second packet waits; then
        images read it on its spare row."""
        layer = self.config.layers[index]
        macro, row = divmod(neuron, layer.rows_used)
        seen, cells, name = DeviceCells(row), DeviceCells(row), layer.macro_names[macro]
        tasks = self.give_cells(layer, name, seen)
        first, _, _, others = self.row(index, neuron)
        own = self.weights(index, neuron)
        model, most = ProgrammingModel(layer), 2 * most_row_cycles(layer)
        await self.command("stop")
        await self.packet(first, most)
        await self.packet(self.packet_of(index, neuron, own, blank=False), most)
        await ClockCycles(self.dut.clk, most + BUS_CYCLES)
        tasks.cancel()
        rows = [
            model.program(macro, row, weights, blank, cells)
            for weights, blank in ((others, True), (own, False))
        ]
        assert rows[0].moves == 1 and rows[1].line == layer.macro.neuron_rows, rows
        assert seen.pulses == cells.pulses, f"{layer.name}, neuron {neuron}: pulses differ"
        await self.check_programming(index, rows, macro, row)
        [array] = [each for each in self.arrays if each.place == (layer.name, macro)]
        kept = list(array.rows)
        array.move(row, rows[1].line)
        await self.command("start")
        for image in range(len(self.job.images)):
            await self.image(image, self.config)
        assert await self.read("ERRORS") == 0, f"{layer.name}, neuron {neuron}"
        array.rows = kept


@cocotb.test()
async def every_row_moves(dut: Any) -> None:
    """Of each layer and macro, after a reset each."""
    bench = await MoveBench.started(dut)
    for index, layer in enumerate(bench.config.layers):
        for neuron in range(layer.neurons):
            await bench.restart()
            await bench.row_moves(index, neuron)


@cocotb.test()
async def rows_wait_for_images_and_images_for_rows(dut: Any) -> None:
    """Stop, and a packet, come in any cycle of an image; the next image comes with its row."""
    bench = await MoveBench.started(dut)
    for index, layer in enumerate(bench.config.layers):
        for wait in range(0, bench.config.latency, WAIT_STEP):
            await bench.restart()
            cells, name = DeviceCells(dead_line=-1), layer.macro_names[0]
            tasks = bench.give_cells(layer, name, cells)
            packet = bench.packet_of(index, 0, bench.weights(index, 0), blank=True)
            taking = cocotb.start_soon(bench.packet_after(wait, packet))
            stopping = cocotb.start_soon(bench.command("stop"))
            await bench.image(0, bench.config)
            await stopping
            assert await bench.read(layer_register(index, "PULSES")) <= 1, f"{wait} cycles"
            await taking
            sending = cocotb.start_soon(bench.send(1))
            await bench.command("start")
            most = most_row_cycles(layer) + 2 * bench.config.latency
            bench.check_packet(await bench.receive(most), 1)
            await sending
            assert await bench.read(layer_register(index, "ROWS_DONE")) == 1, f"{wait} cycles"
            tasks.cancel()


@cocotb.test()
async def a_table_that_flips_is_told(dut: Any) -> None:
    """Each bit of how many spare rows are taken, and their parity, until it is right again."""
    bench = await MoveBench.started(dut)
    for layer in bench.config.layers:
        table = getattr(dut.programmer, f"{layer.name}_rows").spares
        for name in ("parity", *(f"taken_{macro}" for macro in range(layer.macros))):
            register = getattr(table, name)
            for bit in range(len(register)):
                await bench.flip_is_told(register, bit, f"{layer.name}, {name}, bit {bit}")
    await bench.image(0, bench.config)
