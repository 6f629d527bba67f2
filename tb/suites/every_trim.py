"""Trims of the comparators: written, they cancel an offset; a calibration finds it.

For controllers with trims. The offsets are a half more than whole, so that no decision is a tie.
"""

from fractions import Fraction
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from ...hdl.config import PHASE_BITS, PHASE_NAMES, LayerConfig, Readout
from ...hdl.controller.layer_registers import layer_register, trim_register
from ...sim.host.calibration import CALIBRATED_TO_IRQ_CYCLES
from ..bench.handles import read_number
from ..bench.phases import PhaseBench
from ..bench.stream import PERIOD_NS, IdealArray

START, STOP, CALIBRATE = 1 << 0, 1 << 1, 1 << 3
"""In CONTROL."""
BUSY, CALIBRATING = 1 << 1, 1 << 2
"""In STATUS."""
REFUSED = 1 << 3
"""In ERRORS."""
CALIBRATED = 1 << 5
"""In INTERRUPT_STATUS."""
ROUNDS = 4
PATTERNS = (1, 0x55, 0xAA)
"""Lengths of all phases of a calibration: each low bit at 0 and at 1."""
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

    def trimmed(self) -> list[tuple[str, LayerConfig, IdealArray]]:
        """The register, the layer and the array of each trim."""
        places = [
            (trim_register(index, macro), layer)
            for index, layer in enumerate(self.config.layers)
            for macro in range(layer.macros)
        ]
        return [
            (register, layer, array)
            for (register, layer), array in zip(places, self.arrays, strict=True)
            if layer.trim_bits_in_use
        ]

    def expected(self, index: int, trims: dict[str, int]) -> list[int]:
        """The packet of an image with each offset between its trim and the next one outwards."""
        config = self.config
        values = 2 * self.job.images[index].astype(np.int64) - 1
        for number, (layer, weights) in enumerate(
            zip(config.layers, self.job.weights, strict=True)
        ):
            scores = weights.astype(np.int64) @ np.append(values, [1] * layer.bias_columns)
            if layer.readout is Readout.SIGN:
                values = np.sign(scores)
                continue
            for macro in range(layer.macros):
                trim = trims[trim_register(number, macro)]
                rows = layer.neurons_of_macro(macro)
                scores[rows] = [read_score(s, trim, layer.count_bits) for s in scores[rows]]
        scores = scores + np.array(config.offsets)
        return [int(np.argmax(scores)), *map(int, scores)]


