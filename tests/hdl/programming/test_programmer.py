"""The programmer at its pins: pulse rules cycle by cycle, outcomes against cells played by hand."""

import random

import pytest
from support.components import simulate
from support.programmer_bench import FORM, HIGH, LOW, Cells, every_row, program, programmed_layer

from popbridge.hdl.programming.model import ProgrammingModel, most_row_cycles, packet_of_row
from popbridge.hdl.programming.row import RowProgrammer

SEED = 77

CASES = [
    ({}, 9, ()),
    ({"columns_per_pulse": 64}, 9, ()),
    ({"columns_per_pulse": 1, "columns": 7}, 9, ()),
    ({"level_step": 0}, 4, ()),
    ({"most_retries": 0}, 5, ()),
    ({"columns": 1, "neurons": 1}, 9, ()),
    ({"columns": 64 + 1}, 9, ((1, 0), (1, 3), (0, 64))),
    ({"spare_rows": 1}, 9, ((1, 0), (1, 3), (1, 30))),
    ({"spare_rows": 1, "failure_limit": 0}, 9, ((1, 0), (2, 1), (0, 5))),
    ({"spare_rows": 2, "rows": 5}, 9, ((1, 0), (1, 3), (1, 30), *((3, c) for c in range(9)))),
]


@pytest.mark.parametrize(("values", "highest", "stuck"), CASES)
def test_hardware_does_what_the_model_does(values, highest, stuck):
    """Pulse by pulse, with failures by address and cycles, on macros that start alike."""
    config = programmed_layer(**values)
    rows, packets = every_row(config, random.Random(SEED))
    own, models = (
        [Cells(config, random.Random(SEED + k), highest, stuck) for k in range(config.macros)]
        for _ in range(2)
    )
    done, totals, dropped = program(config, packets, own, grant_after=3)
    model = ProgrammingModel(config)
    expected = [model.program(macro, row, weights, True, models[macro])
                for macro, row, weights in rows]  # fmt: skip
    assert [cells.pulses for cells in own] == [cells.pulses for cells in models]
    assert done == [
        (row.line, row.failures.bit_count(), row.failures, row.unrepairable, row.cycles)
        for row in expected
    ]
    assert totals == [
        sum(row.pulses for row in expected),
        sum(row.retries for row in expected),
        sum(row.failures.bit_count() for row in expected),
    ]
    assert dropped == 0


def test_every_weight_is_written_and_reads_back():
    """From the cells alone: whoever wrote them, they hold the weights now."""
    config = programmed_layer()
    rows, packets = every_row(config, random.Random(1))
    macros = [Cells(config, random.Random(k)) for k in range(config.macros)]
    done, _, _ = program(config, packets, macros)
    every = (1 << config.fan_in) - 1
    for (macro, row, weights), outcome in zip(rows, done, strict=True):
        assert outcome[:4] == (row, 0, 0, False)
        assert macros[macro].read(row, True) == weights
        assert macros[macro].read(row, False) == weights ^ every
        states = macros[macro].state
        for column in range(config.fan_in):
            pair = (states[row, column, 0], states[row, column, 1])
            assert pair == ((LOW, HIGH) if weights >> column & 1 else (HIGH, LOW))


def test_failures_are_counted_at_their_addresses():
    config = programmed_layer(65, neurons=3, rows=3, failure_limit=65)
    stuck = {(0, 0), (0, 31), (0, 32), (0, 64), (2, 7)}
    macros = [Cells(config, random.Random(k), stuck=stuck) for k in range(config.macros)]
    _, packets = every_row(config, random.Random(2))
    done, totals, _ = program(config, packets, macros)
    for row, outcome in enumerate(done):
        columns = [column for line, column in stuck if line == row]
        mask = sum(1 << column for column in columns)
        assert outcome[:4] == (row, len(columns), mask, False)
    assert totals[2] == len(stuck)


def test_a_row_beyond_the_limit_moves_and_the_spare_holds_it():
    config = programmed_layer(9, neurons=3, rows=5, spare_rows=2)
    stuck = {(1, column) for column in range(3)} | {(3, column) for column in range(3)}
    macros = [Cells(config, random.Random(3), stuck=stuck)]
    rows, packets = every_row(config, random.Random(3))
    done, _, _ = program(config, packets, macros)
    # Row 1 leaves its own line and the first spare; the second spare, line 4, takes it.
    assert [outcome[:4] for outcome in done] == [
        (0, 0, 0, False), (4, 0, 0, False), (2, 0, 0, False),
    ]  # fmt: skip
    assert macros[0].read(4, True) == rows[1][2]


def test_without_a_spare_row_left_the_row_is_flagged_and_the_next_one_works():
    for spare_rows in (0, 1):
        config = programmed_layer(9, neurons=2, rows=4, spare_rows=spare_rows)
        stuck = {(line, column) for line in (0, 3) for column in range(5)}
        macros = [Cells(config, random.Random(4), stuck=stuck)]
        _, packets = every_row(config, random.Random(4))
        done, _, _ = program(config, packets, macros)
        line = 3 if spare_rows else 0
        assert [outcome[:4] for outcome in done] == [(line, 5, 31, True), (1, 0, 0, False)]


def test_a_moved_row_is_programmed_on_its_spare_again():
    config = programmed_layer(9, neurons=2, rows=4, spare_rows=1)
    macros = [Cells(config, random.Random(5), stuck={(0, 0), (0, 1), (0, 2)})]
    packets = [packet_of_row(config, 0, 0, 5, True), packet_of_row(config, 0, 0, 10, False)]
    done, _, _ = program(config, packets, macros)
    assert [outcome[:2] for outcome in done] == [(3, 0), (3, 0)]
    assert macros[0].read(3, True) == 10
    assert {pulse[0] for pulse in macros[0].pulses} == {0, 3}


