"""Phases of an evaluation, against lists written by hand."""

from popbridge.hdl.config import PhaseTiming

TIMING = PhaseTiming(
    precharge_cycles=2,
    dead_before_evaluate_cycles=3,
    evaluate_cycles=5,
    strobe_cycles=7,
    settle_cycles=11,
    dead_after_strobe_cycles=13,
    share_cycles=17,
    dead_after_share_cycles=19,
)
START = [("precharge", 2), ("dead_before_evaluate", 3), ("evaluate", 5)]


def test_the_phases_of_a_sign_row():
    assert TIMING.phases(1) == [*START, ("strobe", 7), ("dead_after_strobe", 13)]
    assert TIMING.row_cycles(1) == 30


def test_the_bank_settles_before_each_further_trial():
    trials = [("strobe", 7), ("settle", 11), ("strobe", 7), ("settle", 11), ("strobe", 7)]
    assert TIMING.phases(3) == [*START, *trials, ("dead_after_strobe", 13)]
    assert TIMING.row_cycles(3) == 66
    assert TIMING.from_evaluate_cycles(3) == 61


def test_each_bit_plane_is_shared_and_the_last_one_settles():
    assert TIMING.phases(1, 2) == [
        *START, ("share", 17), ("dead_after_share", 19),
        *START, ("share", 17), ("settle", 11), ("strobe", 7), ("dead_after_strobe", 13),
    ]  # fmt: skip
    assert TIMING.row_cycles(1, 2) == 104


def test_a_dead_time_left_out_takes_no_cycles():
    phases = dict(TIMING.replace(dead_after_strobe_cycles=0).phases(1))
    assert phases["dead_after_strobe"] == 0
