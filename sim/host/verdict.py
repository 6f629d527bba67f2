"""Whether programming through the hardware came to what the model of the programmer says."""

import functools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.drawn import DrawnLayer
from ...errors import HardwareFault
from ...hdl.programming.model import ProgrammedRow
from ..job import Job
from ..outcome import Outcome
from .blank_chip import BlankChip, BlankLayer
from .programming import PATTERNS, LayerProgramming, pattern_weights


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
    patterns = PATTERNS if job.self_test else ()
    models = [
        _Layer(layer, weights > 0, patterns)
        for layer, weights in zip(chip.layers, job.weights, strict=True)
    ]
    programmed = [model.programmed() for model in models]
    unrepairable = any(model.unrepairable for model in models)
    drawn = chip.drawn_layers([layer.word_lines for layer in programmed])
    return _ProgrammedChip(programmed, unrepairable, drawn)


class _Layer:
    """What the model makes of a layer's cells."""

    def __init__(
        self, layer: BlankLayer, positive: NDArray[np.bool_], patterns: Sequence[str]
    ) -> None:
        self.layer = layer
        self.config = layer.config
        self.positive = positive
        self.patterns = patterns
        self.unrepairable = False
        """Whether any row was, the patterns' included."""

    def programmed(self) -> LayerProgramming:
        """What programming comes to, from blank."""
        counts: dict[str, int] = {}
        failing: list[dict[str, Any]] = []
        taken = 0
        for pattern in self.patterns:
            rows = self._program(pattern_weights(pattern, *self.positive.shape))
            counts[pattern] = sum(row.failures.bit_count() for row in rows)
            taken += sum(row.moves for row in rows)
            failing += [
                {
                    "pattern": pattern,
                    "macro": neuron // self.config.rows_used,
                    "line": row.line,
                    "column": column,
                }
                for neuron, row in enumerate(rows)
                for column in range(self.config.fan_in)
                if row.failures >> column & 1
            ]
        rows = self._program(self.positive)
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

    def _program(self, positive: NDArray[np.bool_]) -> list[ProgrammedRow]:
        rows = self.layer.program(positive)
        self.unrepairable |= any(row.unrepairable for row in rows)
        return rows