def test_a_spare_row_is_formed_even_for_a_row_that_is_not_blank():
    """A row written long ago that has gone bad moves to a row that nobody has formed yet."""
    config = programmed_layer(9, neurons=1, rows=2, spare_rows=1)
    macros = [Cells(config, random.Random(11), stuck={(0, column) for column in range(4)})]
    macros[0].state |= {(0, column, device): HIGH for column in range(9) for device in range(2)}
    done, _, _ = program(config, [packet_of_row(config, 0, 0, 77, False)], macros)
    assert done[0][:4] == (1, 0, 0, False)
    assert macros[0].read(1, True) == 77
    operations = [(pulse[0], pulse[1]) for pulse in macros[0].pulses]
    assert (1, FORM) in operations and (0, FORM) not in operations


def test_right_rows_are_left_alone():
    config = programmed_layer(neurons=1)
    macros = [Cells(config, random.Random(6))]
    packets = [packet_of_row(config, 0, 0, 99, blank) for blank in (True, False)]
    done, totals, _ = program(config, packets, macros)
    assert totals[0] == len(macros[0].pulses)
    assert done[1][:4] == (0, 0, 0, False)
    # Grant, word line, read-back (start, two cycles of each polarity, verdict), two words, end.
    assert done[1][4] == 1 + 1 + 6 + 2 + 1 + 1


def test_latency_and_its_bound():
    for spare_rows in (0, 1):
        config = programmed_layer(neurons=1, rows=4, spare_rows=spare_rows)
        weights = sum(1 << column for column in range(0, config.fan_in, 2))
        packets = [packet_of_row(config, 0, 0, weights, True)]
        dead = {(line, column) for line in range(4) for column in range(config.fan_in)}
        macros = [Cells(config, random.Random(7), stuck=dead)]
        done, _, _ = program(config, packets, macros)
        # Three steps: 3 * 5 read-backs; 4 attempts of 5 groups, each a FORM top, a RESET top and
        # FORM bottom, and four pulses of a write; a choice before each. Two words, rise, decision.
        pulses = 4 * 5 * (2 * (2 + 5 + 1) + 3 * (2 + 2 + 1) + 2 * (2 + 3 + 1) + 7)
        assert done[0][4] == 2 + (1 + spare_rows) * (15 * 6 + pulses + 2 + 2)
        dut = RowProgrammer(config)
        assert most_row_cycles(config) == done[0][4]
        assert dut.latency == 1 + 1 + 6 + 2 + 1 + 1
        simulate(dut, idle)


async def idle(ctx):
    await ctx.tick()


def test_broken_packets_and_wrong_addresses_are_dropped_and_the_next_one_works():
    config = programmed_layer(33, most_retries=0)
    good = packet_of_row(config, 0, 0, 12345, True)
    wrong = [
        good[:-1], [*good, 0], [*good, 0, 0], good[:1],
        packet_of_row(config, 1, 1, 1, True),  # the last macro has one row
        packet_of_row(config, 0, 2, 1, True),
        packet_of_row(config, 2, 0, 1, True),
        packet_of_row(config, 2**15 - 1, 2**16 - 1, 1, True),
    ]  # fmt: skip
    for packet in wrong:
        macros = [Cells(config, random.Random(8), highest=3) for _ in range(config.macros)]
        done, _, dropped = program(config, [packet, good], macros)
        assert dropped == 1
        assert [outcome[:3] for outcome in done] == [(0, 0, 0)]
        assert macros[0].read(0, True) == 12345
        assert not macros[1].pulses


def test_nothing_is_driven_before_the_grant():
    config = programmed_layer()
    dut = RowProgrammer(config)
    beats = packet_of_row(config, 0, 0, 7, True)

    async def bench(ctx):
        for k, beat in enumerate(beats):
            ctx.set(dut.s_axis_tvalid, 1)
            ctx.set(dut.s_axis_tdata, beat)
            ctx.set(dut.s_axis_tlast, k == len(beats) - 1)
            await ctx.tick()
        ctx.set(dut.s_axis_tvalid, 0)
        outputs = [name for name in dut.pins.signature.members if name != "sl_q"]
        for _ in range(50):
            assert all(ctx.get(getattr(dut.pins, name)) == 0 for name in outputs)
            await ctx.tick()
        assert ctx.get(dut.request)
        ctx.set(dut.grant, 1)
        await ctx.tick().repeat(3)
        assert ctx.get(dut.pins.wl) == 1

    simulate(dut, bench)


@pytest.mark.parametrize(
    ("name", "found"),
    [("setup_cycles", "setup"), ("hold_cycles", "hold"), ("form_cycles", "width"),
     ("set_cycles", "width"), ("reset_cycles", "width"), ("verify_settle_cycles", None)],
)  # fmt: skip
def test_hardware_that_is_a_cycle_off_is_found(name, found):
    """Built for one cycle less than what the pins are held to."""
    config = programmed_layer(
        columns=9, neurons=1, verify_settle_cycles=3, setup_cycles=3, hold_cycles=3
    )
    programming = config.macro.programming
    less = programming.replace(**{name: getattr(programming, name) - 1})
    hasty = config.replace(macro=config.macro.replace(programming=less))
    macros = [Cells(config, random.Random(9))]
    packets = [packet_of_row(config, 0, 0, 0x155, True)]

    class Hasty(RowProgrammer):
        def __init__(self, _):
            super().__init__(hasty)

    if found:
        with pytest.raises(AssertionError, match=found):
            program(config, packets, macros, component=Hasty)
    else:
        # It takes the source lines before they are right, and so writes something else.
        program(config, packets, macros, component=Hasty)
        assert macros[0].read(0, True) != 0x155
