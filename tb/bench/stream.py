"""Frames and packets on the controller's streams."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly, RisingEdge
from numpy.typing import NDArray

from ...bits import word_of_levels
from ...hdl.config import STREAM_BITS
from ...sim.job import Job
from .handles import read_number

BEAT_BYTES = STREAM_BITS // 8


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
    pins = [dut.m_axis_tvalid, dut.m_axis_tlast, dut.m_axis_tdata]
    waiting = None
    while True:
        await RisingEdge(dut.clk)
        await ReadOnly()
        beat = [read_number(pin) for pin in pins]
        assert waiting in (None, beat), f"found {beat}, expected {waiting} until it is taken"
        await FallingEdge(dut.clk)
        await ReadOnly()
        # Both sides have settled: what is seen here is what the next edge transfers.
        beat = [read_number(pin) for pin in pins]
        waiting = beat if beat[0] and not read_number(dut.m_axis_tready) else None


def pauses(draw: random.Random, share: float) -> Iterator[bool]:
    """Pauses in the given share of cycles."""
    while True:
        yield draw.random() < share
