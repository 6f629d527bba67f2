"""The pin-level model holds phases to their order and length."""

import numpy as np
import pytest
from support.array_bench import Bench, array_layer, ideal_bench

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.evaluation import ArrayModel
from popbridge.errors import PhaseError
from popbridge.hdl.config import Readout


def test_time_is_compared_in_whole_cycles():
    """A period that floats do not hold: phases of the right length stay right."""
    bench = ideal_bench(clock_period_s=1 / 3e8)
    bench.cycle = 10**9
    for image in range(50):
        assert bench.sign(image % 3) == (1, 0)


def test_phases_may_touch_where_the_macro_allows_it():
    bench = ideal_bench(dead_before_evaluate_cycles=0, dead_after_strobe_cycles=0)
    bench.set(precharge=1)
    for row in (1, 2, 4):
        bench.wait(2)
        bench.set(precharge=0, evaluate=1)
        bench.wait(3)
        assert bench.set(strobe=1) == (1, 0)
        bench.wait(2)
        bench.set(precharge=1, evaluate=0, strobe=0, wl=row)


def precharge_in_evaluate(bench):
    bench.until_evaluate()
    bench.set(precharge=1)


def evaluate_in_precharge(bench):
    bench.set(precharge=1)
    bench.wait(2)
    bench.set(evaluate=1)


def evaluate_first(bench):
    bench.set(evaluate=1)


def evaluate_twice(bench):
    bench.sign(0)
    bench.set(evaluate=1)


def strobe_alone(bench):
    bench.set(strobe=1)


def strobe_in_precharge(bench):
    bench.set(precharge=1, strobe=1)


def strobe_outlasts_evaluate(bench):
    bench.until_evaluate()
    bench.set(strobe=1)
    bench.wait(1)
    bench.set(evaluate=0)


def two_word_lines(bench):
    bench.set(precharge=1, wl=0b1010)


def word_line_moves(bench):
    bench.until_evaluate()
    bench.set(strobe=1, wl=2)


def word_line_moves_as_evaluate_falls(bench):
    bench.until_evaluate()
    bench.set(strobe=1)
    bench.wait(2)
    bench.set(strobe=0, evaluate=0, wl=2)


def bit_line_moves(bench):
    bench.until_evaluate()
    bench.set(strobe=1, bl=bench.pins.bl & ~1)


def complement_moves(bench):
    bench.drive(np.zeros(23))
    bench.until_evaluate()
    bench.set(strobe=1, blb=4)


def both_bit_lines(bench):
    bench.set(precharge=1, blb=4)


def unused_column(bench):
    bench.set(precharge=1, bl=1 << 23)


def bank_in_precharge(bench):
    bench.set(precharge=1, dac_n=1)


def bank_too_wide(bench):
    bench.set(dac_p=32)


def bank_in_strobe(bench):
    bench.until_evaluate(codes=(16, 16))
    bench.set(strobe=1)
    bench.wait(1)
    bench.set(dac_n=3)


def short_precharge(bench):
    bench.set(precharge=1)
    bench.wait(1)
    bench.set(precharge=0)


def short_dead_time_before(bench):
    bench.set(precharge=1)
    bench.wait(2)
    bench.set(precharge=0, evaluate=1)


def short_evaluate(bench):
    bench.until_evaluate()
    bench.wait(-1)
    bench.set(strobe=1)


def evaluate_given_up(bench):
    bench.until_evaluate()
    bench.wait(-1)
    bench.set(evaluate=0)


def short_strobe(bench):
    bench.until_evaluate()
    bench.set(strobe=1)
    bench.wait(1)
    bench.set(strobe=0)


def long_strobe(bench):
    bench.until_evaluate()
    bench.set(strobe=1)
    bench.wait(3)
    bench.set(strobe=0)


def short_settle(bench):
    bench.until_evaluate()
    bench.strobe(last=False)
    bench.wait(-1)
    bench.set(strobe=1)


def short_dead_time_after(bench):
    bench.sign(0)
    bench.wait(-1)
    bench.set(precharge=1)


