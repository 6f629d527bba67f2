"""``popbridge mutate``: faults put into the hardware, and whether the fast tests find them."""

import argparse
from typing import Any, TextIO

from ..study.mutation.result import SURVIVED, MutateResult
from ..study.mutation.study import MutateRequest, mutate
from ..study.mutation.targets import ATTACKS
from .options.selection import add_request_options, request_of
from .show.output import add_cache_option, progress, table

DESCRIPTION = (
    "Puts single faults into every module of the hardware, in the netlists of small designs and in "
    "the Amaranth source; each is simulated in Icarus under the fast tests, its counters are put "
    "to the proof, and what passes is held against the hardware without a fault, by induction and "
    "PDR from reset. A killed campaign goes on where it stopped."
)
OPTIONS = {
    "--mutants": "how many faults",
    "--seed": "what they are drawn from",
    "--workers N": "simulations at a time; one per core without it",
    "--output FOLDER": "where finished results are kept, mutants.jsonl",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_request_options(parser, MutateRequest, OPTIONS)
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Run the campaign and report."""
    result = mutate(request_of(MutateRequest, arguments), progress)
    progress("")
    print_campaign(result, out)
    return result.to_dict(), int(result.outcomes[SURVIVED] > 0)


def print_campaign(result: MutateResult, out: TextIO) -> None:
    """Print the table of a campaign and its survivors."""
    rows: list[list[object]] = []
    for module in result.modules:
        counts = result.outcomes_of(module)
        rows.append([module.partition(".hdl.")[2], sum(counts), *counts])
    rows.append(["all", result.mutants, *result.outcomes.values()])
    killers = [f"killed by {name}" for name in ATTACKS]
    print(table(["module", "mutants", *killers, "proven equal", SURVIVED], rows), file=out)
    rates = result.kill_rate
    print(
        f"\nkilled: {rates.of_all:.1%} of all, {rates.of_different:.1%} of those not proven "
        f"equal to the original; seed {result.seed}",
        file=out,
    )
    for each in result.results:
        if not each.killed:
            print(
                f"{each.outcome}: {each.design}: {each.mode} {each.place}: {each.command}; "
                f"{each.reason}",
                file=out,
            )
