"""What the testbenches are made of: drivers and monitors on the simulated top's ports."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import Event, FallingEdge, First, ReadOnly, Timer, ValueChange

from ...behav.chip.layer import LayerChip
from ...bits import word_of_levels
from ...sim.job import Job
from ...sim.outcome import Outcome, peak_rss_bytes, result_of_beats
from ...sim.simulators.job_folder import JOB_VARIABLE, PROGRESS_FILE, PROGRESS_PERIOD_S
from ...sim.testbench.top import (
    RESET_CYCLES,
    SLACK_CYCLES,
    calibration_allowance_cycles,
    trimmed_layers,
)
from ..bench.handles import Failure, read_meter, read_number

HOST_INPUTS = ("programming", "packet_offered", "bus_asked")
"""Inputs of a testbench with a host that have to be known from the start."""
Programming = Callable[[Any, Job], Awaitable[tuple[list[LayerChip], Callable[[Outcome], None]]]]


class ImageDriver:
    """Offers the job's images as fast as the source takes them."""

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


async def run_job(
    dut: Any,
    side: Callable[[Any, list[LayerChip], Outcome], Sequence[Awaitable[None]]],
    program: Programming | None = None,
) -> None:
    """Run a job with an array side; leave the outcome, or one line on what failed, in its folder.

    Parameters
    ----------
    dut
        The testbench.
    side : callable (dut, chips, outcome) -> coroutines
        Answers for the arrays and fills in the outcome's `inputs` and `answers`.
    program : callable (dut, job, report) -> coroutine
        Programs blank arrays; gives the chip that they make, and what to note in the outcome.
    """
    folder = Path(os.environ[JOB_VARIABLE])
    job = Job.read(folder / "job.npz")
    try:
        if job.config.programmable:
            for name in HOST_INPUTS:
                getattr(dut, name).value = 0
        if job.config.calibration_cycles:
            dut.calibrate.value = 0
        if job.program:
            assert program is not None
            dut.programming.value = 1
            dut.running.value = 1
            await FallingEdge(dut.in_reset)
            chips, note = await program(dut, job)
        else:
            chips, note = job.layer_chips(), None
        outcome = Outcome.empty(job, chips)
        if note is not None:
            note(outcome)
        await _run(dut, job, outcome, side(dut, chips, outcome))
    except Exception as failure:
        (folder / "failure.txt").write_text(f"{failure}\n", encoding="utf-8")
        raise
    outcome.write(folder / "outcome.npz")


async def _run(
    dut: Any,
    job: Job,
    outcome: Outcome,
    side: Sequence[Awaitable[None]],
) -> None:
    driver = ImageDriver(dut, job)
    monitor = ResultMonitor(dut, job, outcome)
    if job.config.calibration_cycles:
        dut.calibrate.value = int(job.calibrate)
    if not job.calibrate:
        driver.offer_first()
    failures: list[Exception] = []
    failed = Event()

    async def guarded(part: Awaitable[None]) -> None:
        try:
            await part
        except Exception as failure:
            failures.append(failure)
            failed.set()

    began = time.perf_counter()
    if not job.program:
        dut.running.value = 1
        await FallingEdge(dut.in_reset)
    tasks = [cocotb.start_soon(guarded(part)) for part in side]
    if job.calibrate:
        await First(ValueChange(dut.calibrated), failed.wait(), _calibration_deadline(job))
        if failures:
            raise failures[0]
        _read_trims(dut, job, outcome)
        driver.offer_first()
        began = time.perf_counter()
    tasks += [cocotb.start_soon(guarded(part)) for part in (driver.run(), monitor.run())]
    await First(monitor.done.wait(), failed.wait(), _deadline(job))
    outcome.seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    if not monitor.done.is_set():
        raise Failure(
            f"{int((outcome.results != 0).any(axis=1).sum())} of {len(job.images)} results came "
            f"within the declared {job.config.cycles(len(job.images))} cycles"
        )
    for task in tasks:
        task.cancel()
    await ReadOnly()  # the meters of the last clock edge have their values
    outcome.scans = [read_meter(dut, f"{layer.name}_scan") for layer in job.config.layers]
    outcome.image_latency = read_meter(dut, "image_latency")
    outcome.result_interval = read_meter(dut, "result_interval")
    outcome.dropped = read_number(dut.total_status__dropped)
    outcome.unresolved = read_number(dut.total_status__unresolved)
    outcome.peak_rss_bytes = peak_rss_bytes()


def _read_trims(dut: Any, job: Job, outcome: Outcome) -> None:
    """What the calibration's bus master has read."""
    if not read_number(dut.calibrated):
        raise Failure(
            f"no trims came within the declared {job.config.calibration_cycles} cycles of a "
            "calibration and the accesses around it"
        )
    outcome.calibration_cycles = read_number(dut.calibration_cycles)
    words = read_number(dut.trims).to_bytes(len(dut.trims) // 8, "little")
    values = np.frombuffer(words, dtype="<u4").astype(np.int64)
    trimmed = trimmed_layers(job.config)
    for layer, trims in zip(job.config.layers, outcome.trims, strict=True):
        if layer in trimmed:
            found, values = values[: layer.macros], values[layer.macros :]
            trims[:] = found - (found >> layer.trim_bits_in_use << layer.trim_bits_in_use + 1)


def _calibration_deadline(job: Job) -> Timer:
    cycles = RESET_CYCLES + calibration_allowance_cycles(job.config)
    return Timer(cycles * job.config.clock_period_ps, "ps")


def _deadline(job: Job) -> Timer:
    cycles = RESET_CYCLES + job.config.cycles(len(job.images)) + SLACK_CYCLES
    return Timer(cycles * job.config.clock_period_ps, "ps")
