"""Every bit of every phase time, and every comparator, on the controller alone.

A phase of 2^k cycles and a few is looked at until it has outlasted those few: a bit that is lost
on its way to the counter ends it before. What is not too long is counted to its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cocotb
from cocotb.triggers import (
    ClockCycles,
    FallingEdge,
    First,
    ReadOnly,
    RisingEdge,
    ValueChange,
    with_timeout,
)

from ..hdl.config import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, LayerConfig, NetworkConfig
from ..hdl.control_registers import layer_register
from .agents import read_number
from .axi_stream import PERIOD_NS, IdealArray, expected_packet
from .quiet_bench import QuietBench
from .scenario_bench import PhaseView
from .scenario_plan import states_of

FEW = 3
"""Cycles of a phase beside its one high bit."""
LOOK_CYCLES = 8
"""A phase that has lasted so long has not lost its high bit."""
COUNTED_CYCLES = 600
"""A phase that is not longer is counted to its end."""
PATTERNS = (0x55, 0xAA)
"""Lengths of all phases of an image: each low bit at 0 and at 1."""
READ_CYCLES = 6
"""From a register's value to the end of its read, and to the next one's."""
SOFT_RESET = 1 << 2
"""In CONTROL."""


class HighTime:
    """For how many clock cycles a pin has been high."""

    def __init__(self, bench: QuietBench, handle: Any):
        self.bench = bench
        self.handle = handle
        self.cycles = 0

    async def run(self) -> None:
        while True:
            await RisingEdge(self.handle)
            rose = self.bench.cycle()
            await FallingEdge(self.handle)
            self.cycles += self.bench.cycle() - rose


class Order:
    """What an array's pins must never do, in phases of whatever length.

    Its lines keep still while evaluate is high, but the word line where latches hold the products;
    its bank is charged then only.
    """

    def __init__(self, array: IdealArray, layer: LayerConfig):
        self.pins = array.pins
        self.still = ["bl", "blb"] if layer.pipelined else ["wl", "bl", "blb"]
        self.bank = array.bank

    def run(self) -> None:
        """From now on, to the test's end."""
        cocotb.start_soon(self._lines())
        if self.bank:
            cocotb.start_soon(self._bank())

    async def _changed(self, names: Sequence[str]) -> None:
        await First(*(ValueChange(self.pins[name]) for name in names))
        await ReadOnly()

    async def _lines(self) -> None:
        while True:
            await self._changed(self.still)
            assert not read_number(self.pins["evaluate"]), f"{self.still} changed in evaluate"

    async def _bank(self) -> None:
        while True:
            await self._changed([*self.bank, "evaluate"])
            charged = [name for name in self.bank if read_number(self.pins[name])]
            assert not charged or read_number(self.pins["evaluate"]), f"{charged} without evaluate"


def high_cycles(layer: LayerConfig) -> dict[str, int]:
    """For how many clock cycles each phase pin of a layer is high in one image."""
    timing, rows, planes = layer.macro.timing, layer.rows_used, layer.bits_per_input
    strobes = layer.trials * timing.strobe_cycles
    settles = (layer.trials - (planes == 1)) * timing.settle_cycles
    shares = planes * timing.share_cycles if planes > 1 else 0
    precharges = planes * rows * timing.precharge_cycles
    if layer.pipelined:
        first = layer.lead_cycles - timing.dead_before_evaluate_cycles
        precharges = first + (rows - 1) * layer.precharge_cycles
    pins = {
        "precharge": precharges,
        "evaluate": rows * (planes * timing.evaluate_cycles + shares + strobes + settles),
        "strobe": rows * strobes,
    }
    if planes > 1:
        pins |= {"share": rows * shares, "acc_reset": rows * timing.precharge_cycles}
    return pins


def places(config: NetworkConfig) -> Iterator[tuple[LayerConfig, int]]:
    """Layer and macro of each array."""
    for layer in config.layers:
        for macro in range(layer.macros):
            yield layer, macro


