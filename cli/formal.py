"""``popbridge formal``: proofs of the generated controller's hardware."""

import argparse
from typing import Any, TextIO

from ..flow.formal.verdict import Verdict
from ..study.formal import FormalRequest, formal
from .options.selection import add_request_options, request_of
from .show.output import add_cache_option, progress, table

TITLES = ("property", "design", "method", "depth", "result", "cover", "mutant")

DESCRIPTION = (
    "Proves properties of the controller's hardware with SymbiYosys and z3: each "
    "one for all inputs, and for all phase lengths where the method is induction. Each is "
    "covered, and broken by an edit of the hardware for which its proof fails. Exit status 0: "
    "all hold and all edits are caught. Needs popbridge[formal]."
)
OPTIONS = {
    "--only NAME": "properties or designs; all without it",
    "--output FOLDER": "where waveforms of failures go",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_request_options(parser, FormalRequest, OPTIONS)
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Prove what is asked for."""
    result = formal(request_of(FormalRequest, arguments), progress)
    progress("")
    print(table(TITLES, [_row(verdict) for verdict in result.properties]), file=out)
    for bad in result.failures:
        print(f"{bad.design}: {bad.name}: {bad.fault}", file=out)
    count, failed = len(result.properties), len(result.failures)
    print(f"{count - failed} of {count} hold", file=out)
    return result.to_dict(), int(failed > 0)


def _row(verdict: Verdict) -> list[object]:
    reach = f" ({verdict.reach})" if verdict.reach else ""
    return [
        verdict.name,
        verdict.design,
        verdict.method,
        f"{verdict.depth} cycles{reach}",
        verdict.result,
        verdict.cover_result,
        verdict.mutant_result,
    ]
