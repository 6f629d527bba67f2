"""Programming of blank arrays in a Verilog simulator."""

from collections.abc import Mapping, Sequence
from typing import Any

from cocotb.triggers import ReadWrite, ValueChange
from cocotb.utils import get_sim_time

from ...behav.chip.layer import LayerChip
from ...behav.pins.programming import ProgrammingArray
from ...hdl.config.pins import ProgrammingPins
from ...sim.host.blank_chip import BlankChip, BlankLayer
from ...sim.host.programming import program_chip
from ...sim.job import Job
from ...sim.outcome import Outcome
from ...sim.testbench.ports import column_pins, index_bits, step_pins
from ..bench.handles import Failure, read_number
from ..bench.tasks import Tasks
from .ports import DriverPorts
from .testbench import Progress


class BlankLayerDriver:
    """All macros of a layer at their pins, woken whenever those of the macro at work change."""

    def __init__(self, dut: Any, blank: BlankLayer) -> None:
        layer = blank.config
        self.layer = layer
        self.arrays = [ProgrammingArray(cells) for cells in blank.macros]
        self.steps = getattr(dut, f"{layer.name}_steps")
        self.columns = getattr(dut, f"{layer.name}_pins_of_columns")
        self.strayed = getattr(dut, f"{layer.name}_strayed")
        self.read_back = getattr(dut, f"{layer.name}_read_back")
        self.read_back.value = 0
        self.settle_s = (
            layer.macro.programming.verify_settle_cycles * layer.macro.timing.clock_period_s
        )
        self.places = _places(step_pins(layer))
        self.places_of_columns = _places(column_pins(layer))
        self.index_bits = index_bits(layer)
        self.at_work = 0
        self.moved = 0
        self.of_columns: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            await ValueChange(self.steps)
            await ReadWrite()  # all pins of this instant have settled
            time_s = get_sim_time("ps") * 1e-12
            array, pins = self._observed(time_s)
            array.observe(time_s, pins)
            if pins.bl or pins.blb:
                # What the controller samples at the end of this polarity, whatever woke us now.
                self.read_back.value = array.sl_q(array.driven_since_s + self.settle_s)

    def check(self) -> None:
        """Raise where a macro moved a pin while another one was at work."""
        if read_number(self.strayed):
            raise Failure(
                f"{self.layer.name}: found pins up of a macro that is not being programmed"
            )

    def _observed(self, time_s: float) -> tuple[ProgrammingArray, ProgrammingPins]:
        word = read_number(self.steps)
        moved, word = word & 1, word >> 1
        at_work, word = word & (1 << self.index_bits) - 1, word >> self.index_bits
        if at_work != self.at_work:
            self.arrays[self.at_work].observe(time_s, ProgrammingPins())
            self.at_work = at_work
        if moved != self.moved:
            self.moved = moved
            self.of_columns = _split(read_number(self.columns), self.places_of_columns)
        return self.arrays[at_work], ProgrammingPins(**_split(word, self.places), **self.of_columns)


def _places(widths: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Lowest bit and mask of each pin in a vector that has the first one's bits highest."""
    places, low = [], 0
    for name, width in reversed(list(widths.items())):
        places.append((name, low, (1 << width) - 1))
        low += width
    return places


def _split(word: int, places: Sequence[tuple[str, int, int]]) -> dict[str, int]:
    """The pins in a word."""
    return {name: word >> low & mask for name, low, mask in places}


async def program_arrays(dut: Any, job: Job, ports: DriverPorts) -> tuple[list[LayerChip], Outcome]:
    """Program a job's network from blank; the chip that it makes, and an outcome with how."""
    blank = BlankChip(job)
    drivers = [BlankLayerDriver(dut, layer) for layer in blank.layers]
    tasks = Tasks()
    tasks.start(*(driver.run() for driver in drivers))
    chips, outcome = await tasks.result(program_chip(ports, blank, Progress()))
    tasks.cancel()
    for driver in drivers:
        driver.check()
    dut.programming.value = 0
    return chips, outcome
