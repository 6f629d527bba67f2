"""An integrator's testbench of an emitted controller, in cocotb, from the documents alone.

docs/hardware.md, registers.md, programming.md and network.md say all that it knows. It finds the
emitted files and the network in the folder that `INTEGRATOR_FOLDER` names.
"""

import json
import os
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout
from integrator.arrays import Array, ProgrammableArray, read_cells, serve
from integrator.buses import DECERR, SLVERR, Lite, Stream, beats_of
from integrator.network import read_network

FOLDER = Path(os.environ["INTEGRATOR_FOLDER"])
ARRAYS_OUTSIDE = os.environ.get("INTEGRATOR_ARRAYS") != "inside"
"""Whether the arrays are behind the pins of the top, and not modules in it."""
SEED = 20261130
PERIOD_NS = 5
DEVICES = {}
"""States of the devices of programmable arrays, by the arrays' names: no reset changes them."""


class Bench:
    """The controller with arrays behind its pins, a bus manager, a source and a sink."""

    def __init__(self, dut):
        self.dut = dut
        self.draw = random.Random(SEED)
        self.told = json.loads((FOLDER / "popbridge_controller.json").read_text())
        self.layers = self.told["configuration"]["layers"]
        self.programmable = self.layers[0]["macro"]["programmable"]
        self.network = read_network(FOLDER / "network.npz")
        self.cells, fan_in = read_cells(FOLDER / "popbridge_cells.csv")
        stuck = json.loads((FOLDER / "stuck.json").read_text())
        self.arrays = {}
        for layer in self.layers if ARRAYS_OUTSIDE else []:
            bits = layer["bits_per_input"]
            for macro in {macro for name, macro in self.cells if name == layer["name"]}:
                key = layer["name"], macro
                pins = f"{layer['name']}_macro{macro}"
                sizes = fan_in[layer["name"]], bits
                if self.programmable:
                    lines = layer["macro"]["rows"]
                    bad = [tuple(place) for place in stuck.get(pins, [])]
                    made = ProgrammableArray(dut, pins, lines, *sizes, bad)
                    made.devices = DEVICES.setdefault(pins, made.devices)
                    self.arrays[key] = made
                else:
                    self.arrays[key] = Array(dut, pins, self.cells[key], *sizes)
        self.bus = Lite(dut, self.told["control"])
        self.source, self.sink = Stream(dut, "s_axis", self.draw), Stream(dut, "m_axis", self.draw)
        self.weights = Stream(dut, "w_axis") if self.programmable else None

    async def start(self):
        """Clock, reset, arrays; and weights into blank arrays."""
        dut = self.dut
        for name in ("s_axis_tvalid", "s_axis_tlast", "s_axis_tdata", "m_axis_tready"):
            getattr(dut, name).value = 0
        if self.weights is not None:
            dut.w_axis_tvalid.value = 0
        dut.rst.value = 1
        cocotb.start_soon(Clock(dut.clk, PERIOD_NS, unit="ns").start())
        await RisingEdge(dut.clk)
        await FallingEdge(dut.clk)
        for name in ("m_axis_tvalid", "s_axil_bvalid", "s_axil_rvalid", "irq"):
            assert int(getattr(dut, name).value) == 0, name
        for array in self.arrays.values():
            assert not any(map(array.get, ("wl", "bl", "blb", "precharge", "evaluate", "strobe")))
        dut.rst.value = 0
        await RisingEdge(dut.clk)
        cocotb.start_soon(serve(dut, self.arrays.values()))
        if self.weights is not None:
            await self.program()
        return self

    async def stop(self):
        await self.bus.write("CONTROL", stop=1)
        while await self.bus.read("STATUS", "running") or await self.bus.read("STATUS", "busy"):
            pass

    async def program(self):
        """All rows, one after the other: a row that is there already is only read."""
        await self.stop()
        numbers = {layer["name"]: index for index, layer in enumerate(self.layers)}
        for (layer, macro), rows in self.cells.items():
            fan_in = self.arrays[layer, macro].in_use.bit_length()
            for row, held in rows.items():
                done = await self.bus.read(f"LAYER{numbers[layer]}_ROWS_DONE", "count")
                blank = not any(map(any, self.arrays[layer, macro].devices[row]))
                header = blank << 31 | macro << 16 | row
                await self.weights.send([numbers[layer], header, *beats_of(held, fan_in)])
                while await self.bus.read(f"LAYER{numbers[layer]}_ROWS_DONE", "count") == done:
                    await ClockCycles(self.dut.clk, 50)
        assert await self.bus.read("ERRORS", "unrepairable_row") == 0
        await self.bus.write("CONTROL", start=1)

    def pixels(self):
        return [self.draw.randrange(256) for _ in range(self.network.inputs)]

    def beats(self, pixels):
        bits = self.network.inputs * self.network.bits
        return beats_of(self.network.image_word(pixels), bits)

    async def check_image(self):
        """One image alone, and its result."""
        pixels = self.pixels()
        await self.source.send(self.beats(pixels))
        assert await self.result() == self.network.packet(pixels)

    async def result(self):
        return await with_timeout(self.sink.receive(), 500, "us")


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def images_in_a_row_give_the_dot_products(dut):
    bench = await Bench(dut).start()
    images = [bench.pixels() for _ in range(16)]

    async def send():
        for pixels in images:
            await bench.source.send(bench.beats(pixels))

    cocotb.start_soon(send())
    found = [await bench.result() for _ in images]
    assert found == [bench.network.packet(pixels) for pixels in images]
    assert len({tuple(packet) for packet in found}) > 9
    assert await bench.bus.read("IMAGES_DONE", "count") == len(images)
    for name in ("UNRESOLVED_DECISIONS", "DROPPED_FRAMES"):
        assert await bench.bus.read(name, "count") == 0
    assert await bench.bus.read("IDENTITY", "letters") == int.from_bytes(b"PBRG", "little")
    assert await bench.bus.read("STATUS", "busy") == 0


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def registers_are_as_listed(dut):
    bench = await Bench(dut).start()
    told = bench.told["control"]
    assert told["registers"]["LAYER0_INPUTS"]["address"] == await bench.bus.read(
        "LAYER_BLOCKS", "first"
    )
    for name, register in told["registers"].items():
        fields = register["fields"].values()
        data, response = await bench.bus.read_at(register["address"])
        assert response == 0, name
        # What has counted since the reset, or tells of rows that were programmed, is not as then.
        if not name.startswith(("CYCLES", "INTERRUPT_STATUS")) and not bench.programmable:
            assert data == register["reset"], name
        if all(field["access"] == "read-only" for field in fields):
            assert await bench.bus.write_at(register["address"], 1) == SLVERR, name
    nowhere = (1 << told["address_bits"]) - 4
    assert await bench.bus.read_at(nowhere) == [0, DECERR]
    assert await bench.bus.write_at(nowhere, 1) == DECERR
    address = told["registers"]["LAYER0_SETTLE_CYCLES"]["address"]
    assert await bench.bus.write_at(address, 0x0203) == 0
    assert await bench.bus.write_at(address, 0xFF04, strobes=0b0001) == 0
    assert (await bench.bus.read_at(address))[0] == 0x0204


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def stopped_it_takes_no_image_and_goes_on_when_started(dut):
    bench = await Bench(dut).start()
    await bench.check_image()
    # A frame that is begun is finished; of start and stop together, stop counts.
    pixels = bench.pixels()
    beats = bench.beats(pixels)
    await bench.source.send(beats[:1], last=len(beats) == 1)
    await bench.bus.write("CONTROL", stop=1, start=1)
    if len(beats) > 1:
        await bench.source.send(beats[1:])
    assert await bench.result() == bench.network.packet(pixels)
    while await bench.bus.read("STATUS", "busy"):
        pass
    assert await bench.bus.read("STATUS", "running") == 0
    pixels = bench.pixels()
    sending = cocotb.start_soon(bench.source.send(bench.beats(pixels)))
    for _ in range(100):
        await FallingEdge(dut.clk)
        assert int(dut.s_axis_tready.value) == 0
        await RisingEdge(dut.clk)
    await bench.bus.write("CONTROL", start=1)
    assert await bench.result() == bench.network.packet(pixels)
    await sending


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def a_soft_reset_loses_the_frame_begun_and_keeps_phase_times(dut):
    bench = await Bench(dut).start()
    await bench.check_image()
    await bench.bus.write("LAYER0_SETTLE_CYCLES", cycles=3)
    beats = bench.beats(bench.pixels())
    await bench.source.send(beats[:1], last=False)
    await bench.bus.write("CONTROL", soft_reset=1)
    await ClockCycles(dut.clk, 3)
    assert await bench.bus.read("IMAGES_DONE", "count") == 0
    assert await bench.bus.read("STATUS", "busy") == 0
    await bench.source.send([1, 2, 3, 4, 5])  # the rest of that frame
    await bench.check_image()
    assert await bench.bus.read("DROPPED_FRAMES", "count") == 1
    assert await bench.bus.read("IMAGES_DONE", "count") == 1
    assert await bench.bus.read("LAYER0_SETTLE_CYCLES", "cycles") == 3


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def phase_times_are_written_and_taken(dut):
    bench = await Bench(dut).start()
    await bench.stop()
    await bench.bus.write("LAYER0_EVALUATE_CYCLES", cycles=4)
    await bench.bus.write("LAYER1_PRECHARGE_CYCLES", cycles=6)
    registers = bench.told["control"]["registers"]
    for wrong in (0, 1 << 16):
        address = registers["LAYER0_STROBE_CYCLES"]["address"]
        assert await bench.bus.write_at(address, wrong) == SLVERR
    assert await bench.bus.read("LAYER0_STROBE_CYCLES", "cycles") == 1
    assert await bench.bus.read("ERRORS", "timing_refused") == 1
    await bench.bus.write("ERRORS", timing_refused=1)
    assert await bench.bus.read("ERRORS", "timing_refused") == 0
    await bench.bus.write("CONTROL", start=1)
    for array in bench.arrays.values():
        array.evaluated = 0
    await bench.check_image()
    first = {layer: array.evaluated for (layer, _), array in bench.arrays.items()}["layer0"]
    # With bit planes the share, and before the strobe the settling, follow in the same evaluate.
    planes = bench.layers[0]["bits_per_input"]
    assert first == (4 if planes == 1 else 4 + 1 + 1)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def frames_of_a_wrong_length_are_flagged_and_dropped(dut):
    bench = await Bench(dut).start()
    await bench.bus.write("INTERRUPT_ENABLE", dropped_frame=1)
    beats = bench.beats(bench.pixels())
    await bench.source.send(beats[:-1])
    await ClockCycles(dut.clk, 4)
    assert int(dut.irq.value) == 1
    assert await bench.bus.read("INTERRUPT_STATUS", "dropped_frame") == 1
    await bench.bus.write("INTERRUPT_STATUS", dropped_frame=1)
    await ClockCycles(dut.clk, 2)
    assert int(dut.irq.value) == 0
    assert await bench.bus.read("ERRORS", "dropped_frame") == 1
    await bench.check_image()
    await bench.source.send([*beats, 0, 0])
    await bench.check_image()
    assert await bench.bus.read("DROPPED_FRAMES", "count") == 2
    assert int(dut.status__dropped.value) == 2


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def a_result_raises_its_interrupt(dut):
    bench = await Bench(dut).start()
    await bench.bus.write("INTERRUPT_STATUS", image_done=1)
    await bench.bus.write("INTERRUPT_ENABLE", image_done=1)
    assert int(dut.irq.value) == 0
    await bench.check_image()
    await ClockCycles(dut.clk, 3)
    assert int(dut.irq.value) == 1
    await bench.bus.write("INTERRUPT_STATUS", image_done=1)
    await ClockCycles(dut.clk, 2)
    assert int(dut.irq.value) == 0


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def a_silent_comparator_is_counted_and_read_as_minus_one(dut):
    bench = await Bench(dut).start()
    (silent,) = [array for key, array in bench.arrays.items() if key == ("layer0", 0)]
    silent.unresolved = True
    pixels = bench.pixels()
    await bench.source.send(bench.beats(pixels))
    hidden = len(bench.network.thresholds[0])
    rows = range(-(-hidden // len([key for key in bench.arrays if key[0] == "layer0"])))
    for row in rows:
        bench.network.thresholds[0][row] = 1 << 30  # never reached: always -1
    assert await bench.result() == bench.network.packet(pixels)
    votes = bench.layers[0]["macro"]["votes"]
    assert await bench.bus.read("UNRESOLVED_DECISIONS", "count") == votes * len(rows)
    assert await bench.bus.read("ERRORS", "unresolved") == 1


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def blank_arrays_hold_what_was_sent_and_bad_rows_move(dut):
    bench = Bench(dut)
    if not bench.programmable:
        return
    await bench.start()
    moved = 0
    for key, rows in bench.cells.items():
        array = bench.arrays[key]
        spare = bench.layers[0]["macro"]["rows"] - bench.layers[0]["macro"]["spare_rows"]
        found = [array.holds(line) for line in range(len(array.devices))]
        for row, held in rows.items():
            bad = {line for line, _ in array.stuck}
            where = found[spare:] if row in bad else found[row : row + 1]
            assert held in where, (key, row)
            moved += row in bad
    assert moved == 1
    total = [await bench.bus.read(f"LAYER{k}_ROWS_MOVED", "count") for k in range(2)]
    assert sum(total) == 1
    await bench.check_image()
