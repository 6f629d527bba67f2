"""The controller alone as the top, its streams driven and taken by cocotbext-axi."""

import os
import random
from collections.abc import Collection, Coroutine, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly, RisingEdge, Timer, with_timeout
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource
from numpy.typing import NDArray

from ...bits import word_of_bits, word_of_levels
from ...hdl.config import STREAM_BITS, LayerConfig
from ...hdl.config.pins import PinSizes
from ...sim.job import Job
from ...sim.simulators.job_folder import JOB_VARIABLE
from ...sim.testbench.top import bus_inputs, programming_inputs
from .handles import read_number

PERIOD_NS = 10
BEAT_BYTES = STREAM_BITS // 8


class IdealArray:
    """Answers one array's strobes with the popcount of the columns that agree.

    No comparator output rises while it is mute, both do while it is torn. The comparator sees the
    score and its offset, and takes its delay from strobe's rise to its answer.

    In a pipelined macro the columns are those that agree as evaluate rises. With inputs of several
    bits, each share averages what the lines hold into the holding capacitors, which the strobe
    then compares; held as a fraction, so that the average is exact.
    """

    def __init__(self, dut: Any, config: LayerConfig, macro: int, weights: NDArray[np.int8]):
        self.mute = False
        self.torn = False
        self.offset: int | Fraction = 0
        self.delay_ns = 0
        self.latched = 0
        self.held = Fraction(0)
        self.bank = ["dac_p", "dac_n"] if config.bank_bits else []
        prefix = f"{config.name}_macro{macro}__"
        self.rows = [word_of_bits(weights[k] > 0) for k in config.neurons_of_macro(macro)]
        self.strobes_per_image = len(self.rows) * config.trials
        self.watched: list[Coroutine[Any, Any, None]] = []
        self.score = self.score_of_columns
        if config.overlapped:
            self.score = self.score_of_latches
            self.watched.append(self.latch())
        if config.bits_per_input > 1:
            self.score = self.score_held
            self.watched += [self.share(), self.clear()]
        names = [*PinSizes.of_group(config).inference_inputs(), "sense_p", "sense_n"]
        self.pins = {name: getattr(dut, prefix + name) for name in names}

    def answer(self, positive: int, negative: int) -> None:
        self.pins["sense_p"].value = positive
        self.pins["sense_n"].value = negative

    def columns(self) -> int:
        """2m - n of the row whose word line is up; 0 without a row."""
        row = read_number(self.pins["wl"]).bit_length() - 1
        if not 0 <= row < len(self.rows):
            return 0
        weight = self.rows[row]
        bl, blb = (read_number(self.pins[name]) for name in ("bl", "blb"))
        return (
            2 * ((bl & weight).bit_count() + (blb & ~weight).bit_count()) - (bl | blb).bit_count()
        )

    def bank_charge(self) -> int:
        """What the read-out bank adds."""
        plates = [read_number(self.pins[name]) for name in self.bank] or [0, 0]
        return plates[0] - plates[1]

    def score_of_columns(self) -> int | Fraction:
        return self.columns() + self.bank_charge()

    def score_of_latches(self) -> int | Fraction:
        return self.latched + self.bank_charge()

    def score_held(self) -> int | Fraction:
        return self.held

    async def latch(self) -> None:
        while True:
            await RisingEdge(self.pins["evaluate"])
            self.latched = self.columns()

    async def share(self) -> None:
        while True:
            await RisingEdge(self.pins["share"])
            self.held = (self.held + self.columns()) / 2

    async def clear(self) -> None:
        while True:
            await RisingEdge(self.pins["acc_reset"])
            self.held = Fraction(0)

    async def run(self) -> None:
        for watch in self.watched:
            cocotb.start_soon(watch)
        while True:
            await RisingEdge(self.pins["strobe"])
            score = self.score() + self.offset
            if self.delay_ns:
                await Timer(self.delay_ns, "ns")
            if self.torn:
                self.answer(1, 1)
            elif not self.mute:
                self.answer(int(score > 0), int(score < 0))
            await FallingEdge(self.pins["strobe"])
            self.answer(0, 0)


