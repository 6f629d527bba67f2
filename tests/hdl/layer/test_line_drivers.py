"""Word lines one after the other; bit lines complementary while driven."""

import random

import pytest

from popbridge.hdl.layer.line_drivers import BitLineDriver, WordLineDriver

SEED = 1


@pytest.mark.parametrize("rows", [1, 2, 3, 17])
def test_word_lines_rise_in_row_order(rows, simulate):
    dut = WordLineDriver(rows)
    draw = random.Random(SEED + rows)

    async def bench(ctx):
        for _ in range(2):
            expected = [1 << row for row in range(rows)] + [0]
            assert list(dut.model()) == expected
            for step, value in enumerate(expected):
                before = expected[step - 1] if step else 0
                for _ in range(draw.randrange(3)):  # the line holds without `advance`
                    await ctx.tick()
                    assert ctx.get(dut.wl) == before
                ctx.set(dut.start if step == 0 else dut.advance, 1)
                assert ctx.get(dut.wl) == before
                await ctx.tick().repeat(dut.latency)
                ctx.set(dut.start, 0)
                ctx.set(dut.advance, 0)
                assert ctx.get(dut.wl) == value
                assert ctx.get(dut.last) == (value == 1 << (rows - 1))

    simulate(dut, bench)


@pytest.mark.parametrize(
    ("inputs", "bias_columns", "columns"), [(1, 0, 1), (5, 0, 9), (4, 3, 7), (40, 1, 64), (3, 4, 8)]
)
def test_bit_lines_are_complementary_while_driven(inputs, bias_columns, columns, simulate):
    dut = BitLineDriver(inputs=inputs, bias_columns=bias_columns, columns=columns)
    draw = random.Random(SEED)

    async def bench(ctx):
        lines = [(0, 0)] * columns
        for _ in range(60):
            bits = [draw.randrange(2) for _ in range(inputs)]
            load, release = draw.random() < 0.4, draw.random() < 0.4
            ctx.set(dut.bits, sum(bit << index for index, bit in enumerate(bits)))
            ctx.set(dut.load, load)
            ctx.set(dut.release, release)
            if load:  # also together with `release`
                driven = [(bit, 1 - bit) for bit in bits] + [(1, 0)] * bias_columns
                lines = driven + [(0, 0)] * (columns - len(driven))
            elif release:
                lines = [(0, 0)] * columns
            await ctx.tick().repeat(dut.latency)
            seen = ctx.get(dut.bl), ctx.get(dut.blb)
            assert [(seen[0] >> c & 1, seen[1] >> c & 1) for c in range(columns)] == lines
            if load:
                assert seen == dut.model(bits)

    simulate(dut, bench)


def test_constructors_refuse(refuses):
    refuses(lambda: WordLineDriver(0), ValueError, match="rows: found 0, expected at least 1")
    refuses(
        lambda: BitLineDriver(inputs=4, bias_columns=2, columns=5),
        ValueError,
        match="columns: found 5, expected at least 4 inputs and 2 bias",
    )
    refuses(
        lambda: BitLineDriver(inputs=0, bias_columns=1, columns=5),
        ValueError,
        match="columns: found 5, expected at least 0 inputs",
    )
