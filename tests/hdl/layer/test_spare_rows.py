"""Spare rows: the table against a dictionary, word lines against brute force."""

import random

import pytest
from support.components import refuses, simulate

from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.hdl.layer.line_drivers import WordLineDriver
from popbridge.hdl.layer.spare_rows import SpareTable, SpareWordLineDriver

SEED = 41


def layer(neurons, rows, spare_rows):
    macro = MacroConfig(rows=rows, columns=8, spare_rows=spare_rows)
    return LayerConfig(name="fc", inputs=5, bias_columns=0, neurons=neurons, macro=macro)


GEOMETRIES = [(1, 2, 1), (5, 4, 1), (5, 4, 2), (7, 9, 3), (11, 6, 2)]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_neurons_keep_off_the_spare_rows(geometry):
    neurons, rows, spare_rows = geometry
    config = layer(*geometry)
    assert config.macros == next(k for k in range(1, 99) if k * (rows - spare_rows) >= neurons)
    assert config.rows_used <= rows - spare_rows


def test_the_shipped_size_has_room_for_spare_rows():
    shapes = [
        LayerConfig(
            name="fc", inputs=1025, bias_columns=102, neurons=1025,
            macro=MacroConfig(spare_rows=spare_rows),
        )
        for spare_rows in (0, 14)
    ]  # fmt: skip
    assert [(shape.macros, shape.rows_used) for shape in shapes] == [(9, 114)] * 2


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_table_is_a_dictionary(geometry):
    config = layer(*geometry)
    dut = SpareTable(config)
    draw = random.Random(SEED)
    places = [(macro, row) for macro in range(config.macros)
              for row in range(len(config.neurons_of_macro(macro)))]  # fmt: skip
    spares, taken = {}, [0] * config.macros
    first = config.macro.rows - config.macro.spare_rows

    async def bench(ctx):
        for _ in range(60):
            macro, row = draw.choice(places)
            ctx.set(dut.macro, macro)
            ctx.set(dut.row, row)
            spare = spares.get((macro, row))
            assert ctx.get(dut.word_line) == (row if spare is None else first + spare)
            free = taken[macro] < config.macro.spare_rows
            assert ctx.get(dut.free) == free
            take = free and draw.random() < 0.5
            ctx.set(dut.take, take)
            if take:
                spares[macro, row] = taken[macro]
                taken[macro] += 1
            await ctx.tick().repeat(dut.latency)
            ctx.set(dut.take, 0)
            shown = [
                (m, ctx.get(dut.moves[m][s].row), s)
                for m in range(config.macros)
                for s in range(config.macro.spare_rows)
                if ctx.get(dut.moves[m][s].valid)
            ]
            # A row is in one place: what it left is not valid any more.
            assert shown == sorted(
                ((*place, s) for place, s in spares.items()), key=lambda e: (e[0], e[2])
            )
        assert any(taken)

    simulate(dut, bench)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_spare_word_lines_rise_in_place_of_moved_rows(geometry):
    """Random tables: in each step every macro has the line that holds the row up, and only it."""
    config = layer(*geometry)
    dut = SpareWordLineDriver(config)
    draw = random.Random(SEED)
    spare_rows, first = config.macro.spare_rows, config.macro.rows - config.macro.spare_rows

    async def scan(ctx, moved):
        steps = list(dut.model(moved))
        assert len(steps) == config.rows_used + 1
        for step, modelled in enumerate(steps):
            before = [ctx.get(dut.wl[macro]) for macro in range(config.macros)]
            for _ in range(draw.randrange(3)):
                await ctx.tick()
                assert [ctx.get(dut.wl[macro]) for macro in range(config.macros)] == before
            ctx.set(dut.start if step == 0 else dut.advance, 1)
            await ctx.tick().repeat(dut.latency)
            ctx.set(dut.start, 0)
            ctx.set(dut.advance, 0)
            present = step if step < config.rows_used else None
            assert ctx.get(dut.row) == (0 if present is None else 1 << step)
            assert ctx.get(dut.last) == (step == config.rows_used - 1)
            for macro in range(config.macros):
                here = present is not None and step < len(config.neurons_of_macro(macro))
                line = first + moved[macro, step] if (macro, step) in moved else step
                assert ctx.get(dut.wl[macro]) == (1 << line if here else 0) == modelled[macro]

    async def bench(ctx):
        for _ in range(8):
            moved = {}
            for macro in range(config.macros):
                count = len(config.neurons_of_macro(macro))
                spares = draw.sample(range(spare_rows), draw.randint(0, min(spare_rows, count)))
                rows = draw.sample(range(count), len(spares))
                moved |= {(macro, row): s for row, s in zip(rows, spares, strict=True)}
                for spare in range(spare_rows):
                    # What a retired entry still holds must not matter.
                    row = next((r for r, s in zip(rows, spares, strict=True) if s == spare), None)
                    ctx.set(dut.moves[macro][spare].valid, row is not None)
                    left_over = draw.randrange(config.rows_used)
                    ctx.set(dut.moves[macro][spare].row, left_over if row is None else row)
            await scan(ctx, moved)

    simulate(dut, bench)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_with_an_empty_table_the_lines_are_those_of_the_plain_driver(geometry):
    config = layer(*geometry)
    drivers = WordLineDriver(config), SpareWordLineDriver(config)
    draw = random.Random(SEED)
    orders = [(draw.random() < 0.2, draw.random() < 0.5) for _ in range(80)]
    seen = [], []
    for dut, lines in zip(drivers, seen, strict=True):

        async def bench(ctx, dut=dut, lines=lines):
            for start, advance in orders:
                ctx.set(dut.start, start and not ctx.get(dut.row))
                ctx.set(dut.advance, advance)
                await ctx.tick()
                lines.append(
                    [ctx.get(dut.row), *(ctx.get(dut.wl[m]) for m in range(config.macros))]
                )

        simulate(dut, bench)
    assert seen[0] == seen[1] and any(row for row, *_ in seen[0])


def test_constructors_refuse():
    for component in (SpareTable, SpareWordLineDriver):
        refuses(
            lambda component=component: component(layer(3, 4, 0)),
            ValueError,
            match="spare_rows: found 0, expected at least 1",
        )
