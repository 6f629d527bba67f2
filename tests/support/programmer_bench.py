"""A programmer at its pins: pulse rules cycle by cycle, and cells that are played by hand."""

import random

from popbridge.hdl.config import LayerConfig, MacroConfig, ProgrammingConfig
from popbridge.hdl.programming.model import most_row_cycles, packet_of_row
from popbridge.hdl.programming.row import RowProgrammer
from support.components import simulate

NONE, FORM, SET, RESET = range(4)
BLANK, LOW, HIGH = range(3)


def programmed_layer(columns=37, neurons=3, *, rows=2, spare_rows=0, **programming):
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
        for _ in range(len(packets) * (most_row_cycles(config) + 200)):
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
                done.append((ctx.get(dut.word_line), ctx.get(dut.failed), mask, flag, granted))
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
