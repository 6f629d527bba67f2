"""The host that programs a network through the controller's ports, whatever the simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..hdl.config import LayerConfig, NetworkConfig
from ..hdl.control_registers import control_registers, layer_register
from ..hdl.network_programmer import FIGURES
from ..hdl.programming_model import most_row_cycles, packet_of_row
from ..hdl.programming_registers import PROGRAMMING_ERRORS
from ..hdl.registers import WORD_BITS
from .job import Job, Outcome, word_of_bits
from .simulators import SimulationError

PATTERNS = ("all +1", "all -1", "checkerboard", "inverse checkerboard")
"""What the self-test writes, in this order: both values into each cell, twice."""


class ControllerPorts(Protocol):
    """The controller's control bus, stream of weights and interrupt."""

    async def write(self, address: int, data: int) -> None:
        """Write a register."""

    async def read(self, address: int) -> int:
        """Read a register."""

    async def send(self, packet: Sequence[int]) -> None:
        """Send a packet of weights, its last beat with tlast; back when it is taken."""

    async def interrupt(self, most_cycles: int) -> bool:
        """Wait until `irq` is high; False if it is not within so many clock cycles."""


@dataclass(frozen=True, kw_only=True)
class LayerProgramming:
    """What programming a layer came to, from the controller's registers."""

    pulses: int
    retries: int
    failed_cells: int
    """Cells that read wrong at the end."""
    spare_rows_used: int
    """Those that the self-test took included."""
    unrepairable_rows: int
    cycles: int
    """From each row's grant to its end, all rows together."""
    word_lines: list[int]
    """The word line that holds each neuron."""
    self_test: dict[str, int] = field(default_factory=dict)
    """Failing cells by pattern."""
    failing_cells: list[dict[str, Any]] = field(default_factory=list)
    """Where these are: ``pattern``, ``macro``, ``line`` (word line) and ``column`` of each."""


def pattern_weights(pattern: str, rows: int, columns: int) -> NDArray[np.bool_]:
    """Where a pattern has +1, shape (rows, columns)."""
    places = np.add.outer(np.arange(rows), np.arange(columns))
    return {
        "all +1": np.ones_like(places, dtype=np.bool_),
        "all -1": np.zeros_like(places, dtype=np.bool_),
        "checkerboard": places % 2 == 0,
        "inverse checkerboard": places % 2 == 1,
    }[pattern]


