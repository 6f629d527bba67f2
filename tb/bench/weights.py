"""Weights on their way to the cells: packets of rows, the pulses that come of them, the cells."""

from collections.abc import Sequence

import cocotb
from cocotb.triggers import ReadWrite, RisingEdge, ValueChange

from ...hdl.config import STREAM_BITS, LayerConfig, ProgrammingOperation
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.model import ROW_BITS, CellRow, ProgrammedRow, Pulse, packet_of_row
from ...hdl.programming.plan import Device
from .handles import read_number
from .handshake import ANSWER_CYCLES, HandshakeBench
from .tasks import Tasks


class DeadCells:
    """A `CellRow` whose source lines stay low; keeps the pulses, of which nothing comes."""

    def __init__(self) -> None:
        self.pulses: list[Pulse] = []

    def pulse(self, pulse: Pulse) -> None:
        self.pulses.append(pulse)

    def read(self, line: int, positive: bool) -> int:
        return 0


class DeviceCells(DeadCells):
    """Devices that do at once what a pulse says, but for those of a dead word line."""

    def __init__(self, dead_line: int) -> None:
        super().__init__()
        self.dead_line = dead_line
        self._conducting: dict[tuple[int, Device], int] = {}

    def pulse(self, pulse: Pulse) -> None:
        super().pulse(pulse)
        place = pulse.line, pulse.device
        reset = pulse.operation is ProgrammingOperation.RESET
        others = self._conducting.get(place, 0) & ~pulse.mask
        self._conducting[place] = others if reset else others | pulse.mask

    def read(self, line: int, positive: bool) -> int:
        if line == self.dead_line:
            return 0
        return self._conducting.get((line, Device.TOP if positive else Device.BOTTOM), 0)


class WeightsBench(HandshakeBench):
    """A bench that sends packets of weights."""

    async def start(self) -> None:
        await super().start()
        for layer in self.config.layers:
            for macro in layer.macro_names:
                cocotb.start_soon(self.see_rest(layer, macro))

    async def see_rest(self, layer: LayerConfig, macro: str) -> None:
        """Without an operation there is neither device, amplitude nor column."""
        pins = [
            getattr(self.dut, f"{layer.name}_{macro}__prog_{name}")
            for name in ("op", "device", "level", "mask")
        ]
        while True:
            await ValueChange(pins[0])
            await ReadWrite()  # the others have settled
            operation, *others = map(read_number, pins)
            assert operation or not any(others), f"{layer.name}, {macro}: found {others} at rest"

    async def see_pulses(self, layer: LayerConfig, macro: str, cells: CellRow) -> None:
        """Give each pulse on a macro's pins to its cells."""
        names = ("wl", "prog_op", "prog_device", "prog_level", "prog_mask")
        pins = [getattr(self.dut, f"{layer.name}_{macro}__{name}") for name in names]
        pulse = getattr(self.dut, f"{layer.name}_{macro}__prog_pulse")
        while True:
            await RisingEdge(pulse)
            wl, operation, device, level, mask = (read_number(pin) for pin in pins)
            line = wl.bit_length() - 1
            cells.pulse(Pulse(line, ProgrammingOperation(operation), Device(device), level, mask))

    async def answer_reads(
        self, layer: LayerConfig, macro: str, cells: CellRow, *, positive: bool
    ) -> None:
        """Drive a macro's source lines with what its cells read for inputs of one sign."""
        names = ("wl", "bl" if positive else "blb", "sl_q")
        wl, driven, sl_q = (getattr(self.dut, f"{layer.name}_{macro}__{name}") for name in names)
        while True:
            await ValueChange(driven)
            await ReadWrite()  # the word line has settled
            if read_number(driven):
                sl_q.value = cells.read(read_number(wl).bit_length() - 1, positive)

    def give_cells(self, layer: LayerConfig, macro: str, cells: CellRow) -> Tasks:
        """Put cells behind a macro's pins, until the tasks are cancelled."""
        tasks = Tasks()
        tasks.start(
            self.see_pulses(layer, macro, cells),
            self.answer_reads(layer, macro, cells, positive=True),
            self.answer_reads(layer, macro, cells, positive=False),
        )
        return tasks

    async def packet(self, beats: Sequence[int], limit_cycles: int = ANSWER_CYCLES) -> None:
        """Send a packet; each beat may have to wait for so long."""
        dut = self.dut
        for beat, data in enumerate(beats):
            dut.w_axis_tdata.value = data
            dut.w_axis_tlast.value = beat == len(beats) - 1
            dut.w_axis_tvalid.value = 1
            await self.until("w_axis_tready", limit_cycles)
        dut.w_axis_tvalid.value = 0

    def row(self, index: int, neuron: int) -> tuple[list[int], int, int, int]:
        """A packet of random weights for a blank row; its macro, row and weights."""
        layer = self.config.layers[index]
        macro, row = divmod(neuron, layer.rows_used)
        weights = self.draw.getrandbits(layer.fan_in)
        return self.packet_of(index, neuron, weights, blank=True), macro, row, weights

    def packet_of(self, index: int, neuron: int, weights: int, *, blank: bool) -> list[int]:
        """A packet of weights; anything lies beyond the last column."""
        layer = self.config.layers[index]
        macro, row = divmod(neuron, layer.rows_used)
        beats = packet_of_row(layer, macro, row, weights, blank)
        used = layer.fan_in % STREAM_BITS
        if used:
            beats[-1] |= self.draw.getrandbits(STREAM_BITS - used) << used
        return [index, *beats]

    async def check_programming(
        self, index: int, rows: Sequence[ProgrammedRow], macro: int, row: int
    ) -> None:
        """A layer's registers say what became of all its rows so far, the last one that one."""
        last = {
            "LAST_ROW": row | macro << ROW_BITS,
            "LAST_LINE": rows[-1].line | rows[-1].failures.bit_count() << ROW_BITS,
            "FAILURE_BITS": rows[-1].failures & (1 << STREAM_BITS) - 1,
        }
        for name, due in (counts(rows) | last).items():
            found = await self.read(layer_register(index, name))
            assert found == due, f"{name}, row {row}: found {found:#x}, expected {due:#x}"


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
