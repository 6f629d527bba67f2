"""Many chips at many points: who computes what, what is kept, and what it comes to."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from ...errors import InputError
from ..jobs.journal import Journal
from ..jobs.workers import available_cores, dask_workers, local_workers, run_units
from .chip import ChipCounts, Point, Study, Unit, run_unit

Report = Callable[[int, int], None]
"""Told how many chips of how many are done."""


def sweep(
    study: Study,
    points: Sequence[Point],
    chips: Sequence[int],
    *,
    folder: Path,
    workers: int | None = None,
    scheduler: str | None = None,
    report: Report = lambda done, total: None,
) -> list[list[ChipCounts]]:
    """Run every chip of every point, except those that an earlier sweep has left in `folder`.

    Parameters
    ----------
    study : Study
    points : sequence of Point
    chips : sequence of int
        Chip numbers.
    folder : Path
        Where results are kept, chip by chip.
    workers : int, optional
        Processes on this machine; all cores without it.
    scheduler : str, optional
        Address of a Dask scheduler whose cluster does the work instead.
    report : callable (done, total), optional

    Returns
    -------
    list of list of ChipCounts
        Per point, per chip; the same whoever computed them, and when.

    Raises
    ------
    InputError
        A value out of range, no scheduler at the address, or a folder that cannot be written to.
    """
    journal = Journal(folder / f"{study.digest[:24]}.jsonl")
    places = [(point, chip) for point in points for chip in chips]
    missing = [place for place in places if _key(*place) not in journal]
    done = len(places) - len(missing)
    report(done, len(places))
    packed = study.packed()
    with _workers(len(missing), workers, scheduler) as (executor, threads):
        units = (Unit(packed, point, chip, threads) for point, chip in missing)
        for unit, counts in _results(units, executor):
            journal.add(_key(unit.point, unit.chip), counts._asdict())
            done += 1
            report(done, len(places))
    return [[ChipCounts(**journal[_key(point, chip)]) for chip in chips] for point in points]


def _key(point: Point, chip: int) -> str:
    return hashlib.sha256(f"{point!r} {chip}".encode()).hexdigest()[:24]


@contextlib.contextmanager
def _workers(
    units: int, workers: int | None, scheduler: str | None
) -> Iterator[tuple[tuple[Executor, int] | None, int]]:
    """Who works on so many units (None: this process), and the threads of each unit."""
    if scheduler is not None:
        with dask_workers(scheduler) as cluster:
            yield cluster, 1
        return
    cores = workers or available_cores()
    if units <= 1 or cores == 1:
        yield None, cores
        return
    with local_workers(min(units, cores)) as pool:
        yield pool, 1


def _results(
    units: Iterator[Unit], executor: tuple[Executor, int] | None
) -> Iterator[tuple[Unit, ChipCounts]]:
    if executor is None:
        return ((unit, run_unit(unit)) for unit in units)
    return run_units(run_unit, units, *executor)


def summary(counts: Sequence[ChipCounts], names: Sequence[str]) -> dict[str, Any]:
    """What the chips of a point come to.

    Parameters
    ----------
    counts : sequence of ChipCounts
        One per chip, at least one.
    names : sequence of str
        Of the layers.

    Returns
    -------
    dict
        ``chips``; ``accuracy`` with ``mean``, ``std`` between chips (n - 1) and ``ci95``, the 95 %
        confidence interval [low, high] of the mean by Student's t over the chips, for these images;
        ``std`` and ``ci95`` are None for one chip. ``chip_accuracies``, in the order of the chips.
        ``layers``, each with its ``name`` and ``error_rate``: neuron outputs that differ from the
        software network's for the same inputs, over all.
    """
    if not counts:
        raise InputError("chips: found none, expected at least one")
    accuracies = np.array([chip.correct / chip.images for chip in counts])
    mean = float(accuracies.mean())
    std, interval = None, None
    if len(counts) > 1:
        std = float(accuracies.std(ddof=1))
        half = float(special.stdtrit(len(counts) - 1, 0.975)) * std / math.sqrt(len(counts))
        interval = [max(0.0, mean - half), min(1.0, mean + half)]
    wrong = np.array([chip.wrong for chip in counts]).sum(axis=0)
    evaluated = np.array([chip.evaluated for chip in counts]).sum(axis=0)
    return {
        "chips": len(counts),
        "accuracy": {"mean": mean, "std": std, "ci95": interval},
        "chip_accuracies": accuracies.tolist(),
        "layers": [
            {"name": name, "error_rate": rate}
            for name, rate in zip(names, (wrong / evaluated).tolist(), strict=True)
        ],
    }
