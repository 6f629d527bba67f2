"""What runs a job on the simulated top: driver of images, monitor of results, their order."""

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from cocotb.triggers import Event, FallingEdge, First, ReadOnly, Timer, ValueChange

from ...behav.chip.layer import LayerChip
from ...bits import word_of_levels
from ...sim.host.calibration import CalibrationHost, calibration_cycles
from ...sim.host.ports import SLACK_CYCLES
from ...sim.job import Job
from ...sim.outcome import Outcome, peak_rss_bytes, result_of_beats
from ...sim.simulators.job_folder import (
    FAILURE_FILE,
    JOB_FILE,
    JOB_VARIABLE,
    OUTCOME_FILE,
    PROGRESS_FILE,
    PROGRESS_PERIOD_S,
)
from ...sim.testbench.ports import RESET_CYCLES
from ..bench.handles import Failure, read_meter, read_number
from ..bench.tasks import Tasks
from .ports import DriverPorts

Programming = Callable[[Any, Job, DriverPorts], Awaitable[tuple[list[LayerChip], Outcome]]]
ArraySide = Callable[[Any, list[LayerChip], Outcome], Sequence[Awaitable[None]]]


class ImageDriver:
    """Offers the job's images as fast as the packet driver takes them."""

    def __init__(self, dut: Any, job: Job):
        self.dut = dut
        bits = job.config.layers[0].bits_per_input
        self.words = [word_of_levels(image, bits) for image in job.images]

    def offer_first(self) -> None:
        self.dut.image.value = self.words[0]
        self.dut.image_offered.value = 1

    async def run(self) -> None:
        for index, word in enumerate(self.words[1:], start=2):
            await ValueChange(self.dut.image_taken)
            self.dut.image.value = word
            self.dut.image_offered.value = index & 1


class Progress:
    """Leaves what is going on where the waiting process looks for it, now and then."""

    def __init__(self) -> None:
        self.file = Path(os.environ[JOB_VARIABLE]) / PROGRESS_FILE
        self.reported = time.monotonic()

    def __call__(self, message: str, done: int = 0, total: int = 0, /) -> None:
        now = time.monotonic()
        if now - self.reported > PROGRESS_PERIOD_S:
            self.reported = now
            text = f"{message}: {done} of {total}" if total else message
            self.file.write_text(text, encoding="utf-8")


class ResultMonitor:
    """Collects the result packets; `done` is set with the last one."""

    def __init__(self, dut: Any, job: Job, outcome: Outcome):
        self.dut = dut
        self.job = job
        self.outcome = outcome
        self.done = Event()
        self.progress = Progress()

    async def run(self) -> None:
        count = len(self.job.images)
        for index in range(count):
            await First(ValueChange(self.dut.result_arrived), ValueChange(self.dut.result_broken))
            if read_number(self.dut.result_broken):
                raise Failure(f"image {index}: the result packet has the wrong length (tlast)")
            beats = read_number(self.dut.result)
            self.outcome.results[index] = result_of_beats(self.job.config, beats)
            self.progress(f"{index + 1} of {count} images")
        self.done.set()


async def run_job(dut: Any, side: ArraySide, program: Programming | None = None) -> None:
    """Run a job with an array side; leave the outcome, or one line on what failed, in its folder.

    Parameters
    ----------
    dut
        The testbench.
    side : callable (dut, chips, outcome) -> coroutines
        Answers for the arrays and fills in the outcome's `inputs` and `answers`.
    program : callable (dut, job, ports) -> coroutine
        Programs blank arrays; gives the chip that they make, and an outcome with how it went.
    """
    folder = Path(os.environ[JOB_VARIABLE])
    job = Job.read(folder / JOB_FILE)
    try:
        ports = DriverPorts(dut, job.config)
        if job.program:
            assert program is not None
            dut.programming.value = 1
            dut.running.value = 1
            await FallingEdge(dut.in_reset)
            chips, outcome = await program(dut, job, ports)
        else:
            chips = job.layer_chips()
            outcome = Outcome.empty(job, chips)
        await _run(ports, job, outcome, side(dut, chips, outcome))
    except Exception as failure:
        (folder / FAILURE_FILE).write_text(f"{failure}\n", encoding="utf-8")
        raise
    outcome.write(folder / OUTCOME_FILE)


async def _run(
    ports: DriverPorts, job: Job, outcome: Outcome, side: Sequence[Awaitable[None]]
) -> None:
    dut = ports.dut
    driver = ImageDriver(dut, job)
    monitor = ResultMonitor(dut, job, outcome)
    tasks = Tasks()
    if not job.calibrate:
        driver.offer_first()
    began = time.perf_counter()
    if not job.program:
        dut.running.value = 1
        await FallingEdge(dut.in_reset)
    tasks.start(*side)
    if job.calibrate:
        dut.calibrating.value = 1
        host = CalibrationHost(ports, job.config)
        outcome.trims = await tasks.result(host.calibrate())
        dut.calibrating.value = 0
        outcome.calibration_cycles = calibration_cycles(read_meter(dut, "calibration"))
        driver.offer_first()
        began = time.perf_counter()
    tasks.start(driver.run(), monitor.run())
    await tasks.until(monitor.done.wait(), _deadline(job))
    outcome.seconds = time.perf_counter() - began
    if not monitor.done.is_set():
        raise Failure(
            f"{int((outcome.results != 0).any(axis=1).sum())} of {len(job.images)} results came "
            f"within the declared {job.config.cycles(len(job.images))} cycles"
        )
    tasks.cancel()
    await ReadOnly()  # the meters of the last clock edge have their values
    outcome.scans = [read_meter(dut, f"{layer.name}_scan") for layer in job.config.layers]
    outcome.image_latency = read_meter(dut, "image_latency")
    outcome.result_interval = read_meter(dut, "result_interval")
    outcome.dropped = read_number(dut.total_dropped)
    outcome.unresolved = read_number(dut.total_unresolved)
    outcome.peak_rss_bytes = peak_rss_bytes()


def _deadline(job: Job) -> Timer:
    cycles = RESET_CYCLES + job.config.cycles(len(job.images)) + SLACK_CYCLES
    return Timer(cycles * job.config.clock_period_ps, "ps")