class PhaseBench(QuietBench):
    """A bench that sets phase times and times what comes."""

    def with_times(self, **times: int) -> NetworkConfig:
        """The configuration with the same times in all layers, 1 where nothing is given."""
        layers = []
        for layer in self.config.layers:
            timing = layer.macro.timing.replace(**dict.fromkeys(PHASE_NAMES, 1) | times)
            layers.append(layer.replace(macro=layer.macro.replace(timing=timing)))
        return self.config.replace(layers=tuple(layers))

    def random_times(self, longest: int) -> NetworkConfig:
        """Other times in each layer."""
        layers = []
        for layer in self.config.layers:
            times = {name: self.draw.randint(1, longest) for name in PHASE_NAMES}
            macro = layer.macro.replace(timing=layer.macro.timing.replace(**times))
            layers.append(layer.replace(macro=macro))
        return self.config.replace(layers=tuple(layers))

    def keep_order(self) -> None:
        """From now on, to the test's end, no array's pins may break its order."""
        for array, (layer, _) in zip(self.arrays, places(self.config), strict=True):
            Order(array, layer).run()

    async def soft_reset(self) -> None:
        await self.write("CONTROL", SOFT_RESET)
        await ClockCycles(self.dut.clk, 2)
        await FallingEdge(self.dut.clk)

    def pin(self, layer: int, name: str) -> Any:
        return getattr(self.dut, f"{self.config.layers[layer].name}_macro0__{name}")

    async def follow(self, index: int, state: str, cycles: int, what: str) -> None:
        """The next time that a layer is in a state it is so for so long, as far as is looked at."""
        layer = self.config.layers[index]
        view = PhaseView(self.dut, layer.name, layer.bits_per_input)
        for _ in range(2 * self.config.latency):
            await FallingEdge(self.dut.clk)
            view.update()
            if view.state == state:
                break
        counted = cycles <= COUNTED_CYCLES
        for _ in range(cycles if counted else LOOK_CYCLES):
            assert view.state == state, f"{what}: found {view.state} too early"
            await FallingEdge(self.dut.clk)
            view.update()
        assert (view.state == state) != counted, f"{what}: found {view.state} after {cycles}"

    def timed_states(self) -> Iterator[tuple[int, str, str]]:
        """Each layer, the name of each phase time that it has, and the state that lasts so long."""
        for index, layer in enumerate(self.config.layers):
            for state in states_of(layer):
                if state != "IDLE":
                    yield index, f"{state.lower()}_cycles", state
            if layer.pipelined:
                yield index, "bridge_cycles", "PRECHARGE"


async def started(dut: Any) -> PhaseBench:
    """A bench after reset."""
    bench = PhaseBench(dut)
    await bench.start()
    return bench


@cocotb.test()
async def images_take_the_times_written(dut: Any) -> None:
    """Every pin is high for its time in each, and each gives its packet in its time."""
    bench = await started(dut)
    bench.keep_order()
    configs = [bench.with_times(), *(bench.random_times(9) for _ in range(3))]
    configs += [bench.with_times(**dict.fromkeys(PHASE_NAMES, cycles)) for cycles in PATTERNS]
    if all(layer.macro.zero_dead_time_allowed for layer in bench.config.layers):
        configs += [bench.with_times(**{name: 0}) for name in DEAD_TIME_NAMES]
        configs.append(bench.with_times(**dict.fromkeys(DEAD_TIME_NAMES, 0)))
    pins = {
        (layer.name, macro, pin): HighTime(bench, getattr(dut, f"{layer.name}_{macro}__{pin}"))
        for layer in bench.config.layers
        for macro in layer.macro_names
        for pin in high_cycles(layer)
    }
    for pin in pins.values():
        cocotb.start_soon(pin.run())
    for config in configs:
        await bench.set_times(config)
        before = {name: pin.cycles for name, pin in pins.items()}
        await bench.image(bench.draw.randrange(len(bench.job.images)), config)
        due = {
            (layer.name, macro, pin): cycles
            for layer in config.layers
            for macro in layer.macro_names
            for pin, cycles in high_cycles(layer).items()
        }
        assert {name: pin.cycles - before[name] for name, pin in pins.items()} == due


