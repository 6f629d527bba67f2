"""Whether programming through the hardware came to what the model of the programmer says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.cells import MacroCells
from ...behav.chip.drawn import DrawnLayer
from ...bits import word_of_bits
from ...errors import HardwareFault
from ...hdl.programming.model import ProgrammedRow, ProgrammingModel
from ..job import Job
from ..outcome import Outcome
from .blank_chip import BlankChip, PulsedCells
from .programming import PATTERNS, LayerProgramming, pattern_weights

__all__ = ["check_programming", "drawn_layers"]


def check_programming(job: Job, outcome: Outcome) -> None:
    """Hold what the registers said against the model on the same cells, self-test included.

    Raises
    ------
    HardwareFault
        A count, a cell that fails, a word line or an error differs.
    """
    models = [_Layer(job, index, macros) for index, macros in enumerate(BlankChip(job).macros)]
    for model, found in zip(models, outcome.programming, strict=True):
        for name, value in asdict(model.programmed()).items():
            if found[name] != value:
                raise HardwareFault(
                    f"{model.config.name}: {name}: found {found[name]}, expected {value}"
                )
    errors = ["unrepairable_row"] * any(model.unrepairable for model in models)
    if outcome.programming_errors != errors:
        raise HardwareFault(f"errors: found {outcome.programming_errors}, expected {errors}")


def drawn_layers(job: Job) -> list[DrawnLayer]:
    """The layers of a job's chip: as drawn, or as programming leaves them.

    Programming is played through on the model, which `check_programming` holds the hardware to.
    """
    if not job.program:
        return job.drawn_layers
    chip = BlankChip(job)
    models = [_Layer(job, index, macros) for index, macros in enumerate(chip.macros)]
    return chip.drawn_layers([model.programmed().word_lines for model in models])


class _Layer:
    """A layer's model and its cells, blank at first."""

    def __init__(self, job: Job, index: int, macros: list[MacroCells]) -> None:
        self.config = job.config.layers[index]
        self.weights = job.weights[index] > 0
        self.patterns = PATTERNS if job.self_test else ()
        self.model = ProgrammingModel(self.config)
        self.cells = [PulsedCells(cells) for cells in macros]
        self.blank = True
        self.unrepairable = False
        """Whether any row was, the patterns' included."""

    def programmed(self) -> LayerProgramming:
        """What programming comes to, from blank."""
        counts: dict[str, int] = {}
        failing: list[dict[str, Any]] = []
        taken = 0
        for pattern in self.patterns:
            done = self._write(pattern_weights(pattern, *self.weights.shape))
            counts[pattern] = sum(row.failures.bit_count() for _, row in done)
            taken += sum(row.moves for _, row in done)
            failing += [
                {"pattern": pattern, "macro": macro, "line": row.line, "column": column}
                for macro, row in done
                for column in range(self.config.fan_in)
                if row.failures >> column & 1
            ]
        rows = [row for _, row in self._write(self.weights)]
        return LayerProgramming(
            pulses=sum(row.pulses for row in rows),
            retries=sum(row.retries for row in rows),
            failed_cells=sum(row.failures.bit_count() for row in rows),
            spare_rows_used=taken + sum(row.moves for row in rows),
            unrepairable_rows=sum(row.unrepairable for row in rows),
            cycles=sum(row.cycles for row in rows),
            word_lines=[row.line for row in rows],
            self_test=counts,
            failing_cells=failing,
        )

    def _write(self, positive: NDArray[np.bool_]) -> list[tuple[int, ProgrammedRow]]:
        """Program every row; the macro and what came of each."""
        blank, self.blank = self.blank, False
        done = []
        for neuron, row in enumerate(positive):
            macro, place = divmod(neuron, self.config.rows_used)
            cells = self.cells[macro]
            programmed = self.model.program(macro, place, word_of_bits(row), blank, cells)
            self.unrepairable |= programmed.unrepairable
            done.append((macro, programmed))
        return done
