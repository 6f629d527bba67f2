"""Strict mode: Python wakes at every change of the arrays' pins and answers from the pins alone."""

from collections.abc import Awaitable
from typing import Any

import cocotb
from cocotb.triggers import ReadWrite, ValueChange
from cocotb.utils import get_sim_time

from ...behav.chip.layer import LayerChip
from ...hdl.config import ArrayGroup
from ...hdl.config.pins import ArrayPins, PinSizes
from ...sim.answers import ArrayAdapter, array_adapters
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
        self.sense = [getattr(dut, f"{name}_answer_{side}") for side in "pn"]
        self.answer((0, 0))

    def answer(self, sense: tuple[int, int]) -> None:
        for handle, value in zip(self.sense, sense, strict=True):
            handle.value = value

    async def run(self) -> None:
        while True:
            await ValueChange(self.changes)
            await ReadWrite()  # all pins of this instant have settled
            pins = ArrayPins(**{pin: read_number(handle) for pin, handle in self.pins.items()})
            self.answer(self.adapter.observe(get_sim_time("ps") * 1e-12, pins))


def array_side(dut: Any, chips: list[LayerChip], outcome: Outcome) -> list[Awaitable[None]]:
    """The coroutines that answer for the arrays."""
    return [
        ArrayDriver(dut, name, chip.config, adapter).run()
        for name, adapter, chip in array_adapters(chips, outcome)
    ]


@cocotb.test()
async def run_images(dut: Any) -> None:
    """Run the job's images."""
    await run_job(dut, array_side)
