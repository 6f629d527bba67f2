"""Trims of the comparators: written, they cancel an offset; a calibration finds it.

For controllers with trims. The offsets are a half more than whole, so that no decision is a tie.
"""

import functools
from fractions import Fraction
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout
from numpy.typing import NDArray

from ...hdl.config import PHASE_BITS, PHASE_NAMES, LayerConfig, Readout
from ...hdl.controller.layer_registers import layer_register, trim_register
from ...sim.host.calibration import CALIBRATED_TO_IRQ_CYCLES
from ..bench.arrays import IdealArray
from ..bench.controller import PERIOD_NS, Seen
from ..bench.handles import read_number
from ..bench.phases import PhaseBench

ROUNDS = 4
PATTERNS = (1, 0x55, 0xAA)
"""Lengths of all phases of a calibration: each low bit at 0 and at 1; of those that it has not,
each high bit, too."""
PHASE_PINS = {
    "precharge_cycles": (1, 0, 0),
    "dead_before_evaluate_cycles": (0, 0, 0),
    "evaluate_cycles": (0, 1, 0),
    "strobe_cycles": (0, 1, 1),
    "settle_cycles": (0, 1, 0),
    "dead_after_strobe_cycles": (0, 0, 0),
}
"""Precharge, evaluate and strobe in each phase of a calibration."""
LOWEST_BIT = 6
"""Of a phase that outlasts `LOOKS_CYCLES`."""
LOOKS_CYCLES = (30, 60)
"""After a calibration's start: one long phase has come by the first, and is not over at the last,
where all others take a cycle."""
FEW = 3


class TrimBench(PhaseBench):
    """A bench that knows every comparator's offset."""

    async def start(self) -> None:
        await super().start()
        places = [
            (index, macro)
            for index, layer in enumerate(self.config.layers)
            for macro in range(layer.macros)
        ]
        self.trimmed: dict[str, IdealArray] = {
            trim_register(*place): array
            for place, array in zip(places, self.arrays, strict=True)
            if array.layer.trim_bits_in_use
        }
        """The array of each register of a trim."""
        assert self.trimmed, "found no trim, expected a controller with trims"

    def draw_offsets(self, turn: int) -> dict[str, int]:
        """Give each comparator an offset, the largest in some turns; the trims that cancel it."""
        trims = {}
        for register, array in self.trimmed.items():
            most = (1 << array.layer.trim_bits_in_use) - 1
            trim = [self.draw.randint(-most, most), most, -most][turn % 3]
            trims[register] = trim
            array.offset = -trim + Fraction(1 if trim < 0 else -1, 2)
        return trims

    def seen(self, trims: dict[str, int]) -> Seen:
        """What is read with each offset between its trim and the next one outwards."""
        return {
            array.place: functools.partial(read_scores, trim=trims[register], layer=array.layer)
            for register, array in self.trimmed.items()
            if array.layer.readout is Readout.COUNT
        }