def expected_packet(
    job: Job, image: NDArray[np.uint8], mute: Collection[tuple[str, int]] = ()
) -> list[int]:
    """The class and the scores of one image, as sums of products of signs.

    The macros of `mute`, given as layer name and number, never answer: each strobe of theirs is
    read as -1.
    """
    values = 2 * image.astype(np.int64) - job.config.layers[0].input_top
    for layer, weights in zip(job.config.layers, job.weights, strict=True):
        scores = weights.astype(np.int64) @ np.append(
            values, [layer.input_top] * layer.bias_columns
        )
        for macro in range(layer.macros):
            if (layer.name, macro) in mute:
                # The lowest code of a count; for a sign only its sign counts.
                scores[layer.neurons_of_macro(macro)] = 1 - (1 << max(1, layer.count_bits))
        values = np.sign(scores)
    scores = scores + np.array(job.config.offsets)
    return [int(np.argmax(scores)), *map(int, scores)]


def image_frame(job: Job, image: NDArray[np.uint8], draw: random.Random) -> bytes:
    """An image's beats; what is left of the last one is random."""
    size = job.config.input_beats * STREAM_BITS
    rest = draw.getrandbits(size) >> job.config.image_bits << job.config.image_bits
    word = word_of_levels(image, job.config.layers[0].bits_per_input)
    return (word | rest).to_bytes(size // 8, "little")


def broken_frames(job: Job, draw: random.Random) -> list[bytes]:
    """One frame of each wrong length: one beat short where there is one, one and three long."""
    beats = job.config.input_beats
    return [draw.randbytes(BEAT_BYTES * n) for n in (beats - 1, beats + 1, beats + 3) if n]


async def packets_hold(dut: Any) -> None:
    """Once valid, a beat stays until it is taken: `AxiStreamSink` itself does not look."""
    waiting = None
    while True:
        await RisingEdge(dut.clk)
        await ReadOnly()
        beat = tuple(
            read_number(getattr(dut, f"m_axis_{name}")) for name in ("tvalid", "tlast", "tdata")
        )
        assert waiting in (None, beat), f"found {beat}, expected {waiting} until it is taken"
        await FallingEdge(dut.clk)
        await ReadOnly()
        # Both sides have settled: what is seen here is what the next edge transfers.
        beat = tuple(
            read_number(getattr(dut, f"m_axis_{name}")) for name in ("tvalid", "tlast", "tdata")
        )
        waiting = beat if beat[0] and not read_number(dut.m_axis_tready) else None


def pauses(draw: random.Random, share: float) -> Iterator[bool]:
    """Pauses in the given share of cycles."""
    while True:
        yield draw.random() < share


class StreamBench:
    """The controller with its arrays, a source and a sink."""

    def __init__(self, dut: Any, source_share: float, sink_share: float):
        self.dut = dut
        self.job = Job.read(Path(os.environ[JOB_VARIABLE]) / "job.npz")
        self.draw = random.Random(self.job.seed)
        self.arrays: list[IdealArray] = []
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)
        for end, share in ((self.source, source_share), (self.sink, sink_share)):
            if share:
                end.set_pause_generator(pauses(self.draw, share))
        slowest = 1 - max(source_share, sink_share)
        config = self.job.config
        self.limit_ns = (
            round(2 * PERIOD_NS * (config.latency + 4 * config.interval) / slowest) + 500
        )

    async def start(self) -> None:
        config, dut = self.job.config, self.dut
        for name in (*bus_inputs(config), *programming_inputs(config)):
            getattr(dut, name).value = 0
        for layer, weights in zip(config.layers, self.job.weights, strict=True):
            for macro in range(layer.macros):
                array = IdealArray(dut, layer, macro, weights)
                array.answer(0, 0)
                self.arrays.append(array)
                cocotb.start_soon(array.run())
        dut.rst.value = 1
        Clock(dut.clk, PERIOD_NS, unit="ns").start()
        await ClockCycles(dut.clk, 2)
        dut.rst.value = 0
        await RisingEdge(dut.clk)
        self.hold = cocotb.start_soon(packets_hold(dut))

    async def packet(self) -> list[int]:
        """The next packet's beats, as signed numbers."""
        frame = await with_timeout(self.sink.recv(), self.limit_ns, "ns")
        return np.frombuffer(bytes(frame.tdata), dtype="<i4").tolist()
