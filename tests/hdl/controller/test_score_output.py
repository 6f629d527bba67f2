"""Packets of a class and its scores, from random codes."""

import random

import pytest
from support.components import simulate
from support.layers import small_network

from popbridge.hdl.controller.frames import ScoreOutput

SEED = 40


def packet(codes, offsets, width):
    scores = [2 * code + 1 - 2**width + offset for code, offset in zip(codes, offsets, strict=True)]
    winner = [score == max(scores) for score in scores].index(True)
    return [winner, *scores]


CASES = [
    ((5, 3), (0, 0, 0), 0.0),
    ((5, 3), (100, -7, 3), 0.5),
    ((1, 1), (-4,), 0.3),
    ((1, 4), (0, 0, 0, 0), 0.6),  # one bit per code: ties all the time
    ((7, 10), tuple(range(-500, 500, 100)), 0.5),
    ((3, 2), (2**31 - 5, -(2**31) + 5), 0.2),
]


@pytest.mark.parametrize(("sizes", "offsets", "stall"), CASES)
def test_packets_of_random_codes(sizes, offsets, stall):
    config = small_network(*sizes, offsets=offsets)
    width = config.layers[0].fan_in.bit_length()
    dut = ScoreOutput(config)
    draw = random.Random(SEED)
    inputs = [[draw.randrange(2**width) for _ in offsets] for _ in range(12)]
    words = [sum(code << width * k for k, code in enumerate(codes)) for codes in inputs]
    assert dut.latency == len(offsets) + 1

    async def bench(ctx):
        for codes, word in zip(inputs, words, strict=True):
            assert ctx.get(dut.i.ready)
            assert not ctx.get(dut.m_axis_tvalid)
            ctx.set(dut.i.valid, 1)
            ctx.set(dut.i.payload, word)
            await ctx.tick()
            ctx.set(dut.i.valid, 0)
            ctx.set(dut.i.payload, draw.getrandbits(width * len(offsets)))
            for _ in range(dut.latency - 1):
                assert not (ctx.get(dut.m_axis_tvalid) or ctx.get(dut.i.ready))
                await ctx.tick()
            beats = packet(codes, offsets, width)
            assert dut.model(word) == beats
            for k, beat in enumerate(beats):
                ready = False
                while not ready:
                    ready = draw.random() >= stall
                    ctx.set(dut.m_axis_tready, ready)
                    assert ctx.get(dut.m_axis_tvalid) and not ctx.get(dut.i.ready)
                    assert ctx.get(dut.m_axis_tdata) == beat % 2**32
                    assert ctx.get(dut.m_axis_tlast) == (k == len(offsets))
                    await ctx.tick()

    simulate(dut, bench)
