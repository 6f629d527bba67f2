"""Proofs of the controller's hardware with SymbiYosys and z3, and that they can fail.

Each property is proven, covered (what it is about does occur), and broken: an edit of the hardware
for which it fails.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ...progress import Progress, silent
from ..tools.symbiyosys import TOP, SbyResult, SbyRun, find_tools, run_sby
from .bench import Bench, Proof, Property, Task
from .bus import bus_proofs
from .configuration_upset import configuration_proofs
from .programming import programming_proof
from .programming_upset import programming_upset_proof
from .recovery import NETWORK, recovery_proofs
from .scan import scan_proofs
from .verdict import CAUGHT, FAILED, PROVEN, REACHED, SURVIVES, UNDECIDED, UNREACHED, Verdict

MODES = {Task.INDUCTION: "prove", Task.COVER: "cover"}
"""What SymbiYosys calls a task; the others are ``bmc``."""
ARBITRARY_STATE = f"setattr -unset init {TOP}.hardware/w:* {TOP}.hardware.*/w:*"
"""Takes the registers' initial values away: the solver chooses them."""
MUTANT_CYCLES = 20
"""More than a bounded proof has: what an image that is taken too early does in its first row."""


def every_proof() -> list[Proof]:
    """All proofs, each with its properties."""
    programming = [programming_upset_proof(), programming_proof(NETWORK)]
    upsets = [*recovery_proofs(), *configuration_proofs()]
    return [*scan_proofs(), *bus_proofs(), *upsets, *programming]


@dataclass(frozen=True)
class _Question:
    """One property of one design, and what is run for it."""

    proof: Proof
    stated: Property
    only: str | None
    """The property's name if it is the only one asked for: its model then has no other."""
    mutant_design: str

    def verdict(self, results: Mapping[str, SbyResult], folder: Path, traces: Path) -> Verdict:
        """From the results of runs, by their names; of a failure the waveforms are copied."""
        proof, name, task = self.proof, self.stated.name, self.stated.method
        proven = results[_name(proof.design, task, self.only)]
        cover = results[_name(proof.design, Task.COVER, self.only)]
        mutant = results[_name(self.mutant_design, Task.MUTANT, name)]
        fails = name in proven.named and proven.step is not None
        reached = cover.passed or (bool(cover.named) and name not in cover.named)
        explanation = ""
        if fails and proven.trace is not None:
            traces.mkdir(parents=True, exist_ok=True)
            kept = traces / f"{proof.design}.{name}.vcd".replace(" ", "_")
            shutil.copyfile(folder / proven.trace, kept)
            explanation = f"fails in cycle {proven.step}; waveforms in {kept}"
        return Verdict(
            name=name,
            design=proof.design,
            scope=proof.scope,
            statement=self.stated.statement,
            method=self.stated.method.value,
            depth=_depth(proof, task),
            reach="" if task is Task.INDUCTION else proof.reach,
            result=FAILED if fails else PROVEN if proven.passed else UNDECIDED,
            cover_result=REACHED if reached else UNREACHED,
            mutant=self.stated.fault.meaning,
            mutant_design=self.mutant_design,
            mutant_result=CAUGHT if mutant.failed else SURVIVES,
            explanation=explanation,
        )


def _questions(
    proofs: Sequence[Proof], wanted: Callable[[Proof, Property], bool]
) -> list[_Question]:
    """What is asked; a fault that several designs have is tried in the first of them."""
    first: dict[tuple[str, str], str] = {}
    questions = []
    for proof in proofs:
        chosen = [each for each in proof.properties if wanted(proof, each)]
        for each in chosen:
            tried_in = first.setdefault((each.name, each.fault.meaning), proof.design)
            only = each.name if len(chosen) == 1 else None
            questions.append(_Question(proof, each, only, tried_in))
    return questions


def _runs(questions: Sequence[_Question]) -> Iterator[SbyRun]:
    """What is to be run: one model for all properties of a proof where possible."""
    begun = set()
    for each in questions:
        for task in (each.stated.method, Task.COVER):
            if (name := _name(each.proof.design, task, each.only)) not in begun:
                begun.add(name)
                yield _run(each.proof, task, each.only)
        if each.mutant_design == each.proof.design:
            yield _run(each.proof, Task.MUTANT, each.stated.name)


def _name(design: str, task: Task, only: str | None) -> str:
    parts = [design, task.value, *([only] if only else [])]
    return "-".join(parts).replace(" ", "_")


def _depth(proof: Proof, task: Task) -> int:
    if task is Task.INDUCTION:
        return proof.induction_depth
    return proof.depth + MUTANT_CYCLES * (task is Task.MUTANT)


def _run(proof: Proof, task: Task, only: str | None) -> SbyRun:
    # What no assertion sees is not unrolled.
    clean = ["opt_clean -purge"] if task in (Task.BOUNDED, Task.COVER) else []
    # Constants of the first cycle reach the later ones; induction has none.
    unroll = task is not Task.INDUCTION
    return SbyRun(
        name=_name(proof.design, task, only),
        model=Bench(proof, task, only).rtlil(),
        mode=MODES.get(task, "bmc"),
        depth=_depth(proof, task),
        prepare=[ARBITRARY_STATE] if proof.from_any_state else [],
        simplify=["flatten", *clean] if unroll else [],
        unroll=unroll,
    )


def prove(
    proofs: Sequence[Proof],
    wanted: Callable[[Proof, Property], bool],
    traces: Path,
    *,
    processes: int = 2,
    progress: Progress = silent,
) -> list[Verdict]:
    """Prove, cover and break properties.

    Parameters
    ----------
    proofs : sequence of Proof
    wanted : callable (Proof, Property) -> bool
        Which properties.
    traces : Path
        A folder for the waveforms of failures, made when the first one comes.
    processes : int
        Solvers at a time.
    progress : Progress, optional

    Raises
    ------
    InputError
        A tool is missing.
    ToolError
        One of them stops.
    """
    find_tools()
    questions = _questions(proofs, wanted)
    runs = list(_runs(questions))
    with tempfile.TemporaryDirectory(prefix="popbridge-formal-") as name:
        folder = Path(name)
        results: dict[str, SbyResult] = {}
        with ThreadPoolExecutor(processes) as pool:
            found = pool.map(lambda run: run_sby(run, folder), runs)
            for run, result in zip(runs, found, strict=True):
                results[run.name] = result
                progress("runs", len(results), len(runs))
        return [each.verdict(results, folder, traces) for each in questions]
