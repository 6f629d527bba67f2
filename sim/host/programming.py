"""The host that programs a network through the controller's ports, whatever the simulator."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.layer import LayerChip
from ...bits import word_of_bits
from ...errors import SimulationError
from ...hdl.bus.registers import WORD_BITS
from ...hdl.config import NetworkConfig
from ...hdl.controller.control_registers import PROGRAMMING_ERRORS
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.model import most_row_cycles, packet_of_row
from ...hdl.programming.network import PROGRAMMING_COUNTERS
from ...progress import Progress, silent
from ..outcome import Outcome
from ..testbench.ports import packet_beats
from .blank_chip import BlankChip
from .ports import ControllerPorts, RegisterHost

PATTERNS = ("all +1", "all -1", "checkerboard", "inverse checkerboard")
"""What the self-test writes, in this order: both values into each cell, twice."""


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


class ProgrammingHost(RegisterHost):
    """Stops the controller, programs every row, reads how it went, starts the controller.

    Parameters
    ----------
    ports : ControllerPorts
    config : NetworkConfig
    progress : Progress, optional
        Told what is going on.
    """

    def __init__(
        self, ports: ControllerPorts, config: NetworkConfig, progress: Progress = silent
    ) -> None:
        super().__init__(ports, config)
        self.progress = progress

    async def program(
        self, weights: Sequence[NDArray[np.int8]], *, self_test: bool
    ) -> list[LayerProgramming]:
        """Program all layers, which are blank, side by side.

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
        status = await self.read_word("STATUS")
        if status & (self.bit("STATUS", "running") | self.bit("STATUS", "busy")):
            raise SimulationError("the controller is not idle after CONTROL.stop")
        await self.write_bits("INTERRUPT_ENABLE", "row_done", "dropped_row")
        layers = await self._program_layers([matrix > 0 for matrix in weights], self_test)
        await self.write_bits("INTERRUPT_ENABLE")
        await self.write_bits("CONTROL", "start")
        return layers

    async def errors(self) -> list[str]:
        """The errors of programming that are flagged."""
        return [name for name in PROGRAMMING_ERRORS if await self.read("ERRORS", name)]

    async def _program_layers(
        self, layers: Sequence[NDArray[np.bool_]], self_test: bool
    ) -> list[LayerProgramming]:
        """Keep one row of each layer in progress, until none has any left."""
        done: dict[int, LayerProgramming] = {}
        rows = {
            index: self._rows(index, positive, self_test, done)
            for index, positive in enumerate(layers)
        }
        patterns = 1 + (len(PATTERNS) if self_test else 0)
        total = patterns * sum(map(len, layers))
        finished = {index: await self._rows_done(index) for index in rows}
        sent = 0
        ready = list(rows)
        while rows:
            for index in ready:
                if (packet := await anext(rows[index], None)) is None:
                    del rows[index]
                else:
                    await self.ports.send([index, *packet])
                    sent += 1
            self.progress(f"programming: row {sent} of {total}")
            ready = await self._next_done(finished, list(rows)) if rows else []
        return [done[index] for index in range(len(layers))]

    async def _next_done(self, finished: dict[int, int], in_progress: Sequence[int]) -> list[int]:
        """Wait until rows are done; the layers that they are of. `finished` counts them."""
        layers = [self.config.layers[index] for index in in_progress]
        # A few cycles from the packet's last beat to the grant, and from the row's end to `irq`;
        # the packets of the other layers come one after the other.
        most = sum(packet_beats(layer) + 8 for layer in layers)
        most += max(most_row_cycles(layer) for layer in layers)
        if not await self.ports.interrupt(most):
            names = ", ".join(layer.name for layer in layers)
            raise SimulationError(f"{names}: found no row done in time, expected one")
        if await self.read("INTERRUPT_STATUS", "dropped_row"):
            raise SimulationError("found a row dropped in programming, expected none")
        # Cleared before the counters are read: a row done after that raises it again.
        await self.write_bits("INTERRUPT_STATUS", "row_done", "dropped_row", "unrepairable_row")
        ready = []
        for index in in_progress:
            if (count := await self._rows_done(index)) != finished[index]:
                finished[index] = count
                ready.append(index)
        return ready

    async def _rows_done(self, index: int) -> int:
        return await self.read(layer_register(index, "rows_done"), "count")

    async def _rows(
        self,
        index: int,
        positive: NDArray[np.bool_],
        self_test: bool,
        done: dict[int, LayerProgramming],
    ) -> AsyncIterator[list[int]]:
        """The packets of a layer's rows, asked for one by one as the last one's row is done."""
        layer = self.config.layers[index]
        patterns = PATTERNS if self_test else ()
        written = [(pattern, pattern_weights(pattern, *positive.shape)) for pattern in patterns]
        failing: dict[str, int] = {}
        cells: list[dict[str, Any]] = []
        before = await self._counters(index)
        for pattern, matrix in [*written, ("weights", positive)]:
            word_lines = []
            for neuron, row in enumerate(matrix):
                macro, place = divmod(neuron, layer.rows_used)
                yield packet_of_row(layer, macro, place, word_of_bits(row), not failing)
                word_lines.append(await self.read(layer_register(index, "LAST_LINE"), "line"))
                if pattern != "weights":
                    at = {"pattern": pattern, "macro": macro, "line": word_lines[-1]}
                    cells += [at | {"column": it} for it in await self.failing_columns(index)]
            after = await self._counters(index)
            spent = {name: after[name] - before[name] for name in PROGRAMMING_COUNTERS}
            before = after
            failing[pattern] = spent["failed_cells"]
        failed_cells = failing.pop("weights")
        done[index] = LayerProgramming(
            pulses=spent["pulses"],
            retries=spent["retries"],
            failed_cells=failed_cells,
            spare_rows_used=after["rows_moved"],
            unrepairable_rows=spent["rows_unrepairable"],
            cycles=spent["programming_cycles"],
            word_lines=word_lines,
            self_test=failing,
            failing_cells=cells,
        )

    async def _counters(self, index: int) -> dict[str, int]:
        return {
            name: await self.read(layer_register(index, name), "count")
            for name in PROGRAMMING_COUNTERS
        }

    async def failing_columns(self, index: int) -> list[int]:
        """The columns that fail in the row of a layer that was programmed last."""
        columns: list[int] = []
        if not await self.read(layer_register(index, "LAST_LINE"), "failed"):
            return columns
        for first in range(0, self.config.layers[index].fan_in, WORD_BITS):
            await self.write(layer_register(index, "FAILURE_ADDRESS"), first // WORD_BITS)
            word = await self.read_word(layer_register(index, "FAILURE_BITS"))
            columns += [first + bit for bit in range(WORD_BITS) if word >> bit & 1]
        return columns


async def program_chip(
    ports: ControllerPorts, blank: BlankChip, progress: Progress = silent
) -> tuple[list[LayerChip], Outcome]:
    """Program a job's network; the chip that it makes, and an outcome with how it went."""
    host = ProgrammingHost(ports, blank.job.config, progress)
    layers = await host.program(blank.job.weights, self_test=blank.job.self_test)
    chips = blank.layer_chips([layer.word_lines for layer in layers])
    outcome = Outcome.empty(blank.job, chips)
    outcome.programming = [asdict(layer) for layer in layers]
    outcome.programming_errors = await host.errors()
    return chips, outcome