def read_score(score: int, trim: int, count_bits: int) -> int:
    """What a count says of a score with an offset of -trim and a half outwards: both saturate."""
    most = (1 << count_bits) - 1
    sign = (trim > 0) - (trim < 0)
    seen = score - trim - Fraction(sign, 2)
    code = min(max((seen + most + 1) // 2, 0), most)
    code += sign * ((abs(trim) + 1) // 2)
    return 2 * int(min(max(code, 0), most)) - most


def register_value(trim: int, layer: LayerConfig) -> int:
    return trim % (2 << layer.trim_bits_in_use)


async def started(dut: Any) -> TrimBench:
    """A bench after reset."""
    bench = TrimBench(dut)
    await bench.start()
    assert bench.trimmed(), "found no trim, expected a controller with trims"
    return bench


@cocotb.test()
async def trims_cancel_offsets(dut: Any) -> None:
    bench = await started(dut)
    bench.keep_order()
    for turn in range(4 * ROUNDS):
        config = bench.random_times(9)
        await bench.set_times(config)
        trims = {}
        for register, layer, array in bench.trimmed():
            most = (1 << layer.trim_bits_in_use) - 1
            trim = [bench.draw.randint(-most, most), most, -most][turn % 3]
            trims[register] = trim
            array.offset = -trim - Fraction((trim > 0) - (trim < 0), 2)
            await bench.write(register, register_value(trim, layer))
        index = bench.draw.randrange(len(bench.job.images))
        await bench.send(index)
        found, expected = await bench.receive(2 * config.latency), bench.expected(index, trims)
        assert found == expected, f"{trims}: found {found}, expected {expected}"


@cocotb.test()
async def a_calibration_finds_every_offset(dut: Any) -> None:
    bench = await started(dut)
    await bench.write("INTERRUPT_ENABLE", CALIBRATED)
    for turn in range(ROUNDS):
        trims = {}
        await bench.write("CONTROL", STOP)
        for register, layer, array in bench.trimmed():
            most = (1 << layer.trim_bits_in_use) - 1
            whole = [bench.draw.randint(-most, most), most, -most][turn % 3]
            array.offset = whole + Fraction(1 if whole > 0 else -1, 2)
            trims[register] = -whole
        await bench.write("CONTROL", CALIBRATE)
        assert await bench.read("STATUS") == CALIBRATING
        # An image that is sent meanwhile waits.
        await bench.write("CONTROL", START)
        sending = cocotb.start_soon(bench.send(0))
        await ClockCycles(dut.clk, bench.config.calibration_cycles // 2)
        assert await bench.read("STATUS") == CALIBRATING | 1
        found = await bench.receive(bench.config.calibration_cycles + 2 * bench.config.latency)
        await sending
        assert found == bench.expected(0, trims)
        for register, layer, _ in bench.trimmed():
            assert await bench.read(register) == register_value(trims[register], layer), register
        assert await bench.read("ERRORS") == 0
        assert await bench.read("INTERRUPT_STATUS") == CALIBRATED | 1 and int(dut.irq.value)
        await bench.write("INTERRUPT_STATUS", CALIBRATED | 1)


@cocotb.test()
async def a_calibration_takes_the_times_written(dut: Any) -> None:
    bench = await started(dut)
    bench.keep_order()
    await bench.write("INTERRUPT_ENABLE", CALIBRATED)
    await bench.write("CONTROL", STOP)
    for _, _, array in bench.trimmed():
        array.offset = Fraction(3, 2)
    for cycles in PATTERNS:
        config = bench.with_times(**dict.fromkeys(PHASE_NAMES, cycles))
        await bench.set_times(config)
        writing = cocotb.start_soon(bench.write("CONTROL", CALIBRATE))
        await RisingEdge(bench.pin(0, "precharge"))
        began = bench.cycle()
        await with_timeout(RisingEdge(dut.irq), 2 * config.calibration_cycles * PERIOD_NS, "ns")
        taken = bench.cycle() - began
        assert taken == config.calibration_cycles + CALIBRATED_TO_IRQ_CYCLES, f"found {taken}"
        await writing
        await bench.write("INTERRUPT_STATUS", CALIBRATED)


@cocotb.test()
async def no_bit_of_a_calibrations_time_is_lost(dut: Any) -> None:
    bench = await started(dut)
    await bench.set_times(bench.with_times())
    await bench.write("CONTROL", STOP)
    trimmed = [index for index, layer in enumerate(bench.config.layers) if layer.trim_bits_in_use]
    for phase, expected in PHASE_PINS.items():
        for bit in range(LOWEST_BIT, PHASE_BITS):
            for layer in trimmed:
                await bench.write(layer_register(layer, phase), (1 << bit) + FEW)
            await bench.write("CONTROL", CALIBRATE)
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
    bench = await started(dut)
    kept = {}
    for register, _, array in bench.trimmed():
        kept[register] = bench.draw.randint(1, 3)
        array.offset = -kept[register] - Fraction(1, 2)
        await bench.write(register, kept[register])
    for stop in (False, True):
        for wait in range(0, bench.config.latency, 7):
            await bench.write("CONTROL", START)
            await bench.send(0)
            await ClockCycles(dut.clk, wait if stop else 1)
            if stop:
                await bench.write("CONTROL", STOP)
            await bench.write("CONTROL", CALIBRATE)
            after = await bench.read("STATUS")
            if after & BUSY or not stop:
                assert not after & CALIBRATING, f"calibrates {wait} cycles after an image"
                assert await bench.read("ERRORS") == REFUSED
                await bench.write("ERRORS", REFUSED)
            await bench.receive(2 * bench.config.latency)
            if after & CALIBRATING:
                await ClockCycles(dut.clk, bench.config.calibration_cycles)
            for register in kept:
                if not after & CALIBRATING:
                    assert await bench.read(register) == kept[register], register
                await bench.write(register, kept[register])
