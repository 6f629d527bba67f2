"""Everything at once, then a reset: whatever came before, the next image is right and in time.

Images, some of a wrong length, in bursts; results that are taken in bursts; comparators that do not
answer; commands and accesses to any register. The reset comes in a moment that is drawn: phases of
the layers, and what waits.
"""

import os
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from ...hdl.bus.registers import WORD_BYTES, Access
from ...hdl.config import PHASE_NAMES, STREAM_BITS
from ...hdl.controller.layer_registers import layer_register, trim_register
from ...sim.simulators.job_folder import SCENARIOS_VARIABLE
from ..bench.handles import read_number
from ..bench.handshake import EVERY_BYTE, HandshakeBench
from ..bench.register_classes import register_classes
from ..bench.scoreboard import PhaseMonitor
from ..bench.tasks import Tasks
from .scenario_plan import FEW, states_of

STORMS_PER_SCENARIO = 8
"""So many for each scenario that a run is told to have."""
WRONG = 0.2
"""Share of frames that are of another length."""
MUTE = 0.3
"""Of comparators, while they are drawn anew."""
LEAD_CYCLES = 4
"""More than a command takes from its offer until it is in force."""
MOST_LOOKS = 4
"""For each cycle of an image's latency: more than all images in progress take."""
KEPT = (Access.READ_WRITE, Access.LOADED)
BEYOND_ANY_TIME = 0xFFFFFFFF


class StormBench(HandshakeBench):
    """A bench on which much goes on at once."""

    def __init__(self, dut: Any):
        super().__init__(dut)
        self.over = False
        """Nothing new begins."""
        self.current = self.config
        addresses: dict[str, list[int]] = {}
        known = register_classes(self.config)
        for address, name in known.items():
            addresses.setdefault(name, []).append(address)
        every = range(0, 1 << self.registers.address_bits, WORD_BYTES)
        addresses[""] = [address for address in every if address not in known]
        self._addresses = addresses
        self._at = dict(self.registers)
        enable = self._at[self.registers.address("INTERRUPT_ENABLE")]
        self.every_interrupt = self.bit(enable.name, *(field.name for field in enable.fields))

    async def burst(self) -> None:
        """A pause as long as some part of an image."""
        cycles = self.draw.choice([0, 1, self.draw.randint(1, 2 * self.current.latency)])
        for _ in range(cycles):
            if self.over:
                return
            await RisingEdge(self.dut.clk)

    async def images(self) -> None:
        """Frames, the last one to its end."""
        draw, beats = self.draw, self.config.input_beats
        while not self.over:
            length = draw.randint(1, 2 * beats + 1) if draw.random() < WRONG else beats
            await self.frame([draw.getrandbits(STREAM_BITS) for _ in range(length)])
            if draw.random() < 0.3:
                await self.burst()

    async def results(self) -> None:
        """Take beats, or let them wait; at the end take all."""
        ready = self.dut.m_axis_tready
        while not self.over:
            ready.value = 1 - read_number(ready)
            await self.burst()
            await RisingEdge(self.dut.clk)
        ready.value = 1

    async def comparators(self) -> None:
        """Some do not answer for a time; in the end all do."""
        while not self.over:
            self.draw.choice(self.arrays).mute = self.draw.random() < MUTE
            await ClockCycles(self.dut.clk, self.draw.randint(1, 20))
        self.answer_all()

    def answer_all(self) -> None:
        """No comparator is mute."""
        for array in self.arrays:
            array.mute = False

    async def accesses(self, count: int) -> None:
        """Commands, and what changes nothing at all."""
        draw = self.draw
        fields = ["start", "start", "stop"] + ["calibrate"] * (self.config.calibration_cycles > 0)
        for _ in range(count):
            kind = draw.choice(["command", "clear", "refused", "any", "any", "any"])
            if kind == "command":
                await self.command(draw.choice(fields))
            elif kind == "clear":
                name = draw.choice(["ERRORS", "INTERRUPT_STATUS"])
                await self.write(name, await self.read(name))
            elif kind == "refused":
                phase = draw.choice(PHASE_NAMES)
                name = layer_register(draw.randrange(len(self.config.layers)), phase)
                address = self.registers.address(name)
                [response] = await self.write_all([(address, BEYOND_ANY_TIME, EVERY_BYTE)])
                assert response, f"{name}: found {BEYOND_ANY_TIME:#x} taken"
            else:
                await self.access(draw.choice(self._addresses[draw.choice([*self._addresses])]))
            await ClockCycles(self.dut.clk, draw.randint(0, 4))

    async def access(self, address: int) -> None:
        """Read, and often write what is there, or 0 where that is neither command nor change."""
        register = self._at.get(address)
        [(value, response)] = await self.read_all([address])
        assert bool(response) == (register is None), hex(address)
        if self.draw.random() < 0.5:
            kept = register is not None and all(each.access in KEPT for each in register.fields)
            write = (address, value if kept else 0, EVERY_BYTE)
            [response] = await self.write_all([write])
            assert bool(response) == (register is None or not register.writable), hex(address)

    async def aim(self) -> None:
        """Wait for phases of the layers and for what waits, as drawn, or for long enough."""
        draw, dut = self.draw, self.dut
        views = [PhaseMonitor(dut, layer) for layer in self.config.layers]
        phases = [
            draw.choice(states_of(layer)) if draw.random() < 0.7 else None
            for layer in self.config.layers
        ]
        waits = [(end, draw.random() < 0.5) for end in ("s_axis", "m_axis") if draw.random() < 0.7]
        for _ in range(4 * self.current.latency):
            await FallingEdge(dut.clk)
            for view in views:
                view.update()
            if all(
                phase in (None, view.state) for phase, view in zip(phases, views, strict=True)
            ) and all(self.waits(end) == due for end, due in waits):
                break

    def waits(self, end: str) -> bool:
        """Whether a beat is offered and not taken."""
        valid, ready = (getattr(self.dut, f"{end}_{name}") for name in ("tvalid", "tready"))
        return read_number(valid) > read_number(ready)

    async def hard_reset(self, tasks: Tasks) -> None:
        """In the next clock cycle; nothing is left."""
        dut = self.dut
        dut.rst.value = 1
        tasks.cancel()
        dut.s_axis_tvalid.value = 0
        dut.m_axis_tready.value = 0
        self.answer_all()
        await ClockCycles(dut.clk, self.draw.randint(1, 3))
        await FallingEdge(dut.clk)
        self.check_rest()
        dut.rst.value = 0
        self.current = self.config
        assert await self.read("IMAGES_DONE") == await self.read("ERRORS") == 0

    async def soft_reset(self) -> None:
        """Soon; what the source has begun goes to its end, and what comes of it."""
        await self.command("soft_reset")
        self.over = True
        await self.command("start")
        busy = self.bit("STATUS", "busy")
        idle = 0
        for _ in range(MOST_LOOKS * self.current.latency):
            await ClockCycles(self.dut.clk, LEAD_CYCLES)
            settled = not read_number(self.dut.s_axis_tvalid)
            idle = idle + 1 if settled and not await self.read("STATUS") & busy else 0
            if idle == 2:
                break
        assert idle == 2, "found it busy long after a soft reset"
        self.dut.m_axis_tready.value = 0
        # Whoever mutes them may still be in a pause.
        self.answer_all()
        for index, layer in enumerate(self.config.layers):
            for macro in range(layer.macros if layer.trim_bits_in_use else 0):
                await self.write(trim_register(index, macro), 0)


