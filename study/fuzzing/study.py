"""Fuzzing of all readers: what ``popbridge fuzz`` asks and finds."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Annotated, ClassVar

from ...cache import source_digest
from ...digest import key_of
from ...errors import InputError
from ...field_types import Count, Limits, Size
from ...progress import Progress, silent
from ...record import Record, Result
from ...sim.cosim import BUILD_FOLDER
from ...whole_file import made_folder
from ..jobs.journal import Journal
from ..jobs.workers import available_cores, local_workers, run_units
from .campaign import Batch, BatchResult, Finding, read_batch
from .targets import TARGETS, Target

BATCH = 500


class FuzzRequest(Record):
    """A campaign."""

    inputs: Size = 20_000
    """How many broken inputs, shared out among the readers."""
    seed: Annotated[int, Limits(0, 2**31 - 1)] = 1
    """What they are drawn from."""
    only: tuple[str, ...] = ()
    """Names of targets; without any all."""
    workers: Size | None = None
    """Processes; one per core without it."""
    output: Path = BUILD_FOLDER / "fuzz"
    """Where finished batches are kept, ``fuzz.jsonl``, and inputs that were found."""


class FuzzResult(Result):
    """What became of the inputs of a campaign."""

    made_by: ClassVar[str] = "popbridge fuzz --json"
    inputs: Count
    accepted: dict[str, Count]
    """By target: inputs that were read, and are whole."""
    refused: dict[str, Count]
    """By target: inputs that were refused in one line."""
    findings: tuple[Finding, ...]
    seed: Count
    command: tuple[str, ...]
    """Words that repeat it."""


def fuzz(
    request: FuzzRequest,
    progress: Progress = silent,
    targets: Mapping[str, Target] = TARGETS,
    work: Callable[[Batch], BatchResult] = read_batch,
) -> FuzzResult:
    """Run the campaign, or go on where an earlier one stopped.

    Parameters
    ----------
    request : FuzzRequest
        What is asked.
    progress : callable
        Told how many batches are done.
    targets : mapping
        Readers by name.
    work : callable
        Reads a batch of these targets; other processes find it by its name.

    Raises
    ------
    InputError
        A target that there is not.
    """
    names = [*(request.only or targets)]
    for name in names:
        if name not in targets:
            raise InputError(f"only: found {name!r}, expected some of: {', '.join(targets)}")
    journal = Journal(made_folder(request.output) / "fuzz.jsonl", BatchResult.from_dict)
    progress("making valid inputs")
    batches = _batches(request, {name: targets[name] for name in names})
    results: dict[str, list[BatchResult]] = {name: [] for name in names}
    finished = _finished(batches, work, journal, request.workers or available_cores())
    for done, (batch, result) in enumerate(finished, 1):
        results[batch.target].append(result)
        progress("batches", done, len(batches))
    findings: dict[tuple[str, str], Finding] = {}
    for name in names:
        for result in results[name]:
            findings |= {(name, each.what): each for each in result.findings}
    for number, each in enumerate(findings.values()):
        file = f"finding-{request.seed}-{number}-{targets[each.target].file}"
        (request.output / file).write_bytes(bytes.fromhex(each.input))
    return _result(request, results, tuple(findings.values()))


def _batches(request: FuzzRequest, targets: Mapping[str, Target]) -> list[Batch]:
    batches = []
    for index, (name, target) in enumerate(targets.items()):
        left = request.inputs // len(targets) + (index < request.inputs % len(targets))
        seeds = list(target.seeds())
        for number in range(-(-left // BATCH)):
            count = min(BATCH, left - number * BATCH)
            batches.append(
                Batch(target=name, seeds=seeds, number=number, inputs=count, seed=request.seed)
            )
    # All targets from the start: a campaign that is stopped has tried each.
    return sorted(batches, key=attrgetter("number"))


def _finished(
    batches: list[Batch],
    work: Callable[[Batch], BatchResult],
    journal: Journal[BatchResult],
    workers: int,
) -> Iterator[tuple[Batch, BatchResult]]:
    made_by = source_digest()

    def key(batch: Batch) -> str:
        return key_of(made_by, batch)

    waiting = []
    for batch in batches:
        if key(batch) in journal:
            yield batch, journal[key(batch)]
        else:
            waiting.append(batch)
    if not waiting:
        return
    with local_workers(min(workers, len(waiting))) as pool:
        for batch, result in run_units(work, waiting, *pool):
            journal.add(key(batch), result.to_dict())
            yield batch, result


def _result(
    request: FuzzRequest, results: dict[str, list[BatchResult]], findings: tuple[Finding, ...]
) -> FuzzResult:
    words = ["popbridge", "fuzz", "--inputs", request.inputs, "--seed", request.seed]
    if request.only:
        words += ["--only", *request.only]
    return FuzzResult(
        inputs=request.inputs,
        accepted={name: sum(each.accepted for each in of) for name, of in results.items()},
        refused={name: sum(each.refused for each in of) for name, of in results.items()},
        findings=findings,
        seed=request.seed,
        command=tuple(map(str, words)),
    )