class ProgrammingHost:
    """Stops the controller, programs every row, reads how it went, starts the controller.

    Parameters
    ----------
    ports : ControllerPorts
    config : NetworkConfig
    report : callable (message), optional
        Told what is going on.
    """

    def __init__(
        self,
        ports: ControllerPorts,
        config: NetworkConfig,
        report: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.ports = ports
        self.config = config
        self.report = report
        self.registers = control_registers(config)

    async def read(self, register: str, name: str) -> int:
        """A field of a register."""
        word = await self.ports.read(self.registers.address(register))
        return self._field(register, name, word)

    async def write_bits(self, register: str, *names: str) -> None:
        """Write a register whose fields are 1 where named, else 0."""
        bits = sum(self._bit(register, name) for name in names)
        await self.ports.write(self.registers.address(register), bits)

    def _place(self, register: str, name: str) -> tuple[int, int]:
        fields = next(each for _, each in self.registers if each.name == register).placed_fields
        return next((low, field.mask) for low, field in fields if field.name == name)

    def _bit(self, register: str, name: str) -> int:
        return 1 << self._place(register, name)[0]

    def _field(self, register: str, name: str, word: int) -> int:
        low, mask = self._place(register, name)
        return word >> low & mask

    async def program(
        self, weights: Sequence[NDArray[np.int8]], *, self_test: bool
    ) -> list[LayerProgramming]:
        """Program all layers, which are blank, one after the other.

        Parameters
        ----------
        weights : sequence of ndarray of int8, shape (M, n)
            Per layer, +1 or -1, bias columns included.
        self_test : bool
            Write `PATTERNS` first.

        Raises
        ------
        SimulationError
            The controller is still busy, or a row is not done in time.
        """
        await self.write_bits("CONTROL", "stop")
        word = await self.ports.read(self.registers.address("STATUS"))
        if any(self._field("STATUS", name, word) for name in ("running", "busy")):
            raise SimulationError("the controller is not idle after CONTROL.stop")
        await self.write_bits("INTERRUPT_ENABLE", "row_done", "dropped_row")
        layers = []
        for index, matrix in enumerate(weights):
            layers.append(await self._program_layer(index, matrix > 0, self_test))
        await self.write_bits("INTERRUPT_ENABLE")
        await self.write_bits("CONTROL", "start")
        return layers

    async def errors(self) -> list[str]:
        """The errors of programming that are flagged."""
        return [name for name in PROGRAMMING_ERRORS if await self.read("ERRORS", name)]

    async def _program_layer(
        self, index: int, positive: NDArray[np.bool_], self_test: bool
    ) -> LayerProgramming:
        failing, blank = {}, True
        cells: list[dict[str, Any]] = []
        before = await self._figures(index)
        for pattern in PATTERNS if self_test else ():
            rows = pattern_weights(pattern, *positive.shape)
            await self._write_rows(index, rows, blank, pattern, cells)
            after, blank = await self._figures(index), False
            failing[pattern] = after["failed_cells"] - before["failed_cells"]
            before = after
        word_lines = await self._write_rows(index, positive, blank, "weights")
        after = await self._figures(index)
        spent = {name: after[name] - before[name] for name in FIGURES}
        return LayerProgramming(
            pulses=spent["pulses"],
            retries=spent["retries"],
            failed_cells=spent["failed_cells"],
            spare_rows_used=after["rows_moved"],
            unrepairable_rows=spent["rows_unrepairable"],
            cycles=spent["programming_cycles"],
            word_lines=word_lines,
            self_test=failing,
            failing_cells=cells,
        )

    async def _figures(self, index: int) -> dict[str, int]:
        return {name: await self.read(layer_register(index, name), "count") for name in FIGURES}

    async def failing_columns(self, index: int) -> list[int]:
        """The columns that fail in the row of a layer that was programmed last."""
        address = self.registers.address(layer_register(index, "FAILURE_ADDRESS"))
        bits = self.registers.address(layer_register(index, "FAILURE_BITS"))
        columns: list[int] = []
        for first in range(0, self.config.layers[index].fan_in, WORD_BITS):
            await self.ports.write(address, first // WORD_BITS)
            word = await self.ports.read(bits)
            columns += [first + bit for bit in range(WORD_BITS) if word >> bit & 1]
        return columns

    async def _write_rows(
        self,
        index: int,
        positive: NDArray[np.bool_],
        blank: bool,
        what: str,
        cells: list[dict[str, Any]] | None = None,
    ) -> list[int]:
        """Send all rows of a layer; the word lines that hold them. Failing cells go to `cells`."""
        layer = self.config.layers[index]
        lines = []
        for neuron, row in enumerate(positive):
            macro, place = divmod(neuron, layer.rows_used)
            packet = packet_of_row(layer, macro, place, word_of_bits(row), blank)
            await self._write_row(layer, [index, *packet], neuron)
            lines.append(await self.read(layer_register(index, "LAST_LINE"), "line"))
            if cells is not None and await self.read(layer_register(index, "LAST_LINE"), "failed"):
                at = {"pattern": what, "macro": macro, "line": lines[-1]}
                cells += [at | {"column": column} for column in await self.failing_columns(index)]
            self.report(f"programming {layer.name}: {what}, row {neuron + 1} of {len(positive)}")
        return lines

    async def _write_row(self, layer: LayerConfig, packet: list[int], neuron: int) -> None:
        await self.ports.send(packet)
        # A few cycles from the packet's last beat to the grant, and from the row's end to `irq`.
        if not await self.ports.interrupt(len(packet) + most_row_cycles(layer) + 8):
            raise SimulationError(f"{layer.name}: row of neuron {neuron} was not done in time")
        if await self.read("INTERRUPT_STATUS", "dropped_row"):
            raise SimulationError(f"{layer.name}: the row of neuron {neuron} was dropped")
        await self.write_bits("INTERRUPT_STATUS", "row_done", "dropped_row", "unrepairable_row")


async def program_for_job(
    ports: ControllerPorts, job: Job, report: Callable[[str], None] = lambda message: None
) -> tuple[list[LayerProgramming], list[str]]:
    """Program a job's network; per layer what it came to, and the errors flagged."""
    host = ProgrammingHost(ports, job.config, report)
    layers = await host.program(job.weights, self_test=job.self_test)
    return layers, await host.errors()


def record_programming(
    outcome: Outcome, layers: Sequence[LayerProgramming], errors: Sequence[str]
) -> None:
    """Put what programming came to into a job's outcome."""
    outcome.programming = [asdict(layer) for layer in layers]
    outcome.programming_errors = list(errors)


def programming_table(job: Job, outcome: Outcome) -> list[dict[str, Any]]:
    """What programming came to, per layer, as in the result of ``run --json``."""
    of_self_test = () if job.self_test else ("self_test", "failing_cells")
    left_out = ("word_lines", *of_self_test)
    return [
        {"name": layer.name} | {key: value for key, value in done.items() if key not in left_out}
        for layer, done in zip(job.config.layers, outcome.programming, strict=True)
    ]