def read_scores(scores: NDArray[np.int64], trim: int, layer: LayerConfig) -> NDArray[np.int64]:
    """What counts say of scores with an offset of -trim and a half outwards: both saturate."""
    most = (1 << layer.count_bits) - 1
    sign = (trim > 0) - (trim < 0)
    codes = np.clip((2 * (scores - trim) - sign + 2 * (most + 1)) // 4, 0, most)
    return 2 * np.clip(codes + sign * ((abs(trim) + 1) // 2), 0, most) - most


def register_value(trim: int, array: IdealArray) -> int:
    return trim % (2 << array.layer.trim_bits_in_use)


@cocotb.test()
async def trims_cancel_offsets(dut: Any) -> None:
    bench = await TrimBench.started(dut)
    bench.keep_order()
    for turn in range(4 * ROUNDS):
        config = bench.random_times()
        await bench.set_times(config)
        trims = bench.draw_offsets(turn)
        for register, trim in trims.items():
            await bench.write(register, register_value(trim, bench.trimmed[register]))
        index = bench.draw.randrange(len(bench.job.images))
        await bench.send(index)
        bench.check_packet(await bench.receive(2 * config.latency), index, bench.seen(trims))


@cocotb.test()
async def the_lowest_trim_is_what_the_bank_reaches(dut: Any) -> None:
    """It is one more than the bank has: it does what the next one does."""
    bench = await TrimBench.started(dut)
    trims = {}
    for register, array in bench.trimmed.items():
        trims[register] = 1 - (1 << array.layer.trim_bits_in_use)
        array.offset = -trims[register] + Fraction(1, 2)
        await bench.write(register, register_value(trims[register] - 1, array))
    for index in range(len(bench.job.images)):
        await bench.send(index)
        found = await bench.receive(2 * bench.config.latency)
        bench.check_packet(found, index, bench.seen(trims))


@cocotb.test()
async def a_calibration_finds_every_offset(dut: Any) -> None:
    bench = await TrimBench.started(dut)
    await bench.write("INTERRUPT_ENABLE", bench.bit("INTERRUPT_ENABLE", "calibrated"))
    for turn in range(ROUNDS):
        trims = bench.draw_offsets(turn)
        await bench.command("stop")
        await bench.command("calibrate")
        assert await bench.read("STATUS") == bench.bit("STATUS", "calibrating")
        # An image that is sent meanwhile waits.
        await bench.command("start")
        sending = cocotb.start_soon(bench.send(0))
        await ClockCycles(dut.clk, bench.config.calibration_cycles // 2)
        assert await bench.read("STATUS") == bench.bit("STATUS", "calibrating", "running")
        found = await bench.receive(bench.config.calibration_cycles + 2 * bench.config.latency)
        await sending
        bench.check_packet(found, 0, bench.seen(trims))
        for register, array in bench.trimmed.items():
            assert await bench.read(register) == register_value(trims[register], array), register
        assert await bench.read("ERRORS") == 0
        told = bench.bit("INTERRUPT_STATUS", "calibrated", "image_done")
        assert await bench.read("INTERRUPT_STATUS") == told and read_number(dut.irq)
        await bench.write("INTERRUPT_STATUS", told)


@cocotb.test()
async def a_calibration_takes_the_times_written(dut: Any) -> None:
    bench = await TrimBench.started(dut)
    bench.keep_order()
    await bench.write("INTERRUPT_ENABLE", bench.bit("INTERRUPT_ENABLE", "calibrated"))
    await bench.command("stop")
    for array in bench.trimmed.values():
        array.offset = Fraction(3, 2)
    for cycles in PATTERNS:
        times = {name: cycles if name in PHASE_PINS else 0x101 * cycles for name in PHASE_NAMES}
        config = bench.with_times(**times)
        await bench.set_times(config)
        writing = cocotb.start_soon(bench.command("calibrate"))
        await RisingEdge(bench.pin(0, "precharge"))
        began = bench.cycle()
        await with_timeout(RisingEdge(dut.irq), 2 * config.calibration_cycles * PERIOD_NS, "ns")
        taken = bench.cycle() - began
        assert taken == config.calibration_cycles + CALIBRATED_TO_IRQ_CYCLES, f"found {taken}"
        await writing
        await bench.write("INTERRUPT_STATUS", bench.bit("INTERRUPT_STATUS", "calibrated"))


@cocotb.test()
async def no_bit_of_a_calibrations_time_is_lost(dut: Any) -> None:
    bench = await TrimBench.started(dut)
    await bench.set_times(bench.with_times())
    await bench.command("stop")
    trimmed = [index for index, layer in enumerate(bench.config.layers) if layer.trim_bits_in_use]
    for phase, expected in PHASE_PINS.items():
        for bit in range(LOWEST_BIT, PHASE_BITS):
            for layer in trimmed:
                await bench.write(layer_register(layer, phase), (1 << bit) + FEW)
            await bench.command("calibrate")
            gone = 0
            for cycles in LOOKS_CYCLES:
                await ClockCycles(dut.clk, cycles - gone)
                gone = cycles
                for layer in trimmed:
                    pins = tuple(
                        read_number(bench.pin(layer, pin))
                        for pin in ("precharge", "evaluate", "strobe")
                    )
                    assert pins == expected, f"bit {bit} of {phase}, layer {layer}: found {pins}"
            await bench.soft_reset()
        for layer in trimmed:
            await bench.write(layer_register(layer, phase), 1)


@cocotb.test()
async def no_calibration_while_running_or_busy(dut: Any) -> None:
    bench = await TrimBench.started(dut)
    refused = bench.bit("ERRORS", "calibration_refused")
    kept = {}
    for register, array in bench.trimmed.items():
        kept[register] = bench.draw.randint(1, 3)
        array.offset = -kept[register] - Fraction(1, 2)
        await bench.write(register, kept[register])
    for stop in (False, True):
        for wait in range(0, bench.config.latency, 7):
            await bench.command("start")
            await bench.send(0)
            await ClockCycles(dut.clk, wait if stop else 1)
            if stop:
                await bench.command("stop")
            await bench.command("calibrate")
            status = await bench.read("STATUS")
            calibrates = status & bench.bit("STATUS", "calibrating")
            if status & bench.bit("STATUS", "busy") or not stop:
                assert not calibrates, f"calibrates {wait} cycles after an image"
                assert await bench.read("ERRORS") == refused
                await bench.write("ERRORS", refused)
            await bench.receive(2 * bench.config.latency)
            if calibrates:
                await ClockCycles(dut.clk, bench.config.calibration_cycles)
            for register in kept:
                if not calibrates:
                    assert await bench.read(register) == kept[register], register
                await bench.write(register, kept[register])


@cocotb.test()
async def a_corrected_count_stays_in_its_range(dut: Any) -> None:
    """Of none and of all columns, with every trim that would leave it."""
    bench = await TrimBench.started(dut)
    counting = {
        register: array
        for register, array in bench.trimmed.items()
        if array.layer.readout is Readout.COUNT
    }
    for sign in (-1, 1):
        for register, array in counting.items():
            end = sign * ((1 << array.layer.count_bits) - 1)
            array.offset = 2 * end
            seen = {array.place: functools.partial(np.full_like, fill_value=end)}
            for size in range(1, 1 << array.layer.trim_bits_in_use):
                await bench.write(register, register_value(sign * size, array))
                await bench.send(0)
                bench.check_packet(await bench.receive(2 * bench.config.latency), 0, seen)
            array.offset = 0
            await bench.write(register, 0)


@cocotb.test()
async def a_calibration_that_is_lost_is_told(dut: Any) -> None:
    """What was begun is forgotten in each layer in turn; the next calibration is as any other."""
    bench = await TrimBench.started(dut)
    upset = bench.bit("ERRORS", "state_upset")
    await bench.command("stop")
    for layer in bench.config.layers:
        if not layer.trim_bits_in_use:
            continue
        begun = getattr(dut, layer.name).calibrator.begun
        for flips in (True, False):
            await bench.command("calibrate")
            await FallingEdge(dut.clk)
            if flips:
                begun.value = 0
            await ClockCycles(dut.clk, bench.config.calibration_cycles + FEW)
            assert await bench.read("STATUS") == 0, layer.name
            assert await bench.read("ERRORS") == upset * flips, layer.name
            await bench.write("ERRORS", upset * flips)


@cocotb.test()
async def a_calibration_finds_each_trim(dut: Any) -> None:
    """Of each macro, its neighbours at other ones."""
    bench = await TrimBench.started(dut)
    await bench.command("stop")
    most = min((1 << each.layer.trim_bits_in_use) - 1 for each in bench.trimmed.values())
    values = range(-most, most + 1)
    for turn in range(len(values)):
        due = {}
        for place, (register, array) in enumerate(bench.trimmed.items()):
            due[register] = values[(turn + place) % len(values)]
            array.offset = -due[register] + Fraction(1, 2) * (1 if due[register] < 0 else -1)
        await bench.command("calibrate")
        await ClockCycles(dut.clk, bench.config.calibration_cycles + FEW)
        for register, array in bench.trimmed.items():
            found = await bench.read(register)
            assert found == register_value(due[register], array), f"{register}: {due[register]}"