@cocotb.test()
async def each_comparator_is_counted(dut: Any) -> None:
    """No output, or both, is -1 and counted, in each array by itself."""
    bench = await started(dut)
    names = [(layer.name, macro) for layer, macro in places(bench.config)]
    unresolved = 0
    for array, name in zip(bench.arrays, names, strict=True):
        for fault in ("mute", "torn"):
            setattr(array, fault, True)
            await bench.send(0)
            found = await bench.receive(2 * bench.config.latency)
            expected = expected_packet(bench.job, bench.job.images[0], [name])
            assert found == expected, f"{name} {fault}: found {found}, expected {expected}"
            unresolved += array.strobes_per_image
            assert await bench.read("UNRESOLVED_DECISIONS") == unresolved, f"{name} {fault}"
            assert read_number(dut.status__unresolved) == unresolved
            setattr(array, fault, False)


@cocotb.test()
async def a_comparator_has_the_whole_strobe(dut: Any) -> None:
    """An answer in strobe's last cycle is one, and is not counted as missing."""
    bench = await started(dut)
    config = bench.with_times(**dict.fromkeys(PHASE_NAMES, FEW))
    await bench.set_times(config)
    for array, (layer, _) in zip(bench.arrays, places(config), strict=True):
        array.delay_ns = layer.macro.timing.strobe_cycles * PERIOD_NS - PERIOD_NS // 2
    for index in range(len(bench.job.images)):
        await bench.image(index, config)
    assert await bench.read("UNRESOLVED_DECISIONS") == 0


@cocotb.test()
async def no_bit_of_a_time_is_lost(dut: Any) -> None:
    bench = await started(dut)
    await bench.set_times(bench.with_times())
    for layer, phase, state in bench.timed_states():
        register = layer_register(layer, phase)
        for bit in range(LOOK_CYCLES.bit_length(), PHASE_BITS):
            length = (1 << bit) + FEW
            await bench.write(register, length)
            await bench.send(0)
            # The time of the bridges includes that between precharge and evaluate.
            lasts = length - (phase == "bridge_cycles")
            await bench.follow(layer, state, lasts, f"bit {bit} of {register}")
            await bench.soft_reset()
        await bench.write(register, 1)


@cocotb.test()
async def busy_from_first_beat_to_last(dut: Any) -> None:
    """STATUS is read all the time while an image's beats, and its result's, come slowly."""
    bench = await started(dut)
    config = bench.random_times(9)
    await bench.set_times(config)
    reads: list[tuple[int, int]] = []

    async def watch() -> None:
        while True:
            value = await bench.read("STATUS")
            reads.append((bench.cycle(), value >> 1 & 1))

    watching = cocotb.start_soon(watch())
    await ClockCycles(dut.clk, 30)
    await bench.send(0, gap_cycles=30)
    await with_timeout(RisingEdge(dut.m_axis_tvalid), 2 * config.latency * PERIOD_NS, "ns")
    await ClockCycles(dut.clk, 30)
    await bench.receive(config.latency)
    await ClockCycles(dut.clk, 60)
    watching.cancel()
    # A value is some cycles old once it is read.
    for cycle, busy in reads:
        if bench.begun + READ_CYCLES < cycle <= bench.ended:
            assert busy, f"found rest {cycle - bench.begun} cycles after an image's first beat"
        if cycle <= bench.begun or cycle > bench.ended + READ_CYCLES:
            assert not busy, f"found busy {cycle - bench.ended} cycles after a result's last beat"
