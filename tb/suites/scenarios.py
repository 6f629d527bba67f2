"""Random scenarios on both buses: after each event the next image is right and is counted.

A scenario is a cocotb test of its own, so that one that fails leaves nothing to the next.
"""

import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from cocotbext.axi import AxiResp, AxiStreamFrame

from ...hdl.config import DEAD_TIME_NAMES, PHASE_NAMES
from ...hdl.controller.layer_registers import layer_register
from ...sim.simulators.job_folder import JOB_VARIABLE, SCENARIOS_VARIABLE
from ..bench.controller import with_times
from ..bench.register_events import any_register, no_such_register, read_only_register
from ..bench.scoreboard import LONGEST, SHARES, SINK_SHARES, PhaseMonitor, ScenarioBench, Scoreboard
from ..bench.stream import BEAT_BYTES, packets_hold
from .scenario_plan import SEEN_FILE, Reset, events_of, read_plan

NUMBERS, CONFIGURATIONS, PLANNED = read_plan()


async def stalls(bench: ScenarioBench) -> None:
    """Images back to back while both ends pause."""
    bench.set_pauses(bench.draw.choice(SHARES), bench.draw.choice(SHARES[1:]))
    indices = [bench.index() for _ in range(bench.draw.randint(2, 4))]
    await bench.send(*indices)
    await bench.expect(*indices)
    bench.set_pauses(0, 0)
    await ClockCycles(bench.dut.clk, 2)


async def stop_and_start(bench: ScenarioBench) -> None:
    """A burst of commands while images come; stop goes before start."""
    indices = [bench.index() for _ in range(3)]
    begun = len(bench.monitor.image_begins)
    await bench.send(*indices)
    for _ in range(bench.draw.randint(2, 6)):
        start, stop = bench.draw.choice([(1, 0), (0, 1), (1, 1), (0, 0)])
        fields = ["start"] * start + ["stop"] * stop
        await bench.write("CONTROL", bench.bit("CONTROL", *fields))
        bench.scoreboard.running = bool(not stop and (start or bench.scoreboard.running))
        running = await bench.read("STATUS") & bench.bit("STATUS", "running")
        assert bool(running) == bench.scoreboard.running
        await ClockCycles(bench.dut.clk, bench.draw.randint(0, bench.current.interval))
    done = 0
    if not bench.scoreboard.running:
        await bench.empty()
        done = len(bench.monitor.image_begins) - begun
        for index in indices[:done]:
            await bench.expect(index)
        assert await bench.read("IMAGES_DONE") == bench.scoreboard.images
        assert len(bench.monitor.image_begins) - begun == done, "an image begun while stopped"
    await bench.command("start")
    bench.scoreboard.running = True
    await bench.expect(*indices[done:])


async def soft_resets(bench: ScenarioBench) -> None:
    """Some, in any cycle, with images on the way and both ends pausing."""
    for _ in range(bench.draw.randint(1, 5)):
        await soft_reset(bench)


async def soft_reset(bench: ScenarioBench) -> None:
    monitor, latency = bench.monitor, bench.current.latency
    begun, ended = len(monitor.image_begins), len(monitor.result_ends)
    bench.set_pauses(bench.draw.choice(SHARES), bench.draw.choice(SINK_SHARES))
    indices = [bench.index() for _ in range(bench.draw.randint(1, 6))]
    await bench.send(*indices)
    await ClockCycles(bench.dut.clk, bench.draw.randint(1, 3 * latency))
    bench.hold.cancel()
    await bench.command("soft_reset")
    images, results, cut = monitor.at_write
    await bench.expect(*indices[: results - ended])
    await bench.restart_sink()
    bench.hold = cocotb.start_soon(packets_hold(bench.dut))
    bench.set_pauses(0, 0)
    before = bench.scoreboard
    bench.scoreboard = Scoreboard(enabled=before.enabled, running=before.running)
    # What the source still has of an image that was cut is dropped.
    bench.dropped(int(cut))
    await bench.expect(*indices[images - begun :])
    await bench.empty()
    counted = await bench.read("RESULT_STALL_CYCLES"), await bench.read("INPUT_STALL_CYCLES")
    bench.scoreboard.result_stalls = monitor.result_stalls - counted[0]
    bench.scoreboard.input_stalls = monitor.input_stalls - counted[1]


def any_time(bench: ScenarioBench) -> tuple[int, str, str]:
    """A layer, the name of one of its phase times, and that of its register."""
    layer = bench.draw.randrange(len(bench.config.layers))
    phase = bench.draw.choice(PHASE_NAMES)
    return layer, phase, layer_register(layer, phase)


async def times_refused(bench: ScenarioBench) -> None:
    """Phase times out of their range, written as a word or by a single byte."""
    for _ in range(2):
        layer, phase, name = any_time(bench)
        macro = bench.config.layers[layer].macro
        allowed = phase in DEAD_TIME_NAMES and macro.zero_dead_time_allowed
        values = [1 << 16, 0xFFFFFFFF, *([] if allowed else [0])]
        if bench.draw.random() < 0.3:
            byte = bench.draw.choice([2, 3])
            data = bytes([bench.draw.randint(1, 255)])
            response = await bench.write_at(bench.registers.address(name) + byte, data)
        else:
            response = await bench.offer(name, bench.draw.choice(values))
        assert response == AxiResp.SLVERR, name
        kept = getattr(bench.current.layers[layer].macro.timing, phase)
        assert await bench.read(name) == kept, name
        bench.error("timing_refused")


