"""Whether programming through the hardware came to what the model of the programmer says."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import Any, NamedTuple

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
    model = _model_of(job)
    for layer, programmed, found in zip(
        job.config.layers, model.programmed, outcome.programming, strict=True
    ):
        for name, value in asdict(programmed).items():
            if found[name] != value:
                raise HardwareFault(f"{layer.name}: {name}: found {found[name]}, expected {value}")
    errors = ["unrepairable_row"] * model.unrepairable
    if outcome.programming_errors != errors:
        raise HardwareFault(f"errors: found {outcome.programming_errors}, expected {errors}")


def drawn_layers(job: Job) -> list[DrawnLayer]:
    """The layers of a job's chip: as drawn, or as programming leaves them.

    Of a programmed chip the cells are the model's, which `check_programming` holds the hardware to.
    """
    return _model_of(job).drawn if job.program else job.drawn_layers


class _ProgrammedChip(NamedTuple):
    """What the model makes of a job's blank chip."""

    programmed: list[LayerProgramming]
    unrepairable: bool
    """Whether any row was, the patterns' included."""
    drawn: list[DrawnLayer]


@functools.lru_cache(maxsize=1)
def _model_of(job: Job) -> _ProgrammedChip:
    """Programming played through: most of a minute for a large network, so once for a job."""
    chip = BlankChip(job)
    models = [_Layer(job, index, macros) for index, macros in enumerate(chip.macros)]
    programmed = [model.programmed() for model in models]
    unrepairable = any(model.unrepairable for model in models)
    drawn = chip.drawn_layers([layer.word_lines for layer in programmed])
    return _ProgrammedChip(programmed, unrepairable, drawn)


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
