"""``popbridge upset``: bits of registers that flip by themselves, and what becomes of images."""

import argparse
from typing import Any, TextIO

from ..study.upsets.result import OUTCOMES, UpsetsResult
from ..study.upsets.study import UpsetRequest, upset
from .options.selection import add_request_options, request_of
from .show.output import add_cache_option, progress, table

DESCRIPTION = (
    "Single bits of the registers of small networks' controllers flip in any cycle, drawn, while "
    "a host sets up, calibrates, programs and sends images to ideal arrays. A killed campaign goes "
    "on where it stopped."
)
OPTIONS = {
    "--upsets": "how many",
    "--seed": "what they are drawn from",
    "--workers N": "simulations at a time; one per core without it",
    "--output FOLDER": "where finished results are kept, upsets.jsonl",
}
LISTED = 30
"""Registers with silent upsets that are printed; the JSON has all."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_request_options(parser, UpsetRequest, OPTIONS)
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Run the campaign and report."""
    result = upset(request_of(UpsetRequest, arguments), progress)
    progress("")
    print_upsets(result, out)
    return result.to_dict(), 0


def print_upsets(result: UpsetsResult, out: TextIO) -> None:
    """Print the tables of a campaign, and registers whose upsets are silent."""
    print(
        f"silent or hanging: {result.silent_share:.2%} of {result.upsets} upsets; "
        f"seed {result.seed}\n",
        file=out,
    )
    for title, set_up in (("while images come", False), ("while the host sets up", True)):
        rows = result.table(set_up)
        total = [sum(int(str(row[k])) for row in rows) for k in range(1, len(rows[0]))]
        print(table([title, "upsets", *OUTCOMES], [*rows, ["all", *total]]), file=out)
        print(file=out)
    for name, count in result.unprotected()[:LISTED]:
        print(f"silent: {name}: {count}", file=out)