BROKEN_RULES = [
    (precharge_in_evaluate, "30.000 ns", "precharge and evaluate high together"),
    (evaluate_in_precharge, "10.000 ns", "precharge and evaluate high together"),
    (evaluate_first, "0.000 ns", "evaluate without a precharge since the last one"),
    (evaluate_twice, "50.000 ns", "evaluate without a precharge since the last one"),
    (strobe_alone, "0.000 ns", "strobe high while evaluate is low"),
    (strobe_in_precharge, "0.000 ns", "strobe high while evaluate is low"),
    (strobe_outlasts_evaluate, "35.000 ns", "strobe high while evaluate is low"),
    (two_word_lines, "0.000 ns", "word lines [1, 3] up together"),
    (word_line_moves, "30.000 ns", "wl changed in evaluate"),
    (word_line_moves_as_evaluate_falls, "40.000 ns", "wl changed in evaluate"),
    (bit_line_moves, "30.000 ns", "bl changed in evaluate"),
    (complement_moves, "30.000 ns", "blb changed in evaluate"),
    (both_bit_lines, "0.000 ns", "bl and blb of column 2 both high"),
    (unused_column, "0.000 ns", "column 23 driven, expected only 23 columns"),
    (bank_in_precharge, "0.000 ns", "dac_p 0 and dac_n 1 in precharge"),
    (bank_too_wide, "0.000 ns", "dac_p 32 and dac_n 0, expected at most 31"),
    (bank_in_strobe, "35.000 ns", "the bank changed in a strobe"),
    (short_precharge, "5.000 ns", "precharge of 1 cycles, expected at least 2"),
    (short_dead_time_before, "10.000 ns", "dead time before evaluate of 0 cycles"),
    (short_evaluate, "25.000 ns", "evaluate before strobe of 2 cycles, expected at least 3"),
    (evaluate_given_up, "25.000 ns", "evaluate of 2 cycles, expected at least 3"),
    (short_strobe, "35.000 ns", "a strobe of 1 cycles, expected 2"),
    (long_strobe, "45.000 ns", "a strobe of 3 cycles, expected 2"),
    (short_settle, "45.000 ns", "time between strobes of 1 cycles, expected at least 2"),
    (short_dead_time_after, "45.000 ns", "dead time after strobe of 1 cycles"),
]


@pytest.mark.parametrize(
    ("scene", "time", "message"), BROKEN_RULES, ids=[rule[0].__name__ for rule in BROKEN_RULES]
)
def test_broken_rule(scene, time, message):
    bench = ideal_bench(readout=Readout.COUNT)
    with pytest.raises(PhaseError) as caught:
        scene(bench)
    text = str(caught.value)
    assert text.startswith(f"layer fc1, macro 2, at {time}: found ")
    assert message in text and "\n" not in text


@pytest.fixture
def pipelined_bench():
    """The last macro of an ideal pipelined layer, row 0 selected; bridges take four cycles."""
    config = array_layer(bridge_cycles=4)
    config = config.replace(macro=config.macro.replace(pipelined=True))
    chip = sample_layer(config, np.ones((11, 23)), ChipParameters(), LayerKey(None))
    bench = Bench(ArrayModel(chip, 2), config.macro.timing.clock_period_s)
    bench.drive(np.ones(23))
    bench.set(wl=1)
    return bench


def pipelined_row(bench, following, wait=2):
    """A row; the word line goes on in evaluate's second cycle."""
    bench.set(precharge=1)
    bench.wait(wait)
    bench.set(precharge=0)
    bench.wait(1)
    bench.set(evaluate=1)
    bench.wait(1)
    bench.set(wl=following)
    bench.wait(2)
    answer = bench.set(strobe=1)
    row = bench.model.row
    bench.wait(2)
    bench.set(strobe=0, evaluate=0)
    bench.wait(2)
    return answer, row


def test_word_lines_may_be_ahead_of_latched_rows(pipelined_bench):
    bench = pipelined_bench
    bench.wait(1)
    for _ in range(2):
        assert pipelined_row(bench, 2) == ((1, 0), 0)
        assert pipelined_row(bench, 4) == ((1, 0), 1)
        assert pipelined_row(bench, 4) == ((1, 0), 2)
        bench.set(wl=1)
        bench.wait(1)
    assert bench.model.evaluation == 1


def test_bridges_of_latched_rows_have_their_time(pipelined_bench):
    with pytest.raises(PhaseError, match="the bridges' time of 3 cycles, expected at least 4"):
        pipelined_row(pipelined_bench, 2)


def test_word_line_stands_as_latches_close(pipelined_bench):
    bench = pipelined_bench
    bench.set(precharge=1)
    bench.wait(4)
    bench.set(precharge=0)
    bench.wait(1)
    with pytest.raises(PhaseError, match="found wl changed as evaluate rose"):
        bench.set(evaluate=1, wl=2)


def test_bit_lines_stand_while_latches_hold(pipelined_bench):
    bench = pipelined_bench
    bench.set(precharge=1)
    bench.wait(4)
    bench.set(precharge=0)
    bench.wait(1)
    bench.set(evaluate=1)
    bench.wait(1)
    with pytest.raises(PhaseError, match="found bl changed in evaluate"):
        bench.set(bl=1, wl=2)


def test_a_pipelined_macro_of_bit_planes_scans_row_after_row():
    """Its word lines may be down for the row that it lacks, 21 cycles, and not for a row's tail."""
    config = array_layer()
    macro = config.macro.replace(pipelined=True)
    config = config.replace(macro=macro, bits_per_input=2)
    chip = sample_layer(config, np.ones((11, 23)), ChipParameters(), LayerKey(None))
    bench = Bench(ArrayModel(chip, 2), config.macro.timing.clock_period_s)
    bench.drive(np.ones(23))
    bench.set(wl=1)
    bench.set(wl=0)
    bench.wait(21)
    bench.set()
    bench.wait(1)
    with pytest.raises(PhaseError, match=r"driven for 22 cycles without a word line, .* most 21"):
        bench.set()