async def times_accepted(bench: ScenarioBench) -> None:
    """Other phase times for all layers; one more by its lowest byte alone."""
    bench.current = bench.random_times(LONGEST)
    await bench.set_times(bench.current)
    layer, phase, name = any_time(bench)
    cycles = bench.draw.randint(1, LONGEST)
    assert await bench.write_at(bench.registers.address(name), bytes([cycles])) == AxiResp.OKAY
    bench.current = with_times(bench.current, {layer: {phase: cycles}})


async def frames_of_wrong_length(bench: ScenarioBench) -> None:
    """Short and long frames, an image right behind each."""
    beats = bench.config.input_beats
    wrong = [n for n in range(1, 2 * beats + 2) if n != beats]
    lengths = bench.draw.choices(wrong, k=bench.draw.randint(1, 3))
    indices = [bench.index() for _ in lengths]
    bench.set_pauses(bench.draw.choice(SHARES), 0)
    for length, index in zip(lengths, indices, strict=True):
        await bench.source.send(AxiStreamFrame(bench.draw.randbytes(length * BEAT_BYTES)))
        await bench.send(index)
    await bench.expect(*indices)
    bench.set_pauses(0, 0)
    bench.dropped(len(lengths))


async def unresolved(bench: ScenarioBench) -> None:
    """Any of the comparators do not answer for some images; each strobe of theirs is read as -1."""
    mute = bench.draw.sample(bench.arrays, bench.draw.randint(1, len(bench.arrays)))
    indices = [bench.index() for _ in range(bench.draw.randint(1, 4))]
    for array in mute:
        array.mute = True
        bench.scoreboard.unresolved += len(indices) * array.strobes_per_image
    await bench.send(*indices)
    seen = {array.place: array.unanswered for array in mute}
    for index in indices:
        bench.check_packet(await bench.packet(), index, seen)
        bench.image_done()
    for array in mute:
        array.mute = False
    bench.error("unresolved")


async def hard_reset(bench: ScenarioBench, reset: Reset) -> None:
    """Images come until the pins show the state; then everything starts again."""
    dut, layer = bench.dut, bench.config.layers[reset.layer]
    phase = f"{reset.state.lower()}_cycles"
    timing = bench.current.layers[reset.layer].macro.timing
    if phase in DEAD_TIME_NAMES and not getattr(timing, phase):
        await bench.write(layer_register(reset.layer, phase), bench.draw.randint(1, LONGEST))
    bench.set_pauses(bench.draw.choice(SHARES), bench.draw.choice(SINK_SHARES))
    await bench.send(bench.index())
    await ClockCycles(dut.clk, bench.draw.randint(2, bench.config.interval))
    view = PhaseMonitor(dut, layer)
    view.state = ""
    # Soon, or when results have come for long enough to wait.
    rows = bench.draw.randint(0, 3) + bench.draw.choice([0, 20])
    for _ in range(20 * bench.current.latency + 4000):
        before = view.state
        if bench.source.idle():
            await bench.send(bench.index())
        await FallingEdge(dut.clk)
        view.update()
        rows -= view.state == reset.state != before
        if view.state == reset.state and rows < 0:
            break
    assert view.state == reset.state, f"found no {reset}"
    bench.hold.cancel()
    bench.source.clear()
    bench.set_pauses(0, 0)
    dut.rst.value = 1
    await ClockCycles(dut.clk, bench.draw.randint(1, 3))
    await FallingEdge(dut.clk)
    bench.check_rest()
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    bench.sink.clear()
    bench.hold = cocotb.start_soon(packets_hold(dut))
    stalls = bench.monitor.result_stalls, bench.monitor.input_stalls
    bench.scoreboard = Scoreboard(result_stalls=stalls[0], input_stalls=stalls[1])
    bench.current = bench.config
    for name in PHASE_NAMES:
        found = await bench.read(layer_register(reset.layer, name))
        assert found == getattr(layer.macro.timing, name), name


ACTIONS: dict[str, Callable[[ScenarioBench], Awaitable[None]]] = {
    "stalls": stalls,
    "stop and start": stop_and_start,
    "soft reset": soft_resets,
    "no such register": no_such_register,
    "read-only register": read_only_register,
    "any register": any_register,
    "times refused": times_refused,
    "times accepted": times_accepted,
    "frames of wrong length": frames_of_wrong_length,
    "unresolved": unresolved,
}


@cocotb.test()
@cocotb.parametrize(number=NUMBERS)
async def scenario(dut: Any, number: int) -> None:
    """Events one after the other, each followed by an image."""
    bench = ScenarioBench(dut, random.Random())
    seed = bench.job.seed
    bench.draw.seed(f"{seed}, scenario {number}")
    await bench.start()
    counted = bench.count_what_is_met() if SCENARIOS_VARIABLE in os.environ else None
    event: str | Reset = "the first image"
    try:
        await bench.check()
        drawn = events_of(seed, number, CONFIGURATIONS, bench.config)
        for event in drawn if PLANNED is None else PLANNED:
            if isinstance(event, Reset):
                await hard_reset(bench, event)
            else:
                await ACTIONS[event](bench)
            await bench.check()
            with open(Path(os.environ[JOB_VARIABLE]) / SEEN_FILE, "a", encoding="utf-8") as file:
                file.write(f"{number} {event}\n")
    except Exception as error:
        raise AssertionError(
            f"scenario {number} of seed {seed}, {event}: {type(error).__name__} {error}"
        ) from error
    if counted:
        counted()
