"""A job in Amaranth's own simulator: no Verilog, for small networks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from amaranth.sim import Simulator

from ...behav.chip.layer import LayerChip
from ...behav.pins.evaluation import ArrayPins
from ...bits import word_of_levels
from ...errors import PhaseError, SimulationError
from ...hdl.config import STREAM_BITS, ArrayGroup
from ...hdl.controller.controller import NetworkController
from ..array_adapter import ArrayAdapter
from ..host.programming import program_for_job, record_programming
from ..job import Job
from ..outcome import Meter, Outcome, peak_rss_bytes, result_of_beats
from ..testbench.top import CALIBRATED_TO_IRQ_CYCLES, SLACK_CYCLES, trimmed_layers
from .ports import PysimPorts
from .register_access import RegisterAccess, field_bit


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


class _Array:
    """Answers for one array in each cycle in which its pins change."""

    def __init__(self, pins: Any, adapter: ArrayAdapter, config: ArrayGroup):
        self.adapter = adapter
        self.names = ["wl", "bl", "blb", "precharge", "evaluate", "strobe"]
        self.names += ["dac_p", "dac_n"] if config.bank_bits else []
        self.names += ["share", "acc_reset"] if config.bits_per_input > 1 else []
        self.inputs = [getattr(pins, name) for name in self.names]
        programming = ("prog_op", "prog_pulse") if config.macro.programmable else ()
        self.drivers = [getattr(pins, name) for name in programming]
        self.outputs = (pins.sense_p, pins.sense_n)
        self.resolving = config.macro.timing.strobe_cycles - 1
        self.seen = [0] * len(self.inputs)
        self.sense = (0, 0)
        self.due = -1

    def answer(self, ctx: Any, cycle: int, period_s: float) -> None:
        """The comparator resolves in the last cycle of the strobe, not before."""
        if any(ctx.get(pin) for pin in self.drivers):
            raise PhaseError("found a program driver on in inference, expected it off")
        values = [ctx.get(pin) for pin in self.inputs]
        if values != self.seen:
            self.seen = values
            pins = ArrayPins(**dict(zip(self.names, values, strict=True)))
            sense = self.adapter.observe(cycle * period_s, pins)
            if sense != self.sense:
                self.sense = sense
                self.due = cycle + (self.resolving if pins.strobe else 0)
        if cycle == self.due:
            for pin, value in zip(self.outputs, self.sense, strict=True):
                ctx.set(pin, value)


class _Bench:
    """Steps through the clock cycles with the array models, the image source and the sink."""

    def __init__(self, controller: NetworkController, job: Job):
        self.controller = controller
        self.job = job
        self.period_s = job.config.clock_period_ps * 1e-12
        if not job.program:
            self._attach(job.layer_chips())
        self.scans = [_Intervals() for _ in job.config.layers]
        self.latency = _Intervals()
        self.intervals = _Intervals()
        self.beats = self._all_beats()
        self.packet: list[int] = []
        self.results = 0
        self.cycle = 0

    def _attach(self, chips: list[LayerChip]) -> None:
        """Put the arrays of a chip behind the controller's pins."""
        self.outcome = Outcome.empty(self.job, chips)
        self.arrays = [
            _Array(
                getattr(self.controller, f"{chip.config.name}_{macro}"),
                ArrayAdapter(chip, layer, number, self.outcome),
                chip.config,
            )
            for layer, chip in enumerate(chips)
            for number, macro in enumerate(chip.config.macro_names)
        ]

    async def _program(self, ctx: Any) -> None:
        """Program the blank arrays through the controller's ports; then they are attached."""
        ports = PysimPorts(ctx, self.controller, self.job)
        layers, errors = await program_for_job(ports, self.job)
        self._attach(ports.chip.layer_chips([layer.word_lines for layer in layers]))
        record_programming(self.outcome, layers, errors)

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
        if self.job.program:
            await self._program(ctx)
        config = self.job.config
        images = len(self.job.images)
        declared = config.cycles(images)
        ctx.set(self.controller.m_axis_tready, 1)
        if self.job.calibrate:
            await self._calibrate(ctx)
        for cycle in range(self.cycle, self.cycle + declared + SLACK_CYCLES):
            for array in self.arrays:
                array.answer(ctx, cycle, self.period_s)
            self._take_result(ctx, cycle)
            self._time_scans(ctx, cycle)
            if self.results == images:
                break
            self._offer_beat(ctx, cycle)
            await ctx.tick()
        else:
            raise SimulationError(
                f"{self.results} of {images} results came within the declared {declared} cycles"
            )
        self.outcome.scans = [scan.meter() for scan in self.scans]
        self.outcome.image_latency = self.latency.meter()
        self.outcome.result_interval = self.intervals.meter()
        self.outcome.dropped = ctx.get(self.controller.status.dropped)
        self.outcome.unresolved = ctx.get(self.controller.status.unresolved)

    async def _calibrate(self, ctx: Any) -> None:
        """Stop, have the offsets measured, read the trims, and start."""
        rises: list[int] = []
        [first, *_] = trimmed_layers(self.job.config)
        pins = getattr(self.controller, f"{first.name}_macro0")

        async def step() -> None:
            for array in self.arrays:
                array.answer(ctx, self.cycle, self.period_s)
            if ctx.get(pins.precharge):
                rises.append(self.cycle)
            await ctx.tick()
            self.cycle += 1

        bus = RegisterAccess(ctx, self.controller, step)
        done = field_bit(self.controller, "INTERRUPT_STATUS", "calibrated")
        await bus.command("stop")
        await bus.write("INTERRUPT_ENABLE", done)
        await bus.command("calibrate")
        declared = self.job.config.calibration_cycles
        for _ in range(declared + SLACK_CYCLES):
            if ctx.get(self.controller.irq):
                break
            await step()
        else:
            raise SimulationError(f"no trims came within the declared {declared} cycles")
        self.outcome.calibration_cycles = self.cycle - rises[0] - CALIBRATED_TO_IRQ_CYCLES
        await bus.write("INTERRUPT_STATUS", done)
        await bus.write("INTERRUPT_ENABLE", 0)
        for layer, trims in enumerate(self.outcome.trims):
            for macro in range(len(trims) if self.job.config.layers[layer].trim_bits_in_use else 0):
                trims[macro] = await bus.trim(layer, macro)
        await bus.command("start")

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


def run(
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
    bench = _Bench(controller, job)
    simulator = Simulator(controller)
    simulator.add_clock(bench.period_s)
    simulator.add_testbench(bench.run)
    began = time.perf_counter()
    try:
        if waves:
            with open(waves, "w", encoding="utf-8") as file, simulator.write_vcd(file):
                simulator.run()
        else:
            simulator.run()
    except PhaseError as error:
        raise SimulationError(str(error)) from error
    bench.outcome.peak_rss_bytes = peak_rss_bytes()
    bench.outcome.seconds = time.perf_counter() - began
    return bench.outcome
