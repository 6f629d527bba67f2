"""The measured speeds, each beside something real on the same machine: ``popbridge bench``."""

import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..behav.neuron.error_law import error_law
from ..behav.neuron.neuron_errors import PAPER_RATES, wrong_sign_probabilities
from ..bnn import software
from ..bnn.mapping import MappedNetwork
from ..bnn.network import DenseLayer
from ..bnn.thresholds import authors_bias_columns
from ..field_types import Count, Magnitude, Size
from ..progress import Progress, silent
from ..record import Result, ResultPart
from ..sim.cosim import SimulationOptions, simulate, simulator_versions
from ..sim.job import Job
from ..sim.montecarlo import run_chip
from .accuracy.chip import Point, Study, physics_of
from .accuracy.sweep import sweep
from .images import select_images
from .jobs.workers import available_cores
from .request import ChipRequest

PAPER_LARGEST = 25_137
"""Inputs of the largest neuron in the authors' networks; their run for it took 71,454 s."""
WIDE = 1025
"""Neurons and inputs of the single layer whose software speed is shown."""


class SpeedsRequest(ChipRequest):
    """What is measured, and on how much."""

    images: int = 400
    """In co-simulation."""
    batch_images: Size = 10_000
    """Without hardware."""
    sweep_chips: Size = 12


class CosimSpeed(ResultPart):
    """Co-simulation in Verilator, in one process."""

    images: Size
    images_per_s: Magnitude
    evaluations_per_s: Magnitude
    """Neurons."""
    cycles_per_s: Magnitude
    start_seconds: Magnitude
    """Build, or start of what was built before."""
    peak_rss_bytes: Count


class SoftwareSpeed(ResultPart):
    """The software network, and one layer of `WIDE` neurons and inputs."""

    images_per_s: Magnitude
    layer_images_per_s: Magnitude


class MonteCarloSpeed(ResultPart):
    """A chip's physics without hardware."""

    images_per_s: Magnitude
    gemm_images_per_s: Magnitude
    """Plain float32 matrix products of the same sizes."""
    chip_seconds: Magnitude
    """Sampling a chip, and a batch of images through it."""
    chips_per_minute: Magnitude
    """Of a sweep, worker processes' start included."""
    peak_rss_bytes: Count
    """Of its largest process."""


class ErrorsSpeed(ResultPart):
    """Error probabilities of the authors' largest neuron at all rates of their tables."""

    seconds: Magnitude


class SpeedsResult(Result):
    """The speeds of this machine."""

    made_by = "popbridge bench"

    network: str
    cosim: CosimSpeed
    software: SoftwareSpeed
    montecarlo: MonteCarloSpeed
    errors: ErrorsSpeed
    seed: Count
    versions: dict[str, str]


def speeds(
    request: SpeedsRequest,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> SpeedsResult:
    """Measure; `clock` gives the time, s.

    Raises
    ------
    InputError
        Something of the request, or Verilator, is not there.
    """
    versions = simulator_versions("verilator")
    mapped = request.mapped()
    bench = _Bench(request, mapped, progress, clock)
    return SpeedsResult(
        network=mapped.network.name,
        cosim=bench.cosim(),
        software=bench.software(),
        montecarlo=bench.montecarlo(),
        errors=bench.errors(),
        seed=request.seed,
        versions=versions,
    )


def best_rate(clock: Callable[[], float], count: int, work: Callable[[], object]) -> float:
    """`count` per second of the fastest of three runs, after one to warm up."""
    seconds = []
    for _ in range(4):
        began = clock()
        work()
        seconds.append(clock() - began)
    return count / min(seconds[1:])


@dataclass(frozen=True)
class _Bench:
    """The measurements of one request."""

    request: SpeedsRequest
    mapped: MappedNetwork
    progress: Progress
    clock: Callable[[], float]

    def cosim(self) -> CosimSpeed:
        job = self._job(self.request.images)
        began = self.clock()
        outcome = simulate(job, options=SimulationOptions(progress=self.progress))
        total = self.clock() - began
        rate = len(job.images) / outcome.seconds
        return CosimSpeed(
            images=len(job.images),
            images_per_s=rate,
            evaluations_per_s=rate * sum(layer.neurons for layer in job.config.layers),
            cycles_per_s=job.config.cycles(len(job.images)) / outcome.seconds,
            start_seconds=max(0.0, total - outcome.seconds),
            peak_rss_bytes=outcome.peak_rss_bytes,
        )

    def software(self) -> SoftwareSpeed:
        self.progress("software network")
        bits, network = self._job(self.request.batch_images).images, self.mapped.network
        draw = np.random.default_rng(self.request.seed)
        weights = draw.choice(np.array([-1, 1], np.int8), (WIDE, WIDE))
        layer = DenseLayer(weights, thresholds=np.zeros(WIDE, np.int32))
        wide = draw.integers(0, 2, (self.request.batch_images, WIDE), dtype=np.uint8)
        return SoftwareSpeed(
            images_per_s=best_rate(self.clock, len(bits), lambda: software.run(network, bits)),
            layer_images_per_s=best_rate(
                self.clock, len(wide), lambda: software.layer_outputs(layer, wide)
            ),
        )

    def montecarlo(self) -> MonteCarloSpeed:
        self.progress("chip without hardware")
        job, cores = self._job(self.request.batch_images), available_cores()
        point = Point(
            condition=self.request.condition,
            parameters=None if job.chip is None else job.parameters,
        )
        began = self.clock()
        chips = physics_of(self.mapped, point, job.chip or 0, job.seed, cores)
        run_chip(chips, job.config, job.images, cores)
        chip_seconds = self.clock() - began
        factors = [
            (np.ones((len(job.images), n), np.float32), np.ones((n, m), np.float32))
            for n, m in ((layer.fan_in, layer.neurons) for layer in job.config.layers)
        ]
        count = len(job.images)
        return MonteCarloSpeed(
            images_per_s=best_rate(
                self.clock, count, lambda: run_chip(chips, job.config, job.images, cores)
            ),
            gemm_images_per_s=best_rate(
                self.clock, count, lambda: [left @ right for left, right in factors]
            ),
            chip_seconds=chip_seconds,
            chips_per_minute=self._chips_per_minute(job, point),
            peak_rss_bytes=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
        )

    def errors(self) -> ErrorsSpeed:
        self.progress("error probabilities")
        fan_in = PAPER_LARGEST + authors_bias_columns(PAPER_LARGEST)
        law, _ = error_law(6e-9)
        began = self.clock()
        wrong_sign_probabilities(fan_in, law, PAPER_RATES)
        return ErrorsSpeed(seconds=self.clock() - began)

    def _job(self, images: int) -> Job:
        selected = select_images(self.mapped.network, None, images, self.request.seed)
        return self.request.job(self.mapped, selected)

    def _chips_per_minute(self, job: Job, point: Point) -> float:
        self.progress("a sweep over chips")
        study = Study(
            network=self.mapped.network,
            macro=self.mapped.config.layers[0].macro,
            images=job.images,
            labels=np.zeros(len(job.images), np.int64),
            seed=job.seed,
        )
        began = self.clock()
        with tempfile.TemporaryDirectory() as folder:
            sweep(study, [point], range(self.request.sweep_chips), folder=Path(folder))
        return 60 * self.request.sweep_chips / (self.clock() - began)
