"""The order of pulses against docs/programming.md, written out here by hand.

Hardware and model read one plan, so that either says nothing of the other where the plan is wrong.
"""

import random

import pytest
from amaranth.sim import Simulator

from popbridge.hdl.config import LayerConfig, MacroConfig, ProgrammingConfig
from popbridge.hdl.programming import model, plan, word_line
from popbridge.hdl.programming.model import ProgrammingModel, packet_of_row
from popbridge.hdl.programming.row import RowProgrammer

COLUMNS, GROUP, FIRST, STEP, ATTEMPTS = 5, 2, 3, 2, 3
BLANK, LOW, HIGH = "blank", "low", "high"
FORM, SET, RESET = 1, 2, 3
TOP, BOTTOM = 0, 1
ALL = (1 << COLUMNS) - 1


def config():
    programming = ProgrammingConfig(
        columns_per_pulse=GROUP, form_cycles=3, set_cycles=2, reset_cycles=2, setup_cycles=1,
        hold_cycles=1, verify_settle_cycles=1, first_level=FIRST, level_step=STEP,
        most_retries=ATTEMPTS - 1, failure_limit=COLUMNS,
    )  # fmt: skip
    macro = MacroConfig(rows=2, columns=COLUMNS, programming=programming)
    return LayerConfig(name="fc", inputs=COLUMNS, bias_columns=0, neurons=2, macro=macro)


class Cells:
    """Ideal devices of one row: a pulse of enough amplitude always acts."""

    def __init__(self, stubborn=None):
        self.state = [[BLANK, BLANK] for _ in range(COLUMNS)]
        self.least = stubborn or {}
        """(column, device) to the amplitude code below which it does not respond."""
        self.pulses = []

    def act(self, operation, device, level, mask):
        self.pulses.append((operation, device, level, mask))
        for column in range(COLUMNS):
            state = self.state[column][device]
            if not mask >> column & 1 or level < self.least.get((column, device), 0):
                continue
            if operation == FORM:
                self.state[column][device] = LOW
            elif state != BLANK:
                self.state[column][device] = LOW if operation == SET else HIGH

    def reads(self, positive):
        """Source lines: the side of the lower device wins; of two alike none is above threshold."""
        lower = [(top == LOW) - (bottom == LOW) for top, bottom in self.state]
        return sum(((side if positive else -side) > 0) << c for c, side in enumerate(lower))

    def pulse(self, pulse):  # as the model asks
        self.act(int(pulse.operation), int(pulse.device), pulse.level, pulse.mask)

    def read(self, line, positive):
        return self.reads(positive)


def documented_pulses(weights, blank, cells):
    """The table "Steps of a row" of docs/programming.md, cell by cell, without any plan."""
    minus = ALL & ~weights
    form_top = (ALL, [(FORM, TOP, ALL)])
    form_bottom = (0, [(RESET, TOP, ALL), (FORM, BOTTOM, ALL)])
    # The device that is to be high is RESET, both kinds of cells; then the other one is SET.
    write = (
        weights,
        [(RESET, TOP, minus), (RESET, BOTTOM, weights), (SET, TOP, weights), (SET, BOTTOM, minus)],
    )
    for right, pulses in [form_top, form_bottom, write] if blank else [write]:
        for attempt in range(ATTEMPTS):
            wrong = ((cells.reads(True) ^ right) | (cells.reads(False) ^ right ^ ALL)) & ALL
            if not wrong:
                break
            for operation, device, columns in pulses:
                for first in range(0, COLUMNS, GROUP):
                    mask = wrong & columns & ((1 << GROUP) - 1) << first
                    if mask:
                        cells.act(operation, device, FIRST + attempt * STEP, mask)
    return cells.pulses


def pulses_of_the_model(rows, cells):
    programmer = ProgrammingModel(config())
    for weights, blank in rows:
        programmer.program(0, 0, weights, blank, cells)
    return cells.pulses


