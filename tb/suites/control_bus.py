"""The controller's registers, read and written by cocotbext-axi's AXI4-Lite master."""

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiResp, AxiStreamFrame

from ...hdl.bus.registers import WORD_BYTES, Access
from ...hdl.config import DEAD_TIME_NAMES, PHASE_NAMES
from ...hdl.controller.layer_registers import layer_register
from ..bench.control import ControlBench
from ..bench.controller import LONGEST, with_times
from ..bench.handles import read_number
from ..bench.stream import BEAT_BYTES, broken_frames, image_frame


@cocotb.test()
async def every_register_reads_as_declared(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    for address, register in bench.registers:
        value, response = await bench.read_at(address)
        assert response == AxiResp.OKAY
        if register.name != "CYCLES_LOW":
            assert value == register.reset, f"{register.name}: found {value:#x}"


@cocotb.test()
async def other_addresses_are_answered_for(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    known = dict(bench.registers)
    for address in range(0, 1 << bench.registers.address_bits, WORD_BYTES):
        if address not in known and bench.draw.random() < 0.1:
            assert await bench.read_at(address) == (0, AxiResp.DECERR), hex(address)
            assert await bench.write_at(address, b"\1\2\3\4") == AxiResp.DECERR, hex(address)
    for address, register in known.items():
        if all(field.access is Access.READ_ONLY for field in register.fields):
            assert await bench.write_at(address, b"\xff" * WORD_BYTES) == AxiResp.SLVERR
            if not register.name.startswith("CYCLES"):
                assert await bench.read_at(address) == (register.reset, AxiResp.OKAY)


@cocotb.test()
async def single_bytes_are_written(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    address = bench.registers.address("LAYER0_EVALUATE_CYCLES")
    await bench.write_at(address, b"\x34\x12\x00\x00")
    for offset, byte, expected in [(0, b"\x56", 0x1256), (1, b"\x78", 0x7856), (2, b"\0", 0x7856)]:
        assert await bench.write_at(address + offset, byte) == AxiResp.OKAY
        assert await bench.read_at(address) == (expected, AxiResp.OKAY)
    assert await bench.write_at(address + 2, b"\x01") == AxiResp.SLVERR
    assert await bench.read_at(address) == (0x7856, AxiResp.OKAY)


@cocotb.test()
async def times_out_of_range_are_refused(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    refused = bench.bit("ERRORS", "timing_refused")
    for index, layer in enumerate(bench.config.layers):
        for name in PHASE_NAMES:
            least = int(not (name in DEAD_TIME_NAMES and layer.macro.zero_dead_time_allowed))
            register = layer_register(index, name)
            for value in [1 << 16, 0xFFFFFFFF] + [0] * least:
                assert await bench.offer(register, value) == AxiResp.SLVERR
                assert await bench.read("ERRORS") == refused
                assert await bench.read(register) == getattr(layer.macro.timing, name)
                await bench.write("ERRORS", refused)
                assert await bench.read("ERRORS") == 0
            for value in (least, 0xFFFF):
                await bench.write(register, value)
                assert await bench.read(register) == value
            assert await bench.read("ERRORS") == 0


@cocotb.test()
async def stop_lets_what_is_begun_finish(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    await bench.send(*range(3))
    while not bench.monitor.image_begins:
        await RisingEdge(dut.clk)
    await bench.command("stop")
    # More images may have begun while the command was on its way.
    await ClockCycles(dut.clk, 3 * bench.config.latency)
    begun = len(bench.monitor.image_begins)
    assert begun < 3, "expected an image that waits"
    await bench.expect(*range(begun))
    assert bench.sink.empty()
    assert await bench.read("STATUS") == 0
    assert await bench.read("IMAGES_DONE") == begun
    await bench.command("start")
    assert await bench.read("STATUS") & bench.bit("STATUS", "running")
    while len(bench.monitor.image_begins) == begun:
        await RisingEdge(dut.clk)
    assert await bench.read("STATUS") & bench.bit("STATUS", "busy")
    await bench.expect(*range(begun, 3))
    assert await bench.read("IMAGES_DONE") == 3


@cocotb.test()
@cocotb.parametrize(share=[0.0, 0.2, 0.5, 0.8])
async def soft_reset_loses_what_is_in_progress(dut: Any, share: float) -> None:
    bench = await ControlBench.started(dut)
    other = bench.random_times()
    await bench.set_times(other)
    await bench.write("INTERRUPT_ENABLE", 0b101)
    await bench.source.send(AxiStreamFrame(broken_frames(bench.job, bench.draw)[-1]))
    await bench.send(0)
    while len(bench.monitor.image_begins) < 2:
        await RisingEdge(dut.clk)
    await ClockCycles(dut.clk, round(share * (other.latency - bench.config.result_beats)))
    await bench.command("soft_reset")
    # What the source still has of the image is dropped.
    await ClockCycles(dut.clk, 2 * bench.config.input_beats)
    assert await bench.read("STATUS") == bench.bit("STATUS", "running")
    await ClockCycles(dut.clk, 2 * other.latency)
    assert bench.sink.empty(), "a result of the image that was lost"
    assert await bench.read("INTERRUPT_ENABLE") == 0b101
    for name in ("IMAGES_DONE", "RESULT_STALL_CYCLES", "UNRESOLVED_DECISIONS"):
        assert await bench.read(name) == 0
    await bench.send(1)
    await bench.expect(1)
    assert bench.monitor.result_ends[-1] - bench.monitor.image_begins[-1] == other.latency
    assert await bench.read("IMAGES_DONE") == 1


@cocotb.test()
@cocotb.parametrize(surplus_beats=[0, 1])
async def what_is_left_of_a_frame_after_a_soft_reset_is_dropped(
    dut: Any, surplus_beats: int
) -> None:
    """The source stops after the first beat, and goes on after the reset.

    What is left of a frame that is a beat too long is as long as an image.
    """
    bench = await ControlBench.started(dut)
    bench.source.pause = True
    image = image_frame(bench.job, bench.job.images[0], bench.draw)
    await bench.source.send(AxiStreamFrame(image + bytes(BEAT_BYTES * surplus_beats)))
    for paused in (True, False, True):
        bench.source.pause = paused
        await RisingEdge(dut.clk)
    while not bench.monitor.image_begins:
        await RisingEdge(dut.clk)
    assert await bench.read("STATUS") & bench.bit("STATUS", "busy")
    await bench.command("soft_reset")
    assert await bench.read("STATUS") == bench.bit("STATUS", "running")
    bench.source.pause = False
    await bench.send(1)
    await bench.expect(1)
    assert bench.sink.empty()
    assert await bench.read("DROPPED_FRAMES") == (bench.config.input_beats + surplus_beats > 1)


@cocotb.test()
async def soft_reset_clears_errors_and_keeps_a_stop(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    await bench.source.send(AxiStreamFrame(broken_frames(bench.job, bench.draw)[-1]))
    await bench.source.wait()
    await ClockCycles(dut.clk, 4)
    error = bench.bit("ERRORS", "dropped_frame")
    assert await bench.read("ERRORS") == error
    await bench.command("stop")
    await bench.command("soft_reset")
    for name in ("ERRORS", "INTERRUPT_STATUS", "DROPPED_FRAMES", "STATUS"):
        assert await bench.read(name) == 0, name


@cocotb.test()
async def new_times_give_the_declared_cycles(dut: Any) -> None:
    bench = await ControlBench.started(dut)
    for _ in range(3):
        other = bench.random_times()
        await bench.set_times(other)
        for index in range(3):
            await bench.send(index)
        for index in range(3):
            await bench.expect(index)
        begins, ends = bench.monitor.image_begins[-3:], bench.monitor.result_ends[-3:]
        assert ends[0] - begins[0] == other.latency
        assert [ends[1] - ends[0], ends[2] - ends[1]] == [other.interval] * 2


@cocotb.test()
async def times_written_in_a_scan_are_for_the_next(dut: Any) -> None:
    """Only layer 0's: the others scan later."""
    bench = await ControlBench.started(dut)
    first, other = bench.random_times(), bench.random_times()
    first = with_times(first, {0: dict.fromkeys(PHASE_NAMES, LONGEST)})
    await bench.set_times(first)
    await bench.send(0)
    word_lines = getattr(dut, f"{first.layers[0].name}_macro0__wl")
    while not read_number(word_lines):
        await RisingEdge(dut.clk)
    await bench.set_times(other, range(1))
    assert read_number(word_lines), "the scan ended before the times were written"
    await bench.expect(0)
    assert bench.monitor.result_ends[0] - bench.monitor.image_begins[0] == first.latency
    await bench.send(1)
    await bench.expect(1)
    both = first.replace(layers=(other.layers[0], *first.layers[1:]))
    assert bench.monitor.result_ends[1] - bench.monitor.image_begins[1] == both.latency


@cocotb.test()
async def counters_count(dut: Any) -> None:
    bench = await ControlBench.started(dut, sink_share=0.6)
    images = len(bench.job.images)
    await bench.send(*range(images))
    await bench.expect(*range(images))
    await ClockCycles(dut.clk, 4)
    assert await bench.read("IMAGES_DONE") == images
    assert await bench.read("RESULT_STALL_CYCLES") == bench.monitor.result_stalls > 0
    assert await bench.read("INPUT_STALL_CYCLES") == bench.monitor.input_stalls > 0
    early = await bench.read("CYCLES_LOW"), bench.monitor.register_reads[-1]
    late = await bench.read("CYCLES_LOW"), bench.monitor.register_reads[-1]
    assert late[0] - early[0] == late[1] - early[1] > 0
    assert await bench.read("CYCLES_HIGH") == 0


async def raise_dropped_frame(bench: ControlBench) -> None:
    await bench.source.send(AxiStreamFrame(broken_frames(bench.job, bench.draw)[-1]))
    await bench.source.wait()


async def raise_image_done(bench: ControlBench) -> None:
    await bench.send(0)
    await bench.expect(0)


async def raise_unresolved(bench: ControlBench) -> None:
    for array in bench.arrays:
        array.mute = True
    await bench.send(0)
    await bench.packet()


async def raise_timing_refused(bench: ControlBench) -> None:
    await bench.offer("LAYER0_STROBE_CYCLES", 0)


EVENTS = {
    "image_done": raise_image_done,
    "dropped_frame": raise_dropped_frame,
    "unresolved": raise_unresolved,
    "timing_refused": raise_timing_refused,
}


@cocotb.test()
@cocotb.parametrize(event=list(EVENTS))
async def events_interrupt_where_enabled(dut: Any, event: str) -> None:
    bench = await ControlBench.started(dut)
    status = bench.bit("INTERRUPT_STATUS", event)
    errors = [field.name for field in bench.registers["ERRORS"].fields]
    error = bench.bit("ERRORS", event) if event in errors else 0
    await bench.write("INTERRUPT_ENABLE", 0b1111 & ~status)
    # An image that is done is part of an unresolved one.
    other = bench.bit("INTERRUPT_STATUS", "image_done") if event == "unresolved" else 0
    await EVENTS[event](bench)
    await ClockCycles(dut.clk, 3)
    assert await bench.read("INTERRUPT_STATUS") == status | other
    assert await bench.read("ERRORS") == error
    await bench.write("INTERRUPT_STATUS", other)
    await ClockCycles(dut.clk, 2)
    assert read_number(dut.irq) == 0
    await bench.write("INTERRUPT_ENABLE", status)
    await ClockCycles(dut.clk, 2)
    assert read_number(dut.irq) == 1
    await bench.write("INTERRUPT_STATUS", status)
    await ClockCycles(dut.clk, 2)
    assert read_number(dut.irq) == 0
    assert await bench.read("INTERRUPT_STATUS") == 0
    assert await bench.read("ERRORS") == error
