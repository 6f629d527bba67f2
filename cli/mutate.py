"""``popbridge mutate``: faults put into the hardware, and whether the fast tests find them."""

import argparse
from pathlib import Path
from typing import Any, TextIO

from ..study.mutation.campaign import ATTACKS
from ..study.mutation.designs import DESIGNS
from ..study.mutation.result import SURVIVED, MutateResult
from ..study.mutation.study import MutateRequest, mutate
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


def add_parser(commands: Any) -> None:
    """Add the subparser ``mutate`` to `commands`."""
    parser = commands.add_parser(
        "mutate",
        description="Yosys puts single faults into the controllers of small networks; each is "
        "simulated in Icarus under the fast tests, its counters are put to the proof, and what "
        "passes is held against the controller without a fault by SAT and induction. A killed "
        "campaign goes on where it stopped.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--mutants", type=int, default=MutateRequest.mutants, help="how many faults"
    )
    parser.add_argument(
        "--seed", type=int, default=MutateRequest.seed, help="what they are drawn from"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="simulations at a time; one per core without it"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", default=MutateRequest.output,
        help="where finished results are kept, mutants.jsonl",
    )  # fmt: skip
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the campaign and report."""
    require_writable(arguments.json)
    request = request_of(MutateRequest, arguments)
    result = mutate(request, progress)
    progress("")
    print_campaign(result, text_stream(arguments.json))
    write_json(arguments.json, result.to_dict())
    return 0


def print_campaign(result: MutateResult, out: TextIO) -> None:
    """Print the table of a campaign and its survivors."""
    rows: list[list[object]] = []
    for design in DESIGNS:
        counts = result.outcomes_of(design)
        rows.append([design, sum(counts), *counts])
    rows.append(["all", result.mutants, *result.outcomes.values()])
    killers = [f"killed by {name}" for name in ATTACKS]
    print(table(["design", "mutants", *killers, "proven equal", SURVIVED], rows), file=out)
    rates = result.kill_rate
    print(
        f"\nkilled: {rates.of_all:.1%} of all, {rates.of_different:.1%} of those not proven "
        f"equal to the original; seed {result.seed}",
        file=out,
    )
    for each in result.results:
        if not each.killed:
            where = ", ".join(each.sources)
            print(f"{each.outcome}: {each.design}: {each.mode} {each.place} ({where})", file=out)
