"""The programmer at its pins: pulse rules cycle by cycle, outcomes against cells played by hand."""

import random

import pytest
from support.components import simulate

from popbridge.hdl.config import LayerConfig, MacroConfig, ProgrammingConfig
from popbridge.hdl.programming.model import ProgrammingModel, packet_of_row
from popbridge.hdl.programming.row import RowProgrammer

SEED = 77
NONE, FORM, SET, RESET = range(4)
BLANK, LOW, HIGH = range(3)


def layer(columns=37, neurons=3, *, rows=2, spare_rows=0, **programming):
    """Two macros, the last one with a row less; pulses short, so that tests are."""
    values = {
        "columns_per_pulse": 8, "form_cycles": 5, "set_cycles": 3, "reset_cycles": 2,
        "setup_cycles": 2, "hold_cycles": 1, "verify_settle_cycles": 2, "first_level": 3,
        "level_step": 2, "most_retries": 3, "failure_limit": 2,
    } | programming  # fmt: skip
    return LayerConfig(
        name="fc",
        inputs=columns,
        bias_columns=0,
        neurons=neurons,
        macro=MacroConfig(
            rows=rows,
            spare_rows=spare_rows,
            columns=columns + 3,
            programming=ProgrammingConfig(**values),
        ),
    )


class Cells:
    """The devices of a macro: each switches when the amplitude reaches its own need."""

    def __init__(self, config, draw, highest=9, stuck=()):
        self.columns = config.fan_in
        places = [(line, column, device) for line in range(config.macro.rows)
                  for column in range(self.columns) for device in range(2)]  # fmt: skip
        self.state = dict.fromkeys(places, BLANK)
        self.need = {
            (*place, operation): draw.randint(1, highest)
            for place in places
            for operation in (FORM, SET, RESET)
        }
        self.stuck = set(stuck)
        """(line, column) of cells that never respond."""
        self.pulses = []

    def pulse(self, pulse):
        line, operation, device, level, mask = pulse
        self.pulses.append((line, int(operation), int(device), level, mask))
        for column in range(self.columns):
            place = (line, column, int(device))
            hit = mask >> column & 1 and (line, column) not in self.stuck
            if not hit or level < self.need[(*place, int(operation))]:
                continue
            if operation == FORM:
                self.state[place] = LOW
            elif self.state[place] != BLANK:
                self.state[place] = LOW if operation == SET else HIGH

    def read(self, line, positive):
        """A low device against one that is not pulls its way; else SL stays low."""
        word = 0
        for column in range(self.columns):
            top, bottom = (self.state[line, column, device] == LOW for device in range(2))
            word |= (top != bottom and top == positive) << column
        return word


class Pins:
    """Holds every pin of one programmer to the rules, cycle by cycle, and answers with `sl_q`."""

    def __init__(self, dut, config, macros):
        self.dut, self.config, self.macros = dut, config, macros
        self.programming = config.macro.programming
        self.cycle = 0
        self.held, self.since = None, 0
        self.rose = self.fell = None
        self.driven, self.driven_for = (0, 0), 0

    def look(self, ctx):
        pins = self.dut.pins
        get = {name: ctx.get(getattr(pins, name)) for name in pins.signature.members}
        line = get["wl"].bit_length() - 1
        held = tuple(get[name] for name in ("wl", "prog_op", "prog_device", "prog_level",
                                            "prog_mask"))  # fmt: skip
        assert get["wl"] & (get["wl"] - 1) == 0, "two word lines"
        assert get["wl"] == 0 or ctx.get(self.dut.request), "driven without request"
        self._pulse(ctx, get, held, line)
        self._drive(ctx, get, line)
        self.cycle += 1

    def _pulse(self, ctx, get, held, line):
        programming = self.programming
        if held != self.held:
            if self.fell is not None:
                assert self.cycle - self.fell >= programming.hold_cycles, "hold"
                self.fell = None
            assert self.rose is None, "changed in a pulse"
            self.held, self.since = held, self.cycle
        if get["prog_op"]:
            assert (get["bl"], get["blb"]) == (0, 0), "bit lines driven around a pulse"
        if get["prog_pulse"] and self.rose is None:
            assert line >= 0 and get["prog_op"] and get["prog_mask"], "a pulse on nothing"
            assert self.cycle - self.since >= programming.setup_cycles, "setup"
            self.rose = self.cycle
        if not get["prog_pulse"] and self.rose is not None:
            width = {FORM: programming.form_cycles, SET: programming.set_cycles,
                     RESET: programming.reset_cycles}[get["prog_op"]]  # fmt: skip
            assert self.cycle - self.rose == width, "width"
            self.rose, self.fell = None, self.cycle
            pulse = (line, get["prog_op"], get["prog_device"], get["prog_level"])
            self.macros[ctx.get(self.dut.macro)].pulse((*pulse, get["prog_mask"]))

    def _drive(self, ctx, get, line):
        """Source lines are right in the last cycle of a polarity alone."""
        driven = get["bl"], get["blb"]
        self.driven_for = self.driven_for + 1 if driven == self.driven else 1
        self.driven = driven
        every = (1 << self.config.fan_in) - 1
        if driven == (0, 0):
            return
        assert driven in ((every, 0), (0, every)) and line >= 0
        assert self.driven_for <= self.programming.verify_settle_cycles
        answer = self.macros[ctx.get(self.dut.macro)].read(line, driven[0] != 0)
        settled = self.driven_for == self.programming.verify_settle_cycles
        ctx.set(self.dut.pins.sl_q, answer if settled else answer ^ every)


