"""``popbridge formal``: proofs of the generated controller's hardware."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..flow.formal.bench import Proof, Property
from ..flow.formal.equivalence import EQUIVALENCE, prove_equivalence
from ..flow.formal.prove import CAUGHT, PROVEN, REACHED, every_proof, prove
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

TRACES = Path("build") / "formal"
RESULTS = ("result", "cover_result", "mutant_result")
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
        "--output", type=Path, default=TRACES, metavar="FOLDER",
        help="where waveforms of failures go",
    )  # fmt: skip
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prove what is asked for."""
    require_writable(arguments.json)
    proofs = every_proof()
    names = set(arguments.only)
    known = {each.name for proof in proofs for each in proof.properties}
    known |= {proof.design for proof in proofs} | {EQUIVALENCE}
    for name in arguments.only:
        if name not in known:
            raise InputError(f"--only: found {name!r}, expected one of: {', '.join(sorted(known))}")

    def wanted(proof: Proof, stated: Property) -> bool:
        return not names or bool(names & {proof.design, stated.name})

    def told(done: int, total: int, name: str) -> None:
        progress(progress_bar(done, total, "runs"))

    processes = os.cpu_count() or 1
    verdicts = prove(proofs, wanted, arguments.output, processes=processes, told=told)
    bad = [
        f"{each.design}: {each.stated.name}: {each.fault}" for each in verdicts if not each.holds
    ]
    found = [verdict.to_dict() for verdict in verdicts]
    if not names or EQUIVALENCE in names:
        progress("both layers beside each other")
        found.append(equal := prove_equivalence(processes=processes))
        if [equal[name] for name in RESULTS] != [PROVEN, REACHED, CAUGHT]:
            bad.append(f"{equal['design']}: {EQUIVALENCE}: {[equal[name] for name in RESULTS]}")
    progress("")
    out = text_stream(arguments.json)
    print(table(TITLES, [_row(each) for each in found]), file=out)
    for line in bad:
        print(line, file=out)
    print(f"{len(found) - len(bad)} of {len(found)} hold", file=out)
    write_json(arguments.json, {"properties": found})
    return 1 if bad else 0


def _row(found: dict[str, Any]) -> list[object]:
    reach = f" ({found['reach']})" if found["reach"] else ""
    return [
        found["name"], found["design"], found["method"], f"{found['depth']} cycles{reach}",
        *(found[name] for name in RESULTS),
    ]  # fmt: skip
