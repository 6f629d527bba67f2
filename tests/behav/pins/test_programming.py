"""A macro's pins while it is programmed: what they may do, and what they may not."""

import numpy as np
import pytest

from popbridge.behav.chip.cells import MacroCells
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.pins.programming import ProgrammingArray
from popbridge.errors import PhaseError
from popbridge.hdl.config import LayerConfig, MacroConfig, ProgrammingConfig, ProgrammingOperation
from popbridge.hdl.config.pins import ProgrammingPins

PERIOD_S = 5e-9
PROGRAMMING = ProgrammingConfig(setup_cycles=2, hold_cycles=3, form_cycles=4)
COLUMNS = 21
CONFIG = LayerConfig(
    name="fc", inputs=COLUMNS, bias_columns=0, neurons=8,
    macro=MacroConfig(rows=8, columns=COLUMNS + 3, programming=PROGRAMMING),
)  # fmt: skip


class Bench:
    def __init__(self):
        self.cells = MacroCells(CONFIG, 0, CONDITIONS["nominal"], LayerKey(3, 1))
        self.array = ProgrammingArray(self.cells)
        self.pins = ProgrammingPins()
        self.cycle = 0

    def set(self, **pins):
        for name, value in pins.items():
            setattr(self.pins, name, value)
        self.array.observe(self.cycle * PERIOD_S, self.pins)

    def wait(self, cycles):
        self.cycle += cycles

    def sl_q(self):
        return self.array.sl_q(self.cycle * PERIOD_S)


PREPARED = {"wl": 1 << 5, "prog_op": 1, "prog_device": 0, "prog_level": 9, "prog_mask": 0b1011}


def pulsing(bench, setup=2, width=4, **changes):
    """Up to within a pulse, or to its end if `width` is given."""
    bench.set(**(PREPARED | changes))
    bench.wait(setup)
    bench.set(prog_pulse=1)
    bench.wait(width)


def test_a_pulse_acts_at_its_end_as_long_as_it_was():
    bench, direct = Bench(), Bench()
    for width in (4, 9):
        pulsing(bench, width=width)
        before = bench.cells.pulses.copy()
        bench.set(prog_pulse=0)
        assert bench.cells.pulses[5] == before[5] + 1
        bench.wait(3)
        bench.set(wl=0, prog_op=0, prog_mask=0, prog_level=0)
        bench.wait(1)
        columns = np.isin(np.arange(COLUMNS), (0, 1, 3))
        direct.cells.pulse(5, ProgrammingOperation.FORM, 0, 9, columns, width * PERIOD_S)
    np.testing.assert_array_equal(bench.cells.states, direct.cells.states)
    np.testing.assert_array_equal(bench.cells.cells_ohm([5]), direct.cells.cells_ohm([5]))


def test_read_back_through_the_pins_is_that_of_the_cells():
    bench = Bench()
    draw = np.random.default_rng(6)
    for operation, device in ((1, 0), (1, 1), (3, 0), (3, 1)):
        columns = draw.random(COLUMNS) < 0.6
        bench.cells.pulse(5, ProgrammingOperation(operation), device, 20, columns, 1e-6)
    every = (1 << COLUMNS) - 1
    for cycles in (1, 2, 30):
        for_plus, for_minus = bench.cells.read(5, cycles * PERIOD_S)
        bench.set(wl=1 << 5)
        bench.wait(2)
        bench.set(bl=every)
        bench.wait(cycles)
        assert bench.sl_q() == sum(1 << c for c in np.flatnonzero(for_plus))
        bench.set(bl=0, blb=every)
        bench.wait(cycles)
        assert bench.sl_q() == sum(1 << c for c in np.flatnonzero(for_minus))
        bench.set(blb=0)
        bench.wait(1)
    assert bench.sl_q() == 0


def test_source_lines_stay_low_without_word_line_or_bit_lines():
    bench = Bench()
    for operation, device in ((1, 0), (1, 1), (3, 1)):
        bench.cells.pulse(
            5, ProgrammingOperation(operation), device, 30, np.ones(COLUMNS, bool), 1e-5
        )
    bench.set(bl=1)
    bench.wait(50)
    assert bench.sl_q() == 0
    bench.set(wl=1 << 5, bl=0)
    bench.wait(50)
    assert bench.sl_q() == 0
    bench.set(bl=(1 << COLUMNS) - 1)
    bench.wait(50)
    assert bench.sl_q() != 0


