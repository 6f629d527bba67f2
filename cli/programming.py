"""``popbridge run --program``: its options, and what programming came to."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, TextIO

from ..errors import InputError
from ..hdl.config import NetworkConfig
from ..sim.host.programming import programming_table
from ..sim.job import Job
from ..sim.outcome import Outcome
from .show.output import table


def add_programming_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--program`` and ``--self-test``."""
    parser.add_argument(
        "--program", action="store_true",
        help="start from blank arrays: the controller forms, writes, verifies and repairs them "
        "first; needs a programmable macro",
    )  # fmt: skip
    parser.add_argument(
        "--self-test",
        action="store_true",
        help="with --program: write test patterns before the weights and count failing cells",
    )


def require_programmable(arguments: argparse.Namespace, config: NetworkConfig) -> None:
    """Raise InputError, before any long work, if the choices do not go with ``--program``."""
    if not arguments.program:
        if arguments.self_test:
            raise InputError("--self-test: found without --program, expected both")
        return
    if not config.programmable:
        raise InputError(
            f"--program: found macro {arguments.macro}, expected one that sets programmable "
            "(popbridge presets programmable)"
        )
    if arguments.chip is None:
        raise InputError(
            "--chip: found ideal with --program, expected a number: an ideal chip has no devices"
        )
    for name, found in (("--strict", arguments.strict), ("--waves", arguments.waves)):
        if found:
            raise InputError(f"{name}: found with --program, expected one of the two")


def programming_of_run(job: Job, outcome: Outcome) -> dict[str, Any]:
    """What programming adds to the result of ``run --json``; nothing without ``--program``."""
    if not job.program:
        return {}
    return {
        "programming": programming_table(job, outcome),
        "programming_errors": outcome.programming_errors,
    }


def print_programming(layers: Sequence[dict[str, Any]], errors: Sequence[str], out: TextIO) -> None:
    """Print each layer's programming, its self-test, and what could not be repaired."""
    if layers and "self_test" in layers[0]:
        patterns = list(layers[0]["self_test"])
        rows = [[layer["name"], *layer["self_test"].values()] for layer in layers]
        print(f"{table(['self-test, failing cells', *patterns], rows)}\n", file=out)
    titles = ["programming", "pulses", "retries", "failed cells", "spare rows used",
              "unrepairable rows", "cycles"]  # fmt: skip
    names = ("name", "pulses", "retries", "failed_cells", "spare_rows_used", "unrepairable_rows",
             "cycles")  # fmt: skip
    print(f"{table(titles, [[layer[name] for name in names] for layer in layers])}\n", file=out)
    for layer in layers:
        if layer["unrepairable_rows"]:
            print(
                f"not repaired: {layer['name']}: {layer['unrepairable_rows']} rows have more "
                "failing cells than the limit, no spare row is left; inference goes on with them",
                file=out,
            )
    if errors:
        print(f"error flags of the controller: {', '.join(errors)}\n", file=out)
