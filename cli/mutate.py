"""``popbridge mutate``: faults put into the hardware, and whether the fast tests find them."""

from __future__ import annotations

import argparse
import collections
from pathlib import Path
from typing import Any, TextIO

from ..cache import cache_folder
from ..errors import InputError
from ..sim.cosim import BUILD_FOLDER, simulator_versions
from ..study.jobs.journal import Journal
from ..study.jobs.workers import available_cores
from ..study.mutation.campaign import (
    ATTACKS,
    EQUAL,
    SURVIVED,
    campaign,
    campaign_trials,
    kill_rates,
)
from ..study.mutation.designs import DESIGNS
from .output import (
    add_cache_option,
    add_json_option,
    progress,
    progress_bar,
    require_writable,
    table,
    text_stream,
    write_json,
)

DEFAULT_MUTANTS = 200


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
    parser.add_argument("--mutants", type=int, default=DEFAULT_MUTANTS, help="how many faults")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn from")
    parser.add_argument(
        "--workers", type=int, default=available_cores(), help="simulations at a time"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", default=BUILD_FOLDER / "mutate",
        help="where finished results are kept, mutants.jsonl",
    )  # fmt: skip
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the campaign and report."""
    for name in ("mutants", "workers"):
        if getattr(arguments, name) < 1:
            raise InputError(f"--{name}: found {getattr(arguments, name)}, expected at least 1")
    if not 0 <= arguments.seed < 2**31:
        raise InputError(f"--seed: found {arguments.seed}, expected 0 to {2**31 - 1}")
    require_writable(arguments.json)
    versions = simulator_versions("icarus", netlist=True)
    journal = Journal(arguments.output / "mutants.jsonl")
    progress("making the mutants")
    trials = campaign_trials(arguments.mutants, arguments.seed, cache_folder())
    found = {}
    for index, result in campaign(trials, journal, arguments.workers):
        found[index] = result
        progress(progress_bar(len(found), len(trials), "mutants"))
    progress("")
    result = result_of_campaign([found[index] for index in range(len(trials))])
    result |= {"seed": arguments.seed, "versions": versions}
    result["command"] = [
        "popbridge", "mutate", "--mutants", str(arguments.mutants), "--seed", str(arguments.seed)
    ]  # fmt: skip
    print_campaign(result, text_stream(arguments.json))
    write_json(arguments.json, result)
    return 0


def result_of_campaign(mutants: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts and kill rates over the results of mutants, and these."""
    outcomes = collections.Counter(mutant["outcome"] for mutant in mutants)
    return {
        "mutants": len(mutants),
        "outcomes": {name: outcomes[name] for name in (*ATTACKS, EQUAL, SURVIVED)},
        "kill_rate": kill_rates(mutants),
        "results": mutants,
    }


def print_campaign(result: dict[str, Any], out: TextIO) -> None:
    """Print the table of a campaign and its survivors."""
    names = list(result["outcomes"])
    rows: list[list[object]] = []
    for design in DESIGNS:
        of_design = [each["outcome"] for each in result["results"] if each["design"] == design]
        rows.append([design, len(of_design), *(of_design.count(name) for name in names)])
    rows.append(["all", result["mutants"], *result["outcomes"].values()])
    killers = [f"killed by {name}" for name in ATTACKS]
    print(table(["design", "mutants", *killers, "proven equal", SURVIVED], rows), file=out)
    rates = result["kill_rate"]
    print(
        f"\nkilled: {rates['of_all']:.1%} of all, {rates['of_different']:.1%} of those not proven "
        f"equal to the original; seed {result['seed']}",
        file=out,
    )
    for each in result["results"]:
        if each["outcome"] in (SURVIVED, EQUAL):
            where = ", ".join(each["sources"])
            print(
                f"{each['outcome']}: {each['design']}: {each['mode']} {each['place']} ({where})",
                file=out,
            )
