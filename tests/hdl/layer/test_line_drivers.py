"""Word lines one after the other; bit lines complementary while driven."""

import random

import pytest
from support.components import simulate
from support.layers import small_layer

from popbridge.hdl.config import ArrayGroup, MacroConfig
from popbridge.hdl.layer.line_drivers import BitLineDriver, WordLineDriver

SEED = 1


@pytest.mark.parametrize(("neurons", "rows"), [(1, 1), (2, 4), (3, 3), (17, 20), (5, 2), (7, 4)])
def test_word_lines_rise_in_row_order(neurons, rows):
    """On all macros at once; the last ones may be a row short."""
    dut = WordLineDriver(small_layer(neurons=neurons, rows=rows))
    macros = -(-neurons // rows)
    used = -(-neurons // macros)
    steps = [[int(k * used + row < neurons) << row for k in range(macros)] for row in range(used)]
    steps.append([0] * macros)
    draw = random.Random(SEED + rows)

    def lines(ctx):
        return [ctx.get(dut.wl[macro]) for macro in range(macros)]

    async def bench(ctx):
        for _ in range(2):
            assert list(dut.model()) == steps
            before = steps[-1]
            for step, expected in enumerate(steps):
                for _ in range(draw.randrange(3)):  # the line holds without `advance`
                    await ctx.tick()
                    assert lines(ctx) == before
                ctx.set(dut.start if step == 0 else dut.advance, 1)
                assert lines(ctx) == before
                await ctx.tick().repeat(dut.latency)
                ctx.set(dut.start, 0)
                ctx.set(dut.advance, 0)
                assert lines(ctx) == expected
                assert ctx.get(dut.row) == (1 << step if step < used else 0)
                assert ctx.get(dut.last) == (step == used - 1)
                before = expected

    simulate(dut, bench)


@pytest.mark.parametrize(
    ("inputs", "bias_columns", "columns"), [(1, 0, 1), (5, 0, 9), (4, 3, 7), (40, 1, 64), (3, 4, 8)]
)
def test_bit_lines_are_complementary_while_driven(inputs, bias_columns, columns):
    macro = MacroConfig(rows=1, columns=columns)
    config = ArrayGroup(name="fc", inputs=inputs, bias_columns=bias_columns, neurons=1, macro=macro)
    dut = BitLineDriver(config)
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
