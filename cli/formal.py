"""``popbridge formal``: proofs of the generated controller's hardware."""

import argparse
from pathlib import Path
from typing import Any

from ..flow.formal.verdict import Verdict
from ..study.formal import FormalRequest, formal
from .options.selection import request_of
from .show.output import (
    add_cache_option,
    add_json_option,
    progress,
    require_writable,
    table,
    text_stream,
    write_json,
)

TITLES = ("property", "design", "method", "depth", "result", "cover", "mutant")


def add_parser(commands: Any) -> None:
    """Add the subparser ``formal`` to `commands`."""
    parser = commands.add_parser(
        "formal",
        description="Proves properties of the controller's hardware with SymbiYosys and z3: each "
        "one for all inputs, and for all phase lengths where the method is induction. Each is "
        "covered, and broken by an edit of the hardware for which its proof fails. Exit status 0: "
        "all hold and all edits are caught. Needs popbridge[formal].",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", default=[],
        help="properties or designs; all without it",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=FormalRequest.output, metavar="FOLDER",
        help="where waveforms of failures go",
    )  # fmt: skip
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prove what is asked for."""
    require_writable(arguments.json)
    request = request_of(FormalRequest, arguments)
    result = formal(request, progress)
    progress("")
    out = text_stream(arguments.json)
    print(table(TITLES, [_row(verdict) for verdict in result.properties]), file=out)
    for bad in result.failures:
        print(f"{bad.design}: {bad.name}: {bad.fault}", file=out)
    count, failed = len(result.properties), len(result.failures)
    print(f"{count - failed} of {count} hold", file=out)
    write_json(arguments.json, result.to_dict())
    return 1 if failed else 0


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
