"""What scenarios meet: events and accesses, the phase of every layer and the stalls at the time.

From the controller's pins alone, so that nothing is counted that a scenario only meant to do. The
bins are counted by cocotb-coverage.
"""

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocotb.triggers import FallingEdge
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db

from ...hdl.bus.registers import WORD_BYTES, Response
from ...hdl.config import NetworkConfig
from ...hdl.controller.control_registers import control_registers
from ..suites.scenario_plan import states_of
from .handles import read_number
from .register_classes import register_classes
from .scoreboard import PhaseMonitor

EVENTS = (
    "image begins", "image ends", "result begins", "result ends", "start", "stop", "soft reset",
    "hard reset", "frame dropped", "unresolved", "interrupt", "write refused", "no register",
)  # fmt: skip
RESETS = ("soft reset", "hard reset")
STALLS = ("none", "input", "result", "both")
ACCESSES = ("read", "write")
NO_REGISTER = "none"
TOLD = {"status__dropped": "frame dropped", "status__unresolved": "unresolved", "irq": "interrupt"}
"""What a pin says that rises, in the cycle in which it says so."""
GROUP = "scenarios"


class Bins:
    """The bins of a network's controller; they count over all scenarios of a simulation."""

    def __init__(self, config: NetworkConfig):
        self.classes = register_classes(config)
        classes = (*dict.fromkeys(self.classes.values()), NO_REGISTER)
        self._samplers: dict[str, Any] = {}
        phases = [tuple(states_of(layer)) for layer in config.layers]
        for index, states in enumerate(phases):
            self._cross(f"event, phase of layer {index}", EVENTS, states)
            self._cross(f"reset, stall, phase of layer {index}", RESETS, STALLS, states)
            self._cross(f"register, access, phase of layer {index}", classes, ACCESSES, states)
        for index, pair in enumerate(itertools.pairwise(phases)):
            self._cross(f"at resets, phases of layers {index} and {index + 1}", *pair)
        self._cross("event, stall", EVENTS, STALLS)
        self._cross("register, access, stall", classes, ACCESSES, STALLS)

    def _cross(self, name: str, *values: Sequence[str]) -> None:
        def sampled(*sample: str) -> None:
            """All is done by what decorates it."""

        points = [
            CoverPoint(f"{GROUP}.{name}: {place}", xf=_value_at(place), bins=[*bins])
            for place, bins in enumerate(values)
        ]
        # A cross is sampled after its points, which give it what they have just found.
        sampler = CoverCross(
            f"{GROUP}.{name}", items=[f"{GROUP}.{name}: {place}" for place in range(len(values))]
        )(sampled)
        for point in points:
            sampler = point(sampler)
        self._samplers[name] = sampler

    def sample(self, name: str, *values: str) -> None:
        """Count a sample of a cross."""
        self._samplers[name](*values)

    def write(self, path: Path) -> None:
        """Leave how often each bin was hit: by cross, a list of values and hits."""
        found = {
            name: [
                [[*values], hits]
                for values, hits in coverage_db[f"{GROUP}.{name}"].detailed_coverage.items()
            ]
            for name in self._samplers
        }
        path.write_text(json.dumps(found), encoding="utf-8")


def _value_at(place: int) -> Callable[..., str]:
    def value(*sample: str) -> str:
        return sample[place]

    return value


@dataclass(frozen=True)
class Moment:
    """What is to be seen at the pins in one clock cycle."""

    phases: tuple[str, ...]
    stall: str


class CoverageMonitor:
    """Samples the bins, cycle by cycle."""

    def __init__(self, dut: Any, config: NetworkConfig):
        self.dut = dut
        self.config = config
        registers = control_registers(config)
        self.bins = Bins(config)
        self._views = [PhaseMonitor(dut, layer) for layer in config.layers]
        self._control = registers.address("CONTROL")
        self._commands = {
            name.replace("_", " "): 1 << registers.field("CONTROL", name)[0]
            for name in ("start", "stop", "soft_reset")
        }
        self._taken = {"aw": 0, "ar": 0, "w": 0}
        """What was taken last on the channels of the control bus."""
        self._levels: dict[str, int] = {}

    def high(self, name: str) -> int:
        return read_number(getattr(self.dut, name))

    def _moment(self) -> Moment:
        for view in self._views:
            view.update()
        waits = [
            self.high(f"{end}_tvalid") > self.high(f"{end}_tready") for end in ("s_axis", "m_axis")
        ]
        stall = {(0, 0): "none", (1, 0): "input", (0, 1): "result"}.get(
            (waits[0], waits[1]), "both"
        )
        return Moment(tuple(view.state for view in self._views), stall)

    def _rose(self, name: str) -> bool:
        """Whether a level is above that of the cycle before."""
        before, now = self._levels.get(name, 0), self.high(name)
        self._levels[name] = now
        return now > before

    async def run(self) -> None:
        last = Moment(tuple(view.state for view in self._views), "none")
        begins = {"s_axis": True, "m_axis": True}
        while True:
            # Both sides have settled: what is seen here is what the next edge transfers.
            await FallingEdge(self.dut.clk)
            now = self._moment()
            if self._rose("rst"):
                self._event("hard reset", last)
            if self.high("rst"):
                begins = dict.fromkeys(begins, True)
                last = now
                continue
            for end, what in (("s_axis", "image"), ("m_axis", "result")):
                if self.high(f"{end}_tvalid") and self.high(f"{end}_tready"):
                    if begins[end]:
                        self._event(f"{what} begins", now)
                    begins[end] = bool(self.high(f"{end}_tlast"))
                    if begins[end]:
                        self._event(f"{what} ends", now)
            for pin, what in TOLD.items():
                if self._rose(pin):
                    self._event(what, now)
            self._accesses(now)
            last = now

    def _accesses(self, now: Moment) -> None:
        for channel, payload in (("aw", "addr"), ("w", "data"), ("ar", "addr")):
            if self.high(f"s_axil_{channel}valid") and self.high(f"s_axil_{channel}ready"):
                self._taken[channel] = self.high(f"s_axil_{channel}{payload}")
        for answer, channel, access in (("b", "aw", "write"), ("r", "ar", "read")):
            if not self._rose(f"s_axil_{answer}valid"):
                continue
            address = self._taken[channel] & -WORD_BYTES
            self._sample(
                "register, access", (self.bins.classes.get(address, NO_REGISTER), access), now
            )
            response = self.high(f"s_axil_{answer}resp")
            if response == Response.DECERR:
                self._event("no register", now)
            if response == Response.SLVERR:
                self._event("write refused", now)
            if access == "write" and address == self._control:
                for command, bit in self._commands.items():
                    if self._taken["w"] & bit:
                        self._event(command, now)

    def _sample(self, what: str, values: tuple[str, ...], moment: Moment) -> None:
        self.bins.sample(f"{what}, stall", *values, moment.stall)
        for index, phase in enumerate(moment.phases):
            self.bins.sample(f"{what}, phase of layer {index}", *values, phase)

    def _event(self, event: str, moment: Moment) -> None:
        self._sample("event", (event,), moment)
        if event in RESETS:
            for index, phase in enumerate(moment.phases):
                self.bins.sample(
                    f"reset, stall, phase of layer {index}", event, moment.stall, phase
                )
            for index, pair in enumerate(itertools.pairwise(moment.phases)):
                self.bins.sample(f"at resets, phases of layers {index} and {index + 1}", *pair)
