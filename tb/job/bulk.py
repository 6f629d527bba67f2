"""Bulk mode: Python wakes once per layer and image, `array_replay` answers the strobes."""

from collections.abc import Awaitable
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ReadWrite, ValueChange
from numpy.typing import NDArray

from ...behav.chip.layer import LayerChip
from ...bits import bits_of_word, word_of_bits
from ...sim.answers import answer_layer
from ...sim.outcome import Outcome
from ...sim.testbench.ports import LINE_BITS
from ...sim.testbench.violations import Violation
from ..bench.handles import Failure, read_number
from .programming import program_arrays
from .testbench import run_job


class LayerDriver:
    """Answers for all arrays of one layer, once for each image."""

    def __init__(self, dut: Any, index: int, chip: LayerChip, outcome: Outcome):
        name = chip.config.name
        self.index = index
        self.chip = chip
        self.outcome = outcome
        self.request = getattr(dut, f"{name}_request")
        self.inputs = getattr(dut, f"{name}_inputs")
        self.positive = getattr(dut, f"{name}_positive")
        self.resolved = getattr(dut, f"{name}_resolved")
        self.violation = getattr(dut, f"{name}_violation")
        if chip.config.trim_bits_in_use:
            decisions = chip.calibration().decisions
            positive = getattr(dut, f"{name}_offset_positive")
            positive.value = word_of_bits((decisions > 0).ravel())
            resolved = getattr(dut, f"{name}_offset_resolved")
            resolved.value = word_of_bits((decisions != 0).ravel())

    async def run(self) -> None:
        config = self.chip.config
        for image in range(len(self.outcome.results)):
            await ValueChange(self.request)
            bits = self.read_inputs()
            if (bits[config.inputs :] != config.input_top).any():
                raise Failure(f"{config.name}: image {image}: a bias column is not at +1")
            answer = answer_layer(self.chip, bits, image)
            # The replay counts trials down, so that a code's bits are its decisions' bits.
            self.positive.value = word_of_bits(answer.positive[:, ::-1].ravel())
            self.resolved.value = word_of_bits(answer.resolved[:, ::-1].ravel())
            self.outcome.inputs[self.index][image] = bits[: config.inputs]
            self.outcome.answers[self.index][image] = answer.answer
            self.outcome.unanswered += int((~answer.resolved).sum())

    def read_inputs(self) -> NDArray[np.uint8]:
        """What was on the bit lines, bit plane upon bit plane, as numbers."""
        config = self.chip.config
        word = read_number(self.inputs)
        inputs = np.zeros(config.fan_in, dtype=np.uint8)
        for plane in range(config.bits_per_input):
            bits = bits_of_word(word >> plane * config.fan_in, config.fan_in)
            inputs |= bits << np.uint8(plane)
        return inputs

    async def watch(self) -> None:
        await ValueChange(self.violation)
        await ReadWrite()  # all of this instant has settled
        violation = Violation(read_number(self.violation))
        raise Failure(f"{self.chip.config.name}: {violation.meaning}")


def array_side(dut: Any, chips: list[LayerChip], outcome: Outcome) -> list[Awaitable[None]]:
    """The coroutines that answer for the arrays."""
    for chip in chips:
        if chip.config.macro.programmable:
            # Row by row and array by array, as array_replay.sv takes them.
            word = sum(k << LINE_BITS * at for at, k in enumerate(chip.word_lines.tolist()))
            getattr(dut, f"{chip.config.name}_lines").value = word
    drivers = [LayerDriver(dut, index, chip, outcome) for index, chip in enumerate(chips)]
    return [*(driver.run() for driver in drivers), *(driver.watch() for driver in drivers)]


@cocotb.test()
async def run_images(dut: Any) -> None:
    """Run the job's images."""
    await run_job(dut, array_side, program_arrays)
