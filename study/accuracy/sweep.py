"""Many chips at many points: who computes what, what is kept, and what it comes to."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ...digest import DIGITS, key_of
from ...progress import Progress, silent
from ..jobs.journal import Journal
from ..jobs.workers import ALL_CORES, Pool, Workers, run_units
from .chip import ChipCounts, Point, Study, Unit, run_unit
from .result import Accuracy, ChipsResult, LayerErrors


def sweep(
    study: Study,
    points: Sequence[Point],
    chips: Sequence[int],
    *,
    folder: Path,
    workers: Workers = ALL_CORES,
    progress: Progress = silent,
) -> list[list[ChipCounts]]:
    """Run every chip of every point, except those that an earlier sweep has left in `folder`.

    Results are kept there chip by chip.

    Returns
    -------
    list of list of ChipCounts
        Per point, per chip; the same whoever computed them, and when.

    Raises
    ------
    InputError
        A value out of range, no scheduler at the address, or a folder that cannot be written to.
    """
    journal = Journal(folder / f"{study.digest[:DIGITS]}.jsonl", study.read_counts)
    places = [(point, chip) for point in points for chip in chips]
    missing = [place for place in places if point_key(*place) not in journal]
    done = len(places) - len(missing)
    progress("chips", done, len(places))
    packed = study.packed()
    with workers.started(len(missing)) as (pool, threads):
        units = (Unit(packed, point, chip, threads) for point, chip in missing)
        for unit, counts in _results(units, pool):
            journal.add(point_key(unit.point, unit.chip), counts.to_dict())
            done += 1
            progress("chips", done, len(places))
    return [[journal[point_key(point, chip)] for chip in chips] for point in points]


def point_key(point: Point, chip: int) -> str:
    """Of a chip of a point, in the journal of its study."""
    return key_of(point, chip)


def _results(units: Iterator[Unit], pool: Pool | None) -> Iterator[tuple[Unit, ChipCounts]]:
    if pool is None:
        return ((unit, run_unit(unit)) for unit in units)
    return run_units(run_unit, units, *pool)


def summary(counts: Sequence[ChipCounts], names: Sequence[str]) -> ChipsResult:
    """What the chips of a point, at least one, come to; `names` are the layers'."""
    accuracies = np.array([chip.correct / chip.images for chip in counts])
    wrong = np.array([chip.wrong for chip in counts]).sum(axis=0)
    evaluated = np.array([chip.evaluated for chip in counts]).sum(axis=0)
    return ChipsResult(
        chips=len(counts),
        accuracy=_accuracy(accuracies),
        chip_accuracies=tuple(accuracies.tolist()),
        layers=tuple(
            LayerErrors(name=name, error_rate=rate)
            for name, rate in zip(names, (wrong / evaluated).tolist(), strict=True)
        ),
    )


def _accuracy(accuracies: NDArray[np.float64]) -> Accuracy:
    """Mean, spread and Student's interval of the mean."""
    mean, chips = float(accuracies.mean()), len(accuracies)
    if chips == 1:
        return Accuracy(mean=mean, std=None, ci95=None)
    std = float(accuracies.std(ddof=1))
    half = float(special.stdtrit(chips - 1, 0.975)) * std / math.sqrt(chips)
    return Accuracy(mean=mean, std=std, ci95=(max(0.0, mean - half), min(1.0, mean + half)))