def pulses_of_the_hardware(rows, cells):
    dut = RowProgrammer(config())
    beats = []
    for weights, blank in rows:
        packet = packet_of_row(dut.config, 0, 0, weights, blank)
        beats += [(beat, index == len(packet) - 1) for index, beat in enumerate(packet)]

    async def bench(ctx):
        pins, done, pulsing = dut.pins, 0, None
        ctx.set(dut.grant, 1)
        for _ in range(20_000):
            pulse = tuple(
                ctx.get(pin)
                for pin in (pins.prog_op, pins.prog_device, pins.prog_level, pins.prog_mask)
            )
            if pulsing and not ctx.get(pins.prog_pulse):
                cells.act(*pulsing)
            pulsing = pulse if ctx.get(pins.prog_pulse) else None
            ctx.set(pins.sl_q, cells.reads(ctx.get(pins.bl) != 0))
            data, last = beats[0] if beats else (0, 0)
            ctx.set(dut.s_axis_tvalid, bool(beats))
            ctx.set(dut.s_axis_tdata, data)
            ctx.set(dut.s_axis_tlast, last)
            if beats and ctx.get(dut.s_axis_tready):
                beats.pop(0)
            done += ctx.get(dut.row_done)
            if done == len(rows):
                return
            await ctx.tick()
        raise AssertionError(f"{done} of {len(rows)} rows done")

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return cells.pulses


STUBBORN = {(0, TOP): FIRST + STEP, (3, BOTTOM): FIRST + 2 * STEP, (4, TOP): 99}


def expected(rows, stubborn):
    cells = Cells(stubborn)
    for weights, blank in rows:
        documented_pulses(weights, blank, cells)
    return cells.pulses


def test_a_blank_row_by_hand():
    """Formed one device after the other, then only what is to be +1 is turned over."""
    rows, every = [(0b00101, True)], [0b00011, 0b01100, 0b10000]
    by_hand = [
        *((FORM, TOP, FIRST, mask) for mask in every),
        *((RESET, TOP, FIRST, mask) for mask in every),
        *((FORM, BOTTOM, FIRST, mask) for mask in every),
        *((RESET, BOTTOM, FIRST, mask) for mask in (0b00001, 0b00100)),
        *((SET, TOP, FIRST, mask) for mask in (0b00001, 0b00100)),
    ]
    assert pulses_of_the_hardware(rows, Cells()) == by_hand
    assert expected(rows, {}) == by_hand


@pytest.mark.parametrize("stubborn", [{}, STUBBORN], ids=["willing", "stubborn"])
def test_rows_written_and_turned_over(stubborn):
    draw = random.Random(5)
    rows = [(draw.getrandbits(COLUMNS), index == 0) for index in range(4)]
    documented = expected(rows, stubborn)
    assert pulses_of_the_hardware(rows, Cells(stubborn)) == documented
    assert pulses_of_the_model(rows, Cells(stubborn)) == documented
    assert {operation for operation, *_ in documented} == {FORM, SET, RESET}


def wrong_plans():
    """Plans with one thing wrong: a device, an operation, an order, what is right."""
    form_top, form_bottom, write = plan.STEPS
    reset_top, *_ = write.pulses
    other_device = reset_top._replace(device=plan.Device.BOTTOM)
    yield (
        "device",
        (form_top, form_bottom, write._replace(pulses=(other_device, *write.pulses[1:]))),
    )
    swapped = (*write.pulses[2:], *write.pulses[:2])
    yield "SET before RESET", (form_top, form_bottom, write._replace(pulses=swapped))
    no_reset = form_bottom._replace(pulses=form_bottom.pulses[1:])
    yield "no RESET of the top", (form_top, no_reset, write)
    yield "not formed", (form_bottom, form_bottom, write)
    yield "weights upside down", (form_top, form_bottom, write._replace(right=plan.Cells.NEGATIVE))


@pytest.mark.parametrize(("name", "steps"), list(wrong_plans()), ids=lambda each: str(each)[:20])
def test_a_wrong_plan_is_found_though_hardware_and_model_agree(name, steps, monkeypatch):
    for module in (model, word_line):
        monkeypatch.setattr(module, "STEPS", steps)
        monkeypatch.setattr(module, "PULSES", tuple(p for step in steps for p in step.pulses))
    rows = [(0b00110, True), (0b11001, False)]
    found = pulses_of_the_model(rows, Cells())
    assert pulses_of_the_hardware(rows, Cells()) == found, name
    assert found != expected(rows, {}), name