CHANGES = [
    ({"wl": 1 << 4}, "wl changed in a pulse"),
    ({"wl": 0}, "a pulse without word line, operation or columns"),
    ({"wl": 3 << 5}, r"word lines \[5, 6\] up together"),
    ({"prog_op": 2}, "prog_op changed in a pulse"),
    ({"prog_device": 1}, "prog_device changed in a pulse"),
    ({"prog_level": 10}, "prog_level changed in a pulse"),
    ({"prog_mask": 0b1111}, "prog_mask changed in a pulse"),
    ({"prog_pulse": 0, "prog_mask": 0}, "prog_mask changed in a pulse"),
    ({"evaluate": 1}, "a program driver on in an evaluation"),
    ({"precharge": 1}, "a program driver on in an evaluation"),
    ({"bl": 1}, "bit lines driven together with a program driver"),
    ({"blb": 1}, "bit lines driven together with a program driver"),
]


@pytest.mark.parametrize(("changes", "message"), CHANGES)
def test_changes_in_a_pulse(changes, message):
    bench = Bench()
    pulsing(bench, width=2)
    with pytest.raises(PhaseError, match=rf"^layer fc, macro 0, at 20\.000 ns: found .*{message}"):
        bench.set(**changes)


LEVELS = [
    ({"wl": 0b101}, r"word lines \[0, 2\] up together, expected at most one"),
    ({"bl": 1, "blb": 1}, "bl and blb of a column both high"),
    ({"bl": 1, "blb": 2}, "columns read back with different inputs"),
    ({"bl": 1 << COLUMNS}, "a column driven beyond the 21 in use"),
    ({"prog_mask": 1 << COLUMNS}, "a column driven beyond the 21 in use"),
    ({"prog_op": 1, "evaluate": 1}, "a program driver on in an evaluation, expected it off"),
    ({"prog_op": 1, "precharge": 1}, "a program driver on in an evaluation, expected it off"),
    ({"prog_op": 3, "wl": 1, "bl": 1}, "bit lines driven together with a program driver"),
    ({"prog_pulse": 1, "prog_op": 1, "prog_mask": 1}, "a pulse without word line"),
    ({"prog_pulse": 1, "wl": 1, "prog_mask": 1}, "a pulse without word line, operation"),
    ({"prog_pulse": 1, "wl": 1, "prog_op": 1}, "a pulse without word line, operation or columns"),
]


@pytest.mark.parametrize(("levels", "message"), LEVELS)
def test_levels(levels, message):
    bench = Bench()
    with pytest.raises(PhaseError, match=message):
        bench.set(**levels)


@pytest.mark.parametrize(("setup", "hold"), [(1, 3), (0, 3), (2, 2), (2, 0)])
def test_setup_and_hold(setup, hold):
    bench = Bench()
    message = "setup" if setup < 2 else "hold"
    least = {"setup": 2, "hold": 3}[message]
    found = setup if setup < 2 else hold
    with pytest.raises(
        PhaseError, match=f"(found {found} cycles of {message} around a pulse, expected at least "
        f"{least}|changed in a pulse)",
    ):  # fmt: skip
        bench.set(wl=1 << 5)
        bench.wait(5)
        if setup:
            pulsing(bench, setup=setup)
        else:
            bench.set(**PREPARED, prog_pulse=1)
            bench.wait(4)
        if hold:
            bench.set(prog_pulse=0)
            bench.wait(hold)
            bench.set(prog_mask=0, prog_op=0)
        else:
            bench.set(prog_pulse=0, prog_mask=0)


def test_the_next_pulse_may_follow_after_setup_and_hold():
    bench = Bench()
    for mask in (1, 2, 4):
        pulsing(bench, prog_mask=mask)
        bench.set(prog_pulse=0)
        bench.wait(3)
    assert bench.cells.pulses[5] == 3


def test_the_time_a_line_is_driven_does_not_begin_anew_with_other_pins():
    bench = Bench()
    bench.wait(2)
    bench.set(wl=1 << 5, bl=0b111)
    driven_since_s = bench.array.driven_since_s
    assert driven_since_s == 2 * PERIOD_S
    bench.wait(1)
    bench.set(prog_level=3)
    assert bench.array.driven_since_s == driven_since_s
    bench.wait(1)
    bench.set(bl=0, blb=0b111)
    assert bench.array.driven_since_s == 4 * PERIOD_S
