"""A job in Amaranth's own simulator: no Verilog, for small networks."""

import contextlib
import time
from pathlib import Path
from typing import Any

from ...behav.chip.layer import LayerChip
from ...bits import word_of_levels
from ...errors import PhaseError, SimulationError
from ...hdl.config import STREAM_BITS
from ...hdl.controller.controller import NetworkController
from ..host.blank_chip import BlankChip
from ..host.calibration import CalibrationHost, calibration_cycles
from ..host.ports import SLACK_CYCLES
from ..host.programming import program_chip
from ..job import Job
from ..outcome import Meter, Outcome, peak_rss_bytes, result_of_beats
from .arrays import Arrays, BlankArrays
from .ports import PysimPorts
from .simulator import make_simulator


class _Intervals:
    """Lengths of intervals between events, in clock cycles."""

    def __init__(self) -> None:
        self.began: int | None = None
        self.lengths: list[int] = []

    def end(self, cycle: int) -> None:
        if self.began is not None:
            self.lengths.append(cycle - self.began)

    def meter(self) -> Meter:
        lengths = self.lengths or [0]
        return Meter(
            shortest=min(lengths), longest=max(lengths), first=lengths[0], count=len(self.lengths)
        )


class _Testbench:
    """Steps through the clock cycles with the arrays, a driver of images, monitors of the rest."""

    def __init__(self, controller: NetworkController, job: Job):
        self.controller = controller
        self.job = job
        self.outcome: Outcome
        self.scans = [_Intervals() for _ in job.config.layers]
        self.latency = _Intervals()
        self.intervals = _Intervals()
        self.beats = self._all_beats()
        self.packet: list[int] = []
        self.results = 0

    async def _chips(self, ctx: Any) -> list[LayerChip]:
        """The arrays to infer on; noted in the outcome if they are programmed first."""
        if not self.job.program:
            chips = self.job.layer_chips()
            self.outcome = Outcome.empty(self.job, chips)
            return chips
        blank = BlankChip(self.job)
        cycle = BlankArrays(ctx, self.controller, blank).cycle
        chips, self.outcome = await program_chip(PysimPorts(ctx, self.controller, cycle), blank)
        return chips

    def _all_beats(self) -> list[tuple[int, int]]:
        """(tdata, tlast) of all images, one after the other."""
        count = self.job.config.input_beats
        bits = self.job.config.layers[0].bits_per_input
        words = [word_of_levels(image, bits) for image in self.job.images]
        mask = (1 << STREAM_BITS) - 1
        return [
            (word >> STREAM_BITS * beat & mask, int(beat == count - 1))
            for word in words
            for beat in range(count)
        ]

    async def run(self, ctx: Any) -> None:
        chips = await self._chips(ctx)
        arrays = Arrays(ctx, self.controller, chips, self.outcome)
        config = self.job.config
        images = len(self.job.images)
        declared = config.cycles(images)
        ctx.set(self.controller.m_axis_tready, 1)
        if self.job.calibrate:
            await self._calibrate(ctx, arrays)
        for _ in range(declared + SLACK_CYCLES):
            arrays.answer()
            self._take_result(ctx, arrays.number)
            self._time_scans(ctx, arrays.number)
            if self.results == images:
                break
            self._offer_beat(ctx, arrays.number)
            await arrays.tick()
        else:
            raise SimulationError(
                f"{self.results} of {images} results came within the declared {declared} cycles"
            )
        self.outcome.scans = [scan.meter() for scan in self.scans]
        self.outcome.image_latency = self.latency.meter()
        self.outcome.result_interval = self.intervals.meter()
        self.outcome.dropped = ctx.get(self.controller.status.dropped)
        self.outcome.unresolved = ctx.get(self.controller.status.unresolved)

    async def _calibrate(self, ctx: Any, arrays: Arrays) -> None:
        """Have the offsets measured, timed from the first precharge to `irq`."""
        first = next(layer for layer in self.job.config.layers if layer.trim_bits_in_use)
        pins = getattr(self.controller, f"{first.name}_macro0")
        interval = _Intervals()

        async def cycle() -> None:
            if interval.began is None and ctx.get(pins.precharge):
                interval.began = arrays.number
            if not interval.lengths and ctx.get(self.controller.irq):
                interval.end(arrays.number)
            await arrays.cycle()

        host = CalibrationHost(PysimPorts(ctx, self.controller, cycle), self.job.config)
        self.outcome.trims = await host.calibrate()
        self.outcome.calibration_cycles = calibration_cycles(interval.meter())

    def _offer_beat(self, ctx: Any, cycle: int) -> None:
        data, last = self.beats[0] if self.beats else (0, 0)
        ctx.set(self.controller.s_axis_tvalid, int(bool(self.beats)))
        ctx.set(self.controller.s_axis_tdata, data)
        ctx.set(self.controller.s_axis_tlast, last)
        if self.beats and ctx.get(self.controller.s_axis_tready):
            if self.latency.began is None:
                self.latency.began = cycle
            self.beats.pop(0)

    def _take_result(self, ctx: Any, cycle: int) -> None:
        if not ctx.get(self.controller.m_axis_tvalid):
            return
        self.packet.append(ctx.get(self.controller.m_axis_tdata))
        complete = len(self.packet) == self.job.config.result_beats
        if bool(ctx.get(self.controller.m_axis_tlast)) != complete:
            raise SimulationError(
                f"image {self.results}: the result packet has the wrong length (tlast)"
            )
        if complete:
            beats = sum(beat << STREAM_BITS * index for index, beat in enumerate(self.packet))
            self.outcome.results[self.results] = result_of_beats(self.job.config, beats)
            if self.results == 0:
                self.latency.end(cycle)
            self.intervals.end(cycle)
            self.intervals.began = cycle
            self.packet = []
            self.results += 1

    def _time_scans(self, ctx: Any, cycle: int) -> None:
        """A scan lasts from the first word line's rise to the last one's fall, at macro 0."""
        for layer, scan in zip(self.job.config.layers, self.scans, strict=True):
            up = ctx.get(getattr(self.controller, f"{layer.name}_macro0").wl) != 0
            if up and scan.began is None:
                scan.began = cycle
            elif not up and scan.began is not None:
                scan.end(cycle)
                scan.began = None


def run_in_pysim(
    job: Job, waves: Path | None = None, controller: NetworkController | None = None
) -> Outcome:
    """Run a job in Amaranth's simulator, every strobe answered from the pins.

    Parameters
    ----------
    waves : Path, optional
        Where Amaranth's simulator writes a VCD file of all signals.
    controller : NetworkController, optional
        The hardware, if not that of the job's configuration.

    Raises
    ------
    SimulationError
        The array model refused something the hardware did, or results did not come.
    """
    controller = controller or NetworkController(job.config)
    bench = _Testbench(controller, job)
    simulator = make_simulator(controller)
    simulator.add_clock(job.config.clock_period_ps * 1e-12)
    simulator.add_testbench(bench.run)
    began = time.perf_counter()
    try:
        with simulator.write_vcd(str(waves)) if waves else contextlib.nullcontext():
            simulator.run()
    except PhaseError as error:
        raise SimulationError(str(error)) from error
    bench.outcome.peak_rss_bytes = peak_rss_bytes()
    bench.outcome.seconds = time.perf_counter() - began
    return bench.outcome