def program(config, packets, macros, *, grant_after=0, component=RowProgrammer, seed=0):
    """Rows done: (line, failed, mask, unrepairable, cycles from grant); and how many dropped."""
    dut = component(config)
    pins = Pins(dut, config, macros)
    draw = random.Random(seed)
    beats = [(beat, k == len(packet) - 1) for packet in packets for k, beat in enumerate(packet)]
    done, drops = [], []
    words = -(-config.fan_in // 32)

    async def bench(ctx):
        left, waited, granted, idle = list(beats), 0, 0, 0
        for _ in range(len(packets) * (dut.most_latency + 200)):
            requested = ctx.get(dut.request)
            waited = waited + 1 if requested else 0
            grant = waited > grant_after
            ctx.set(dut.grant, grant)
            granted = granted + 1 if grant else 0
            offered = bool(left) and draw.random() < 0.8
            ctx.set(dut.s_axis_tvalid, offered)
            ctx.set(dut.s_axis_tdata, left[0][0] if offered else draw.getrandbits(32))
            ctx.set(dut.s_axis_tlast, left[0][1] if offered else 1)
            if offered and ctx.get(dut.s_axis_tready):
                left.pop(0)
            pins.look(ctx)
            drops.append(ctx.get(dut.dropped))
            if ctx.get(dut.row_done):
                mask = 0
                for word in range(words):
                    ctx.set(dut.failure_address, word)
                    mask |= ctx.get(dut.failure_bits) << 32 * word
                flag = bool(ctx.get(dut.unrepairable))
                done.append((ctx.get(dut.line), ctx.get(dut.failed), mask, flag, granted))
            idle = 0 if left or requested else idle + 1
            if idle > 5:
                totals = [ctx.get(getattr(dut, name))
                          for name in ("pulses", "retries", "failed_cells")]  # fmt: skip
                done.append(totals)
                return
            await ctx.tick()
        raise AssertionError("the programmer is stuck")

    simulate(dut, bench)
    return done[:-1], done[-1], sum(drops)


def every_row(config, draw, blank=True):
    """A packet, and what is in it, for each neuron of a layer."""
    rows = [(macro, row, draw.getrandbits(config.fan_in)) for macro in range(config.macros)
            for row in range(len(config.neurons_of_macro(macro)))]  # fmt: skip
    return rows, [packet_of_row(config, *row, blank) for row in rows]


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
    config = layer(**values)
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
    config = layer()
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
    config = layer(65, neurons=3, rows=3, failure_limit=65)
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
    config = layer(9, neurons=3, rows=5, spare_rows=2)
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
        config = layer(9, neurons=2, rows=4, spare_rows=spare_rows)
        stuck = {(line, column) for line in (0, 3) for column in range(5)}
        macros = [Cells(config, random.Random(4), stuck=stuck)]
        _, packets = every_row(config, random.Random(4))
        done, _, _ = program(config, packets, macros)
        line = 3 if spare_rows else 0
        assert [outcome[:4] for outcome in done] == [(line, 5, 31, True), (1, 0, 0, False)]


def test_a_moved_row_is_programmed_on_its_spare_again():
    config = layer(9, neurons=2, rows=4, spare_rows=1)
    macros = [Cells(config, random.Random(5), stuck={(0, 0), (0, 1), (0, 2)})]
    packets = [packet_of_row(config, 0, 0, 5, True), packet_of_row(config, 0, 0, 10, False)]
    done, _, _ = program(config, packets, macros)
    assert [outcome[:2] for outcome in done] == [(3, 0), (3, 0)]
    assert macros[0].read(3, True) == 10
    assert {pulse[0] for pulse in macros[0].pulses} == {0, 3}


def test_a_spare_row_is_formed_even_for_a_row_that_is_not_blank():
    """A row written long ago that has gone bad moves to a row that nobody has formed yet."""
    config = layer(9, neurons=1, rows=2, spare_rows=1)
    macros = [Cells(config, random.Random(11), stuck={(0, column) for column in range(4)})]
    macros[0].state |= {(0, column, device): HIGH for column in range(9) for device in range(2)}
    done, _, _ = program(config, [packet_of_row(config, 0, 0, 77, False)], macros)
    assert done[0][:4] == (1, 0, 0, False)
    assert macros[0].read(1, True) == 77
    operations = [(pulse[0], pulse[1]) for pulse in macros[0].pulses]
    assert (1, FORM) in operations and (0, FORM) not in operations


def test_right_rows_are_left_alone():
    config = layer(neurons=1)
    macros = [Cells(config, random.Random(6))]
    packets = [packet_of_row(config, 0, 0, 99, blank) for blank in (True, False)]
    done, totals, _ = program(config, packets, macros)
    assert totals[0] == len(macros[0].pulses)
    assert done[1][:4] == (0, 0, 0, False)
    # Grant, word line, read-back (start, two cycles of each polarity, verdict), two words, end.
    assert done[1][4] == 1 + 1 + 6 + 2 + 1 + 1


def test_latency_and_its_bound():
    for spare_rows in (0, 1):
        config = layer(neurons=1, rows=4, spare_rows=spare_rows)
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
        assert dut.most_latency == done[0][4]
        assert dut.latency == 1 + 1 + 6 + 2 + 1 + 1
        simulate(dut, idle)


async def idle(ctx):
    await ctx.tick()


def test_broken_packets_and_wrong_addresses_are_dropped_and_the_next_one_works():
    config = layer(33, most_retries=0)
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
    config = layer()
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
    config = layer(columns=9, neurons=1, verify_settle_cycles=3, setup_cycles=3, hold_cycles=3)
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
