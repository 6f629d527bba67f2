"""What a faulty design meets: simulations and proofs, each gives why the hardware fails."""

import json
from collections.abc import Sequence
from pathlib import Path

from ...errors import HardwareFault
from ...flow.emit.controller import CONTROLLER
from ...flow.formal.counters import counters_count
from ...flow.formal.netlist_faults import NO_FAULT, prepared_design, with_faults
from ...hdl.config import DigitalLayerConfig
from ...sim.cosim import testbench_sources
from ...sim.host.verdict import check_programming
from ...sim.job import Job
from ...sim.outcome import Outcome
from ...sim.simulators.job_folder import CONFIG_VARIABLE, JOB_MODULES, SUITES
from ...sim.simulators.runners import NOT_REWRITTEN
from ...sim.simulators.suites import Suite, run_suite
from ...sim.testbench.top import TESTBENCH
from ...sim.verdict import check_hardware

TIME_LIMIT_S = 120
"""Of one simulation, on a busy machine, too; what lasts longer hangs."""
BIT_SUITES = tuple(
    f"{SUITES}.{name}"
    for name in (
        "every_register_bit",
        "every_restart",
        "every_phase_bit",
        "every_mark",
        "every_parity",
    )
)
TRIM_SUITE = f"{SUITES}.every_trim"
PACKET_SUITES = tuple(f"{SUITES}.{name}" for name in ("every_packet", "every_move"))
BUS_SUITES = tuple(f"{SUITES}.{name}" for name in ("control_bus", "axi_stream", "many_events"))
LONG_SUITES = tuple(f"{SUITES}.{name}" for name in ("storms", "scenarios", "longest_phase"))
DIGITAL_SUITE = f"{SUITES}.digital_layer"
NO_VERDICT = "no verdict: the simulation did not build, hung or stopped"


def _simulate(
    sources: dict[str, str], top: str, modules: Sequence[str], job: Job | None, folder: Path,
    **settings: str,
) -> str | None:  # fmt: skip
    """Run cocotb tests up to the first that fails, and give its name; None if all pass."""
    folder.mkdir()
    suite = Suite(
        sources=sources,
        modules=modules,
        top=top,
        settings={"COCOTB_MAX_FAILURES": "1", **NOT_REWRITTEN, **settings},
        time_limit_s=TIME_LIMIT_S,
    )
    result = run_suite(suite, job, folder)
    return next(iter(result.failures), None if result.tests else NO_VERDICT)


def images(job: Job, source: str, folder: Path) -> str | None:
    """Images through a chip's physics: every pin in every cycle, every bit, every cycle count."""
    sources = testbench_sources(job.config, source, strict=False)
    if _simulate(sources, TESTBENCH, [JOB_MODULES["bulk"]], job, folder):
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


def bits(job: Job, source: str, folder: Path) -> str | None:
    """Every bit of registers and phase times, a soft reset in every cycle, every comparator,
    every mark of an image flipped; every trim and every packet of weights where there are some."""
    more = [TRIM_SUITE] * job.calibrate + [*PACKET_SUITES] * job.program
    sources = {"controller.sv": source}
    return _simulate(sources, CONTROLLER, [*BIT_SUITES, *more], job, folder)


def buses(job: Job, source: str, folder: Path) -> str | None:
    """Every register, command, reset and broken frame, with pauses at both ends of the streams."""
    return _simulate({"controller.sv": source}, CONTROLLER, BUS_SUITES, job, folder)


def long(job: Job, source: str, folder: Path) -> str | None:
    """Storms and random scenarios with resets in any state, then the longest phase to its end."""
    return _simulate({"controller.sv": source}, CONTROLLER, LONG_SUITES, job, folder)


def counters(job: Job, source: str, folder: Path) -> str | None:
    """The proof that counters and timers count from any value: simulations reach few."""
    prepared = prepared_design(source, CONTROLLER, flat=True)
    ((_, flat),) = with_faults(prepared, [NO_FAULT])
    return None if counters_count(job.config, flat) else "a count that is not proven"


def words(config: DigitalLayerConfig, source: str, folder: Path) -> str | None:
    """The digital layer against counting: all inputs, thresholds about the sums, every stall."""
    return _simulate(
        {"design.sv": source},
        CONTROLLER,
        [DIGITAL_SUITE],
        None,
        folder,
        **{CONFIG_VARIABLE: json.dumps(config.to_dict())},
    )
