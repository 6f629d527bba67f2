"""Bits and counts from a comparator, by hand and by brute force."""

import itertools
import random

import pytest
from support.components import refuses, simulate

from popbridge.hdl.config.laws import score_of_code
from popbridge.hdl.layer.readout import CountReadout, SignReadout

SEED = 9


@pytest.mark.parametrize("rows", [1, 4])
def test_sign_keeps_one_bit_per_row(rows):
    dut = SignReadout(rows)
    draw = random.Random(SEED)

    async def bench(ctx):
        bits = [0] * rows
        for _ in range(120):
            row = draw.choice([None, *range(rows)])
            sample, positive, negative = (draw.randrange(2) for _ in range(3))
            ctx.set(dut.wl, 0 if row is None else 1 << row)
            ctx.set(dut.sample, sample)
            ctx.set(dut.sense_p, positive)
            ctx.set(dut.sense_n, negative)
            unresolved = positive + negative != 1
            assert ctx.get(dut.unresolved) == (sample and row is not None and unresolved)
            taken = int((positive, negative) == (1, 0))
            assert dut.model([(positive, negative)]) == (taken, unresolved)
            if sample and row is not None:
                bits[row] = taken
            await ctx.tick().repeat(dut.latency)
            assert ctx.get(dut.bits) == sum(bit << row for row, bit in enumerate(bits))

    simulate(dut, bench)


@pytest.mark.parametrize("votes", [3, 5])
def test_sign_is_what_most_strobes_say(votes):
    """Every combination of resolved and unresolved strobes, rows and macros without one mixed."""
    dut = SignReadout(2, votes)
    outcomes = [(1, 0), (0, 1), (0, 0), (1, 1)]

    async def bench(ctx):
        bits = 0
        for number, senses in enumerate(itertools.product(outcomes, repeat=votes)):
            row = (None, 0, 1)[number % 3]
            ctx.set(dut.wl, 0 if row is None else 1 << row)
            for strobe, (positive, negative) in enumerate(senses):
                ctx.set(dut.sample, 0)
                ctx.set(dut.last_trial, strobe == votes - 1)
                await ctx.tick()
                assert ctx.get(dut.bits) == bits, "written before the last strobe"
                ctx.set(dut.sample, 1)
                ctx.set(dut.sense_p, positive)
                ctx.set(dut.sense_n, negative)
                assert ctx.get(dut.unresolved) == (row is not None and positive == negative)
                await ctx.tick()
            favourable = senses.count((1, 0))
            assert dut.model(senses) == (
                favourable > votes // 2,
                senses.count((0, 0)) + senses.count((1, 1)),
            )
            if row is not None:
                bits = bits & ~(1 << row) | (favourable > votes // 2) << row
            assert ctx.get(dut.bits) == bits

    simulate(dut, bench)


@pytest.mark.parametrize("votes", [0, 2, -1])
def test_votes_never_tie(votes):
    message = f"votes: found {votes}, expected an odd number"
    refuses(lambda: SignReadout(1, votes), ValueError, match=message)


async def convert(ctx, dut, score, *, row=0, width, unresolved=()):
    """One row's successive approximation with idle cycles between; gives the codes tried."""
    tried = []
    await ctx.tick()
    assert (ctx.get(dut.dac_p), ctx.get(dut.dac_n)) == (0, 0)
    ctx.set(dut.wl, 1 << row)
    ctx.set(dut.arm, 1)
    await ctx.tick()
    ctx.set(dut.arm, 0)
    for trial in range(width):
        plates = ctx.get(dut.dac_p), ctx.get(dut.dac_n)
        assert sum(plates) == 1 << width, "common mode"
        tried.append(plates[1])
        await ctx.tick()
        assert (ctx.get(dut.dac_p), ctx.get(dut.dac_n)) == plates
        seen = score + plates[0] - plates[1]
        known = trial not in unresolved
        ctx.set(dut.sense_p, known and seen > 0)
        ctx.set(dut.sense_n, known and seen < 0)
        ctx.set(dut.sample, 1)
        assert ctx.get(dut.unresolved) == (not known)
        await ctx.tick()
        for name in ("sample", "sense_p", "sense_n"):
            ctx.set(getattr(dut, name), 0)
    assert (ctx.get(dut.dac_p), ctx.get(dut.dac_n)) == (0, 0), "0 outside evaluate"
    return tried


@pytest.mark.parametrize("fan_in", [1, 3, 5, 7, 9, 15, 23, 63, 65])
def test_code_gives_every_odd_score_exactly(fan_in):
    width = len(f"{fan_in:b}")
    dut = CountReadout(1, width)

    async def bench(ctx):
        for score in range(-fan_in, fan_in + 1, 2):
            tried = await convert(ctx, dut, score, width=width)
            code = ctx.get(dut.codes)
            assert 2 * code + 1 - 2**width == score == score_of_code(code, width)
            model_tried = []

            def compare(p, n, score=score, model_tried=model_tried):
                model_tried.append(n)
                return score + p % 2**width - n > 0

            assert dut.model(compare) == code
            assert tried == model_tried

    simulate(dut, bench)


def test_codes_of_rows_are_kept_apart():
    dut = CountReadout(3, 4)

    async def bench(ctx):
        expected = [0, 0, 0]
        for row, score in [(1, 5), (0, -15), (2, 15), (1, -3), (0, 1)]:
            await convert(ctx, dut, score, row=row, width=4)
            expected[row] = (score + 15) // 2
            assert ctx.get(dut.codes) == sum(code << 4 * k for k, code in enumerate(expected))
        ctx.set(dut.wl, 0)  # no row of this macro: nothing is written, nothing is unresolved
        ctx.set(dut.sample, 1)
        assert not ctx.get(dut.unresolved)

    simulate(dut, bench)


@pytest.mark.parametrize(("unresolved", "code"), [((), 15), ((0,), 7), ((3,), 14), ((1, 2), 9)])
def test_an_unresolved_trial_clears_its_bit(unresolved, code):
    dut = CountReadout(1, 4)

    async def bench(ctx):
        await convert(ctx, dut, 15, width=4, unresolved=unresolved)
        assert ctx.get(dut.codes) == code

    simulate(dut, bench)


def test_both_outputs_at_one_count_as_unresolved():
    dut = CountReadout(1, 2)

    async def bench(ctx):
        ctx.set(dut.wl, 1)
        ctx.set(dut.arm, 1)
        await ctx.tick()
        ctx.set(dut.arm, 0)
        ctx.set(dut.sample, 1)
        ctx.set(dut.sense_p, 1)
        ctx.set(dut.sense_n, 1)
        for _ in range(2):
            assert ctx.get(dut.unresolved)
            await ctx.tick()
        assert ctx.get(dut.codes) == 0

    simulate(dut, bench)
