"""What of the hardware the suites reach: what ``popbridge coverage`` asks and finds."""

import importlib.util
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

from ...errors import InputError
from ...field_types import Limits, Size
from ...progress import Progress, silent
from ...record import Record
from ...sim.cosim import BUILD_FOLDER, simulator_versions
from ..designs import DESIGNS
from ..jobs.journal import Journal
from ..jobs.workers import available_cores, local_workers, run_units
from .points import Point
from .result import CoverageResult, CrossCoverage, FileCoverage, Listed, Missing
from .runs import Reached, Unit
from .unreached import Unreached, UnreachedBin, UnreachedList, read_list

SCENARIOS = 300
"""Of each design, with eight storms for each: docs/coverage.md."""
KINDS = ("line", "branch", "toggle")


class CoverageRequest(Record):
    """What is measured."""

    designs: tuple[str, ...] = ()
    """Names of `DESIGNS`; all if empty."""
    scenarios: Size = SCENARIOS
    """Of each design."""
    seed: Annotated[int, Limits(0, 2**31 - 1)] = 1
    """What the suites and scenarios draw from."""
    workers: Size | None = None
    """Designs at a time; one per core without it."""
    output: Path = BUILD_FOLDER / "coverage"
    """Where what was measured is kept, ``coverage.jsonl``."""


def coverage(request: CoverageRequest, progress: Progress = silent) -> CoverageResult:
    """Run every suite on every design, and account for what is not reached.

    Raises
    ------
    InputError
        No such design, or a tool is missing.
    SimulationError
        A test fails.
    """
    for name in request.designs:
        if name not in DESIGNS:
            expected = ", ".join(map(repr, DESIGNS))
            raise InputError(f"designs: found {name!r}, expected one of: {expected}")
    for module in ("cocotbext", "cocotb_coverage"):
        if importlib.util.find_spec(module) is None:
            raise InputError(
                f"found no {module}, expected it installed: pip install 'popbridge[test]'"
            )
    versions = simulator_versions("verilator", netlist=True)
    names = request.designs or tuple(DESIGNS)
    journal = Journal(request.output / "coverage.jsonl", Reached.from_plain)
    units = [Unit(name, request.seed, request.scenarios) for name in names]
    with local_workers(request.workers or available_cores()) as pool:
        waiting = [unit for unit in units if unit.key not in journal]
        progress("suites and scenarios", 0, len(waiting))
        for done, (unit, reached) in enumerate(run_units(Unit.reach, waiting, *pool), start=1):
            journal.add(unit.key, reached.to_plain())
            progress("suites and scenarios", done, len(waiting))
    found = {unit.design: journal[unit.key] for unit in units}
    words = ["popbridge", "coverage", "--scenarios", request.scenarios, "--seed", request.seed]
    words += ["--designs", *request.designs] if request.designs else []
    account = Account(found, read_list())
    return CoverageResult(
        designs=names,
        scenarios=request.scenarios,
        seed=request.seed,
        files=account.files(),
        crosses=account.crosses(),
        missing=tuple(account.missing),
        listed=account.listed(whole=not request.designs),
        versions=versions,
        command=tuple(map(str, words)),
    )


Entry: TypeAlias = Unreached | UnreachedBin


class Account:
    """Accounts for every point and bin of some designs.

    Members
    -------
    missing : list of Missing
        What is neither reached nor accounted for; complete once files and crosses were counted.
    """

    def __init__(self, found: Mapping[str, Reached], known: UnreachedList):
        self._found = found
        self._known = known
        self._excused: Counter[Entry] = Counter()
        self._wrong: dict[Entry, list[str]] = {}
        self.missing: list[Missing] = []

    def _is_listed(
        self, entries: list[Unreached] | list[UnreachedBin], hits: int, name: str
    ) -> bool:
        """Whether something is not reached for a listed reason; keeps what comes of it."""
        for entry in entries:
            if hits:
                self._wrong.setdefault(entry, []).append(name)
            else:
                self._excused[entry] += 1
        return bool(entries) and not hits

    def files(self) -> tuple[FileCoverage, ...]:
        """The points, by file and kind."""
        counts: dict[tuple[str, str], Counter[str]] = {}
        for design, reached in self._found.items():
            for point, hits in reached.hits.items():
                outcome = self._outcome(design, point, hits, point in reached.constant)
                counts.setdefault((point.file, point.kind), Counter())[outcome] += 1
        return tuple(
            FileCoverage(
                file=file, kind=kind, points=counts[file, kind].total(),
                **{name: counts[file, kind][name] for name in ("reached", "constant", "listed")},
            )
            for file, kind in sorted(counts, key=lambda key: (key[0], KINDS.index(key[1])))
        )  # fmt: skip

    def _outcome(self, design: str, point: Point, hits: int, constant: bool) -> str:
        if constant and not hits:
            return "constant"
        entries = [each for each in self._known.points if each.covers(design, point)]
        if self._is_listed(entries, hits, f"{design}: {point.name}"):
            return "listed"
        if hits:
            return "reached"
        self.missing.append(
            Missing(design=design, where=point.file, kind=point.kind, name=point.name)
        )
        return "missing"

    def crosses(self) -> tuple[CrossCoverage, ...]:
        """The bins, by design and cross."""
        counts: dict[tuple[str, str], Counter[str]] = {}
        for design, reached in self._found.items():
            for (cross, values), hits in reached.met.items():
                name = ", ".join(values)
                entries = [each for each in self._known.bins if each.covers(design, cross, values)]
                count = counts.setdefault((design, cross), Counter())
                count["bins"] += 1
                if self._is_listed(entries, hits, f"{design}: {cross}: {name}"):
                    count["listed"] += 1
                elif hits:
                    count["hit"] += 1
                else:
                    self.missing.append(Missing(design=design, where=cross, kind="bin", name=name))
        return tuple(
            CrossCoverage(
                design=design, cross=cross,
                **{name: count[name] for name in ("bins", "hit", "listed")},
            )
            for (design, cross), count in counts.items()
        )  # fmt: skip

    def listed(self, *, whole: bool) -> tuple[Listed, ...]:
        """What became of each entry; unless `whole`, of those that some point or bin is of."""
        entries: list[Entry] = [*self._known.points, *self._known.bins]
        return tuple(
            Listed(
                names=entry.told_as,
                reason=entry.reason,
                excused=self._excused[entry],
                reached=tuple(self._wrong.get(entry, ())),
            )
            for entry in entries
            if whole or entry in self._excused or entry in self._wrong
        )
