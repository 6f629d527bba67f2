"""``popbridge coverage``: what of the hardware the suites reach."""

import argparse
from typing import Any, TextIO

from ..study.coverage.result import CoverageResult, FileCoverage
from ..study.coverage.study import KINDS, CoverageRequest, coverage
from .options.selection import add_request_options, request_of
from .show.output import add_cache_option, progress, table

DESCRIPTION = (
    "Builds the controllers of small networks in Verilator so that it counts lines, branches and "
    "edges, runs every suite, random scenarios and images on each, and counts what events and "
    "accesses of scenarios meet. Exit status 0: what is not reached is proven constant, or listed "
    "with a reason. A killed measurement goes on where it stopped. Needs popbridge[test]."
)
OPTIONS = {
    "--designs NAME": "small networks; all without it",
    "--scenarios N": "of each design",
    "--seed": "what suites and scenarios draw from",
    "--workers N": "designs at a time; one per core without it",
    "--output FOLDER": "where what was measured is kept, coverage.jsonl",
}
_SHOWN = 40
"""Lines of what is missing: the JSON has all."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_request_options(parser, CoverageRequest, OPTIONS)
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Measure and report."""
    result = coverage(request_of(CoverageRequest, arguments), progress)
    progress("")
    print_coverage(result, out)
    return result.to_dict(), int(bool(result.missing))


def print_coverage(result: CoverageResult, out: TextIO) -> None:
    """Print what is reached, then what is not, then entries of the list that are wrong."""
    rows = [_row(each) for each in (*result.files, *map(result.of_kind, KINDS))]
    titles = ["file", "kind", "points", "reached", "constant", "listed", "missing"]
    print(table(titles, rows), file=out)
    crosses: dict[str, list[int]] = {}
    for each in result.crosses:
        counts = [each.bins, each.hit, each.listed, each.missing]
        before = crosses.get(each.cross, [0] * len(counts))
        crosses[each.cross] = [a + b for a, b in zip(before, counts, strict=True)]
    rows = [[name, *counts] for name, counts in crosses.items()]
    print(f"\n{table(['cross', 'bins', 'hit', 'listed', 'missing'], rows)}", file=out)
    for missing in result.missing[:_SHOWN]:
        print(f"not reached: {missing.design}: {missing.where}: {missing.name}", file=out)
    if len(result.missing) > _SHOWN:
        print(f"and {len(result.missing) - _SHOWN} more", file=out)
    for entry in result.stale:
        what = f"reached: {entry.reached[0]}" if entry.reached else "nothing that it is of"
        print(f"listed as not reached: {entry.names}: found {what}", file=out)
    print(
        f"\n{len(result.missing)} not reached and not accounted for; {result.scenarios} scenarios "
        f"of each of {len(result.designs)} designs, seed {result.seed}",
        file=out,
    )


def _row(each: FileCoverage) -> list[object]:
    return [
        each.file, each.kind, each.points, each.reached, each.constant, each.listed, each.missing
    ]  # fmt: skip
