"""What belongs to one macro: its pins, who is on its bank, and results by hand."""

import pytest
from support.components import simulate

from popbridge.hdl.config import LayerConfig, MacroConfig, Readout
from popbridge.hdl.layer.macro_periphery import MacroPeriphery

TRIM_BITS = 3


def periphery(readout, neurons=5, rows=4):
    """Of the second of two macros, which has a row less than the first one."""
    macro = MacroConfig(rows=rows, columns=8, trim_bits=TRIM_BITS)
    config = LayerConfig(
        name="fc", inputs=7, bias_columns=0, neurons=neurons, readout=readout, macro=macro
    )
    return MacroPeriphery(config, 1)


@pytest.mark.parametrize("readout", Readout)
def test_lines_and_phases_reach_the_pins(readout):
    dut = periphery(readout)

    async def bench(ctx):
        assert (len(dut.row), len(dut.wl)) == (2, 4)
        given = {"bl": 0b0101, "blb": 0b1010, "precharge": 1, "evaluate": 0, "strobe": 1}
        for name, value in given.items():
            ctx.set(getattr(dut.scan, name), value)
        ctx.set(dut.wl, 0b1000)
        assert ctx.get(dut.pins.wl) == 0b1000
        assert {name: ctx.get(getattr(dut.pins, name)) for name in given} == given

    simulate(dut, bench)


@pytest.mark.parametrize("readout", Readout)
def test_a_calibration_has_the_bank_while_no_row_is_read(readout):
    dut = periphery(readout)

    async def bench(ctx):
        for codes in ((0, 0), (5, 0), (0, 7)):
            ctx.set(dut.search_p, codes[0])
            ctx.set(dut.search_n, codes[1])
            assert (ctx.get(dut.pins.dac_p), ctx.get(dut.pins.dac_n)) == codes
            await ctx.tick()

    simulate(dut, bench)


@pytest.mark.parametrize("trim", [-5, 0, 2])
def test_a_sign_macro_holds_its_trim_from_arm_to_the_last_sample(trim):
    dut = periphery(Readout.SIGN)
    held = (max(trim, 0), max(-trim, 0))

    async def bench(ctx):
        def bank():
            return ctx.get(dut.pins.dac_p), ctx.get(dut.pins.dac_n)

        ctx.set(dut.trim, trim)
        ctx.set(dut.scan.arm, 1)
        assert bank() == (0, 0)
        await ctx.tick()
        ctx.set(dut.scan.arm, 0)
        for last_trial in (0, 1):
            assert bank() == held
            ctx.set(dut.scan.sample, 1)
            ctx.set(dut.scan.last_trial, last_trial)
            await ctx.tick()
        assert bank() == (0, 0)

    simulate(dut, bench)


@pytest.mark.parametrize("row", [0, 1])
def test_the_comparator_is_read_for_the_row_named(row):
    dut = periphery(Readout.SIGN)

    async def bench(ctx):
        ctx.set(dut.row, 1 << row)
        ctx.set(dut.scan.sample, 1)
        assert ctx.get(dut.unresolved) == 1  # neither output
        ctx.set(dut.pins.sense_p, 1)
        assert ctx.get(dut.unresolved) == 0
        await ctx.tick()
        assert ctx.get(dut.results) == 1 << row

    simulate(dut, bench)


def test_models_by_hand():
    """Every odd score of 7 columns, whole trims: a bit, and a code that stands for 2m - n."""
    sign, count = (periphery(readout) for readout in Readout)
    for score in range(-7, 8, 2):
        assert [sign.model(score, trim) for trim in (-8, 0, 8)] == [0, int(score > 0), 1]
        # A code stands for 2 * code + 1 - 2^3; a trim of 2 moves it by one, saturated.
        code = (score + 7) // 2
        assert count.model(score, 0) == code
        assert count.model(score, 2) == min(code + 1, 7)
        assert count.model(score, -2) == max(code - 1, 0)
    for dut in (sign, count):
        simulate(dut, idle)


async def idle(ctx):
    await ctx.tick()
