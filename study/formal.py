"""Proofs of the controller's hardware: what ``popbridge formal`` asks and finds."""

import os
from pathlib import Path

from ..errors import InputError
from ..flow.formal.bench import Proof, Property
from ..flow.formal.equivalence import EQUIVALENCE, prove_equivalence
from ..flow.formal.prove import every_proof, prove
from ..flow.formal.verdict import Verdict
from ..progress import Progress, silent
from ..record import Record, Result


class FormalRequest(Record):
    """Which properties are proven."""

    only: tuple[str, ...] = ()
    """Names of properties or designs; all if empty."""
    output: Path = Path("build") / "formal"
    """Where waveforms of failures go."""


class FormalResult(Result):
    """What came of each property; docs/formal.md."""

    made_by = "popbridge formal"

    properties: tuple[Verdict, ...]

    @property
    def failures(self) -> list[Verdict]:
        """Properties that do not hold, are empty, or whose proof cannot fail."""
        return [verdict for verdict in self.properties if not verdict.holds]


def formal(request: FormalRequest, progress: Progress = silent) -> FormalResult:
    """Prove, cover and break.

    Raises
    ------
    InputError
        No such property or design, or a tool is missing.
    ToolError
        A tool stops.
    """
    proofs = every_proof()
    names = set(request.only)
    known = {each.name for proof in proofs for each in proof.properties}
    known |= {proof.design for proof in proofs} | {EQUIVALENCE}
    for name in request.only:
        if name not in known:
            raise InputError(f"only: found {name!r}, expected one of: {', '.join(sorted(known))}")

    def wanted(proof: Proof, stated: Property) -> bool:
        return not names or bool(names & {proof.design, stated.name})

    processes = os.cpu_count() or 1
    verdicts = prove(proofs, wanted, request.output, processes=processes, progress=progress)
    if not names or EQUIVALENCE in names:
        progress("both layers beside each other")
        verdicts.append(prove_equivalence(processes=processes))
    return FormalResult(properties=tuple(verdicts))
