"""A scoreboard of what has happened, and a monitor of a sequencer's state."""

import random
from dataclasses import dataclass
from typing import Any

from cocotb.triggers import ClockCycles

from ...hdl.config import LayerConfig, NetworkConfig
from .control import ControlBench
from .handles import read_number

LONGEST = 3
"""Cycles of the longest phase that a scenario sets."""
SHARES = (0.0, 0.3, 0.7)
"""Of cycles in which an end of a stream pauses."""
SINK_SHARES = (0.0, 0.3, 0.7, 0.9)
"""The same of results, that wait long enough for all layers to wait."""


WHEN_ALL_FELL = {
    "PRECHARGE": "DEAD_BEFORE_EVALUATE",
    "SHARE": "DEAD_AFTER_SHARE",
    "STROBE": "DEAD_AFTER_STROBE",
}
"""The state after a state when all phase pins have fallen; else it stays."""


class PhaseMonitor:
    """The state of a layer's sequencer, from its pins alone, cycle by cycle."""

    def __init__(self, dut: Any, layer: LayerConfig):
        self.state = "IDLE"
        names = ["bl", "blb", "precharge", "evaluate", "strobe"]
        names += ["share"] if layer.bits_per_input > 1 else []
        self.pins = {name: getattr(dut, f"{layer.name}_macro0__{name}") for name in names}

    def high(self, name: str) -> int:
        return read_number(self.pins[name]) if name in self.pins else 0

    def update(self) -> None:
        if not self.high("bl") and not self.high("blb"):
            self.state = "IDLE"
        elif self.high("precharge"):
            self.state = "PRECHARGE"
        elif self.high("strobe"):
            self.state = "STROBE"
        elif self.high("share"):
            self.state = "SHARE"
        elif self.high("evaluate"):
            driven = self.state in ("STROBE", "SHARE", "SETTLE")
            self.state = "SETTLE" if driven else "EVALUATE"
        else:
            self.state = WHEN_ALL_FELL.get(self.state, self.state)


@dataclass
class Scoreboard:
    """What the registers must say of all that happened since the last reset."""

    images: int = 0
    dropped: int = 0
    unresolved: int = 0
    errors: int = 0
    interrupts: int = 0
    enabled: int = 0
    running: bool = True
    result_stalls: int = 0
    """Cycles of waiting that the monitor had counted when the counters were 0."""
    input_stalls: int = 0


class ScenarioBench(ControlBench):
    """A bench that keeps what must be in the registers."""

    def __init__(self, dut: Any, draw: random.Random):
        super().__init__(dut)
        self.draw = draw
        self.current: NetworkConfig = self.config
        self.scoreboard = Scoreboard()
        self.limit_ns *= LONGEST

    def index(self) -> int:
        """Any image."""
        return self.draw.randrange(len(self.job.images))

    def image_done(self) -> None:
        self.scoreboard.images += 1
        self.scoreboard.interrupts |= self.bit("INTERRUPT_STATUS", "image_done")

    def error(self, name: str) -> None:
        self.scoreboard.errors |= self.bit("ERRORS", name)
        self.scoreboard.interrupts |= self.bit("INTERRUPT_STATUS", name)

    def dropped(self, frames: int) -> None:
        self.scoreboard.dropped += frames
        if frames:
            self.error("dropped_frame")

    async def expect(self, *indices: int) -> None:
        for index in indices:
            await super().expect(index)
            self.image_done()

    async def empty(self) -> None:
        """Wait until nothing is in progress."""
        busy = self.bit("STATUS", "busy")
        for _ in range(100):
            if not await self.read("STATUS") & busy:
                return
            await ClockCycles(self.dut.clk, self.current.interval)
        raise AssertionError("found STATUS.busy, expected an end of it")

    async def check(self) -> None:
        """The next image is right, in its time, and every register says what happened."""
        scoreboard, index = self.scoreboard, self.index()
        await self.send(index)
        await self.expect(index)
        taken = self.monitor.result_ends[-1] - self.monitor.image_begins[-1]
        assert taken == self.current.latency, f"found {taken} cycles for {self.current.latency}"
        expected = {
            "IMAGES_DONE": scoreboard.images,
            "DROPPED_FRAMES": scoreboard.dropped,
            "UNRESOLVED_DECISIONS": scoreboard.unresolved,
            "RESULT_STALL_CYCLES": self.monitor.result_stalls - scoreboard.result_stalls,
            "INPUT_STALL_CYCLES": self.monitor.input_stalls - scoreboard.input_stalls,
            "ERRORS": scoreboard.errors,
            "INTERRUPT_STATUS": scoreboard.interrupts,
            "INTERRUPT_ENABLE": scoreboard.enabled,
            "STATUS": self.bit("STATUS", "running") * scoreboard.running,
        }
        found = {name: await self.read(name) for name in expected}
        assert found == expected, f"found {found}, expected {expected}"
        irq = bool(scoreboard.enabled & scoreboard.interrupts)
        assert read_number(self.dut.irq) == irq, f"irq: expected {irq}"
        await self.clear_some()

    async def clear_some(self) -> None:
        """Clear any of the sticky bits, and enable any interrupts."""
        errors, status, enabled = (self.draw.getrandbits(4) for _ in range(3))
        await self.write("ERRORS", errors)
        await self.write("INTERRUPT_STATUS", status)
        await self.write("INTERRUPT_ENABLE", enabled)
        self.scoreboard.errors &= ~errors
        self.scoreboard.interrupts &= ~status
        self.scoreboard.enabled = enabled

    async def restart_sink(self) -> None:
        """What the sink has of a packet is lost."""
        self.sink.assert_reset(True)
        await ClockCycles(self.dut.clk, 1)
        self.sink.assert_reset(False)
        assert self.sink.empty(), "a packet that belongs to no image"
