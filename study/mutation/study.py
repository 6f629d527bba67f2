"""Faults put into the hardware: what ``popbridge mutate`` asks and finds."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from ...cache import cache_folder
from ...field_types import Limits, Size
from ...progress import Progress, silent
from ...record import Record
from ...sim.cosim import BUILD_FOLDER, simulator_versions
from ..jobs.journal import Journal
from ..jobs.workers import available_cores
from .campaign import ATTACKS, campaign, campaign_runs, read_verdict
from .result import EQUAL, SURVIVED, KillRate, MutantResult, MutateResult


class MutateRequest(Record):
    """A campaign."""

    mutants: Size = 200
    """How many faults, shared out among the designs."""
    seed: Annotated[int, Limits(0, 2**31 - 1)] = 1
    """What they are drawn from."""
    workers: Size | None = None
    """Simulations at a time; one per core without it."""
    output: Path = BUILD_FOLDER / "mutate"
    """Where finished results are kept, ``mutants.jsonl``."""


def mutate(request: MutateRequest, progress: Progress = silent) -> MutateResult:
    """Run the campaign, or go on where an earlier one stopped.

    Raises
    ------
    InputError
        A tool is missing.
    SimulationError
        A design fails an attack without any fault.
    """
    versions = simulator_versions("icarus", netlist=True)
    journal = Journal(request.output / "mutants.jsonl", read_verdict)
    progress("making the mutants")
    runs = campaign_runs(request.mutants, request.seed, cache_folder())
    found: dict[int, MutantResult] = {}
    for index, result in campaign(runs, journal, request.workers or available_cores()):
        found[index] = result
        progress("mutants", len(found), len(runs))
    return result_of(request, [found[index] for index in range(len(runs))], versions)


def result_of(
    request: MutateRequest, results: Sequence[MutantResult], versions: dict[str, str]
) -> MutateResult:
    """What the mutants of a campaign come to."""
    outcomes = Counter(result.outcome for result in results)
    words = ["popbridge", "mutate", "--mutants", request.mutants, "--seed", request.seed]
    return MutateResult(
        mutants=len(results),
        outcomes={name: outcomes[name] for name in (*ATTACKS, EQUAL, SURVIVED)},
        kill_rate=KillRate.of(results),
        results=tuple(results),
        seed=request.seed,
        versions=versions,
        command=tuple(map(str, words)),
    )
