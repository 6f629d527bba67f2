"""Strict mode: Python wakes at every change of the arrays' pins and answers from the pins alone."""

from collections.abc import Awaitable
from typing import Any

import cocotb
from cocotb.triggers import ReadWrite, ValueChange
from cocotb.utils import get_sim_time

from ...behav.chip.layer import LayerChip
from ...hdl.config import ArrayGroup
from ...hdl.config.pins import ArrayPins, PinSizes
from ...sim.answers import ArrayAdapter
from ...sim.outcome import Outcome
from ..bench.handles import read_number
from .testbench import run_job


class ArrayDriver:
    """Answers for one array at its pins."""

    def __init__(self, dut: Any, name: str, config: ArrayGroup, adapter: ArrayAdapter):
        self.adapter = adapter
        self.changes = getattr(dut, f"{name}_pins")
        pins = PinSizes.of_group(config).inference_inputs()
        self.pins = {pin: getattr(dut, f"{name}__{pin}") for pin in pins}
        # The testbench passes the answer on in the last cycle of the strobe.
        self.sense_p = getattr(dut, f"{name}_answer_p")
        self.sense_n = getattr(dut, f"{name}_answer_n")
        self.sense_p.value = 0
        self.sense_n.value = 0

    async def run(self) -> None:
        while True:
            await ValueChange(self.changes)
            await ReadWrite()  # all pins of this instant have settled
            pins = ArrayPins(**{pin: read_number(handle) for pin, handle in self.pins.items()})
            positive, negative = self.adapter.observe(get_sim_time("ps") * 1e-12, pins)
            self.sense_p.value = positive
            self.sense_n.value = negative


def array_side(dut: Any, chips: list[LayerChip], outcome: Outcome) -> list[Awaitable[None]]:
    """The coroutines that answer for the arrays."""
    return [
        ArrayDriver(
            dut,
            f"{chip.config.name}_{macro}",
            chip.config,
            ArrayAdapter(chip, layer, number, outcome),
        ).run()
        for layer, chip in enumerate(chips)
        for number, macro in enumerate(chip.config.macro_names)
    ]


@cocotb.test()
async def run_images(dut: Any) -> None:
    """Run the job's images."""
    await run_job(dut, array_side)
