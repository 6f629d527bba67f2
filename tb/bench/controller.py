"""What the benches of the controller alone share: ideal arrays, registers by name, checks."""

import abc
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, Timer
from numpy.typing import NDArray

from ...hdl.config import PHASE_NAMES, NetworkConfig
from ...hdl.controller.control_registers import control_registers
from ...hdl.controller.layer_registers import layer_register
from ...sim.job import Job
from ...sim.simulators.job_folder import JOB_FILE, JOB_VARIABLE, MET_FILE
from ...sim.testbench.top import bus_inputs, programming_inputs
from .arrays import IdealArray
from .handles import read_number

PERIOD_NS = 10
LONGEST = 9
"""Cycles of the longest phase that is drawn."""


Seen = Mapping[tuple[str, int], Callable[[NDArray[np.int64]], NDArray[np.int64]]]
"""What is read of the scores of some macros, by layer name and number."""


def expected_packet(job: Job, image: NDArray[np.uint8], seen: Seen) -> list[int]:
    """The class and the scores of one image, as sums of products of signs."""
    values = 2 * image.astype(np.int64) - job.config.layers[0].input_top
    for layer, weights in zip(job.config.layers, job.weights, strict=True):
        biased = np.append(values, [layer.input_top] * layer.bias_columns)
        scores = weights.astype(np.int64) @ biased
        for macro in range(layer.macros):
            if read := seen.get((layer.name, macro)):
                rows = layer.neurons_of_macro(macro)
                scores[rows] = read(scores[rows])
        values = np.sign(scores)
    scores = scores + np.array(job.config.offsets)
    return [int(np.argmax(scores)), *map(int, scores)]


def with_times(config: NetworkConfig, times: Mapping[int, Mapping[str, int]]) -> NetworkConfig:
    """A configuration with some phase times changed, by layer and name."""
    layers = []
    for index, layer in enumerate(config.layers):
        timing = layer.macro.timing.replace(**times.get(index, {}))
        layers.append(layer.replace(macro=layer.macro.replace(timing=timing)))
    return config.replace(layers=tuple(layers))


class ControllerBench(abc.ABC):
    """The controller with ideal arrays; what drives its buses is a subclass's."""

    def __init__(self, dut: Any):
        self.dut = dut
        self.job = Job.read(Path(os.environ[JOB_VARIABLE]) / JOB_FILE)
        self.config = self.job.config
        self.registers = control_registers(self.config)
        self.draw = random.Random(self.job.seed)
        self.arrays: list[IdealArray] = []

    @classmethod
    async def started(cls, dut: Any, **settings: Any) -> Self:
        """A bench after reset."""
        bench = cls(dut, **settings)
        await bench.start()
        return bench

    async def start(self) -> None:
        dut = self.dut
        for name in (*bus_inputs(self.config), *programming_inputs(self.config)):
            getattr(dut, name).value = 0
        for layer, weights in zip(self.config.layers, self.job.weights, strict=True):
            for macro in range(layer.macros):
                self.arrays.append(IdealArray(dut, layer, macro, weights))
                cocotb.start_soon(self.arrays[-1].run())
        dut.rst.value = 1
        await Timer(PERIOD_NS, "ns")  # what is driven is known before the first clock edge
        Clock(dut.clk, PERIOD_NS, unit="ns", impl="gpi").start()
        await ClockCycles(dut.clk, 2)
        dut.rst.value = 0
        await FallingEdge(dut.clk)

    @abc.abstractmethod
    async def read(self, name: str) -> int:
        """What a register holds."""

    @abc.abstractmethod
    async def write(self, name: str, value: int) -> None:
        """Write a register that takes the value."""

    def bit(self, register: str, *fields: str) -> int:
        """Fields of one bit, as a number to write or to mask with."""
        return sum(1 << self.registers.field(register, field)[0] for field in fields)

    async def command(self, field: str) -> None:
        await self.write("CONTROL", self.bit("CONTROL", field))

    def count_what_is_met(self) -> Callable[[], None]:
        """From now on; what is given leaves the counts of the whole simulation so far."""
        # What few runs need, and an extra brings.
        from .functional_coverage import CoverageMonitor

        monitor = CoverageMonitor(self.dut, self.config)
        cocotb.start_soon(monitor.run())
        return lambda: monitor.bins.write(Path(os.environ[JOB_VARIABLE]) / MET_FILE)

    def check_packet(self, found: Sequence[int], index: int, seen: Seen | None = None) -> None:
        """A packet is that of an image, some macros' scores read as `seen` has it."""
        expected = expected_packet(self.job, self.job.images[index], seen or {})
        assert found == expected, f"image {index}: found {found}, expected {expected}"

    def check_rest(self) -> None:
        """No result is offered, and no pin to an array is up."""
        assert not read_number(self.dut.m_axis_tvalid), "a result of what was lost"
        left = read_number(self.dut.m_axis_tdata), read_number(self.dut.m_axis_tlast)
        assert left == (0, 0), f"found {left} on the results' stream, where none is offered"
        for array in self.arrays:
            to_array = [name for name in array.pins if not name.startswith("sense")]
            up = [name for name in to_array if read_number(array.pins[name])]
            assert not up, f"{array.place}: found {up} up after a reset"

    def random_times(self, longest: int = LONGEST) -> NetworkConfig:
        """The configuration with other phase times, down to the least that are allowed."""
        times: dict[int, dict[str, int]] = {}
        for index in range(len(self.config.layers)):
            times[index] = {}
            for name in PHASE_NAMES:
                [field] = self.registers[layer_register(index, name)].fields
                times[index][name] = self.draw.randint(field.minimum or 0, longest)
        return with_times(self.config, times)

    async def set_times(self, config: NetworkConfig, layers: range | None = None) -> None:
        """Write every phase time of a configuration, or of some of its layers."""
        for index in layers or range(len(config.layers)):
            for name in PHASE_NAMES:
                value = getattr(config.layers[index].macro.timing, name)
                await self.write(layer_register(index, name), value)