@cocotb.test()
async def after_any_storm_images_are_right(dut: Any) -> None:
    bench = await StormBench.started(dut)
    storms = STORMS_PER_SCENARIO * int(os.environ.get(SCENARIOS_VARIABLE, FEW))
    counted = bench.count_what_is_met() if SCENARIOS_VARIABLE in os.environ else None
    for storm in range(storms):
        bench.over = False
        if bench.draw.random() < 0.3:
            bench.current = bench.random_times()
            await bench.set_times(bench.current)
        await bench.write("INTERRUPT_ENABLE", bench.draw.choice([0, bench.every_interrupt]))
        tasks = Tasks()
        tasks.start(bench.images(), bench.results(), bench.comparators())
        if bench.draw.random() < 0.5:
            # By then results have come, and wait.
            await ClockCycles(dut.clk, bench.draw.randint(1, 3 * bench.current.latency))
        await bench.accesses(bench.draw.randint(0, 10))
        await bench.command("start")
        await bench.aim()
        if bench.draw.random() < 0.5:
            await bench.hard_reset(tasks)
        else:
            await ClockCycles(dut.clk, bench.draw.randint(0, LEAD_CYCLES))
            await bench.soft_reset()
        before = await bench.read("IMAGES_DONE")
        await bench.image(storm % len(bench.job.images), bench.current)
        assert await bench.read("IMAGES_DONE") == before + 1, f"storm {storm}"
    if counted:
        counted()
