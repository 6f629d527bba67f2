"""The all-digital layer against counting by hand, with stalls at both ends and a reset."""

import json
import os
import random
from collections.abc import Sequence
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout

from ...hdl.config import DigitalLayerConfig
from ...sim.simulators.job_folder import CONFIG_VARIABLE

PERIOD_NS = 10
SEED = 5
ROUNDS = 6
"""Times that the memory is filled anew."""

Words = Sequence[tuple[int, int]]


def expected_word(config: DigitalLayerConfig, bits: int, words: Words) -> int:
    """A bit per neuron: whether as many inputs equal their weights as its threshold says."""
    result = 0
    for neuron, (weights, threshold) in enumerate(words):
        agreeing = sum(
            (bits >> place & 1) == (weights >> place & 1) for place in range(config.inputs)
        )
        result |= (agreeing >= threshold) << neuron
    return result


class DigitalBench:
    """A layer, its memory's writer, and both streams."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.config = DigitalLayerConfig.from_dict(json.loads(os.environ[CONFIG_VARIABLE]))
        self.draw = random.Random(SEED)

    async def start(self) -> None:
        for name in ("i__valid", "o__ready", "write__enable"):
            getattr(self.dut, name).value = 0
        self.dut.rst.value = 1
        Clock(self.dut.clk, PERIOD_NS, unit="ns").start()
        await ClockCycles(self.dut.clk, 2)
        await FallingEdge(self.dut.clk)
        self.dut.rst.value = 0

    async def fill(self) -> Words:
        """Thresholds about the middle, and neurons that are always, or never, reached."""
        inputs, neurons = self.config.inputs, self.config.neurons
        thresholds = [
            min(inputs + 1, max(0, inputs // 2 + self.draw.randint(-2, 3))) for _ in range(neurons)
        ]
        thresholds[self.draw.randrange(neurons)] = self.draw.choice([0, inputs, inputs + 1])
        words = [(self.draw.getrandbits(inputs), threshold) for threshold in thresholds]
        for row in self.draw.sample(range(neurons), neurons):
            weights, threshold = words[row]
            self.dut.write__row.value = row
            self.dut.write__word.value = weights | threshold << inputs
            self.dut.write__enable.value = 1
            await FallingEdge(self.dut.clk)
            # What is not enabled writes nothing.
            self.dut.write__enable.value = 0
            self.dut.write__word.value = self.draw.getrandbits(self.config.word_bits)
            await FallingEdge(self.dut.clk)
        return words

    async def evaluate(self, bits: int, words: Words, *, stalled: int) -> None:
        """One input word: its result, its cycles, and that it waits for whom it is for."""
        dut = self.dut
        assert dut.i__ready.value == 1 and dut.busy.value == 0 and dut.o__valid.value == 0
        dut.i__payload.value, dut.i__valid.value = bits, 1
        await FallingEdge(dut.clk)
        dut.i__valid.value = 0
        dut.i__payload.value = self.draw.getrandbits(self.config.inputs)
        for _ in range(self.config.latency - 1):
            assert dut.o__valid.value == 0 and dut.busy.value == 1 and dut.i__ready.value == 0
            await FallingEdge(dut.clk)
        expected = expected_word(self.config, bits, words)
        for _ in range(stalled):
            assert dut.o__valid.value == 1 and dut.o__payload.value == expected
            assert dut.busy.value == 1 and dut.i__ready.value == 0
            await FallingEdge(dut.clk)
        assert dut.o__valid.value == 1 and dut.o__payload.value == expected
        dut.o__ready.value = 1
        await FallingEdge(dut.clk)
        dut.o__ready.value = 0


@cocotb.test()
async def every_word_is_counted(dut: Any) -> None:
    bench = DigitalBench(dut)
    await bench.start()
    for _ in range(ROUNDS):
        words = await bench.fill()
        for bits in bench.draw.sample(range(1 << bench.config.inputs), 1 << bench.config.inputs):
            await bench.evaluate(bits, words, stalled=bench.draw.choice([0, 0, 0, 1, 3]))


@cocotb.test()
async def one_after_the_other(dut: Any) -> None:
    """A result goes and the next word comes in the same cycle; no word is held up longer."""
    bench = DigitalBench(dut)
    await bench.start()
    words = await bench.fill()
    given = [bench.draw.getrandbits(bench.config.inputs) for _ in range(20)]
    dut.o__ready.value = 1
    taken, cycles = 0, 0
    found: list[int] = []

    async def run() -> None:
        nonlocal taken, cycles
        while len(found) < len(given):
            dut.i__valid.value = int(taken < len(given))
            dut.i__payload.value = given[min(taken, len(given) - 1)]
            await RisingEdge(dut.clk)
            taken += dut.i__valid.value == 1 and dut.i__ready.value == 1
            if dut.o__valid.value == 1:
                found.append(int(dut.o__payload.value))
            cycles += 1
            await FallingEdge(dut.clk)

    await with_timeout(run(), 100 * PERIOD_NS * bench.config.latency, "ns")
    assert found == [expected_word(bench.config, bits, words) for bits in given]
    assert cycles == len(given) * bench.config.latency + 1


@cocotb.test()
async def a_reset_ends_what_is_going_on(dut: Any) -> None:
    """In every cycle of a word; what the memory holds stays."""
    bench = DigitalBench(dut)
    await bench.start()
    words = await bench.fill()
    for wait in range(bench.config.latency + 2):
        dut.i__payload.value, dut.i__valid.value = 0, 1
        await FallingEdge(dut.clk)
        dut.i__valid.value = 0
        await ClockCycles(dut.clk, wait)
        await FallingEdge(dut.clk)
        dut.rst.value = 1
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        for _ in range(2):
            await bench.evaluate(bench.draw.getrandbits(bench.config.inputs), words, stalled=0)
