"""Whether programming through the hardware came to what the model of the programmer says."""

import functools
from collections.abc import Mapping
from dataclasses import asdict
from typing import NamedTuple

import numpy as np

from ...behav.chip.drawn import DrawnLayer
from ...bits import bits_of_word
from ...errors import HardwareFault
from ...hdl.config import LayerConfig
from ...hdl.programming.model import ProgrammedRow
from ..job import Job
from ..outcome import Outcome
from .blank_chip import BlankChip
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
    programmed, unrepairable = [], False
    for layer, weights in zip(chip.layers, job.weights, strict=True):
        matrices = [pattern_weights(pattern, *weights.shape) for pattern in patterns]
        *of_patterns, rows = [layer.program(positive) for positive in [*matrices, weights > 0]]
        by_name = dict(zip(patterns, of_patterns, strict=True))
        programmed.append(_programming_of(layer.config, by_name, rows))
        unrepairable |= any(row.unrepairable for each in [*of_patterns, rows] for row in each)
    drawn = chip.drawn_layers([layer.word_lines for layer in programmed])
    return _ProgrammedChip(programmed, unrepairable, drawn)


def _programming_of(
    config: LayerConfig, patterns: Mapping[str, list[ProgrammedRow]], rows: list[ProgrammedRow]
) -> LayerProgramming:
    """What programming a layer comes to, from the rows of its patterns and its own."""
    height = config.rows_used
    return LayerProgramming(
        pulses=sum(row.pulses for row in rows),
        retries=sum(row.retries for row in rows),
        failed_cells=_failed_cells(rows),
        spare_rows_used=sum(row.moves for each in [*patterns.values(), rows] for row in each),
        unrepairable_rows=sum(row.unrepairable for row in rows),
        cycles=sum(row.cycles for row in rows),
        word_lines=[row.line for row in rows],
        self_test={pattern: _failed_cells(written) for pattern, written in patterns.items()},
        failing_cells=[
            {"pattern": pattern, "macro": neuron // height, "line": row.line, "column": column}
            for pattern, written in patterns.items()
            for neuron, row in enumerate(written)
            for column in np.flatnonzero(bits_of_word(row.failures, config.fan_in)).tolist()
        ],
    )


def _failed_cells(rows: list[ProgrammedRow]) -> int:
    return sum(row.failures.bit_count() for row in rows)
