"""The phases of random configurations, every pin in every cycle."""

import random

import pytest
from support.components import refuses, simulate
from support.layers import row_phases

from popbridge.hdl.config import PHASE_NAMES, PhaseTiming
from popbridge.hdl.layer.sequencer import PhaseSequencer

SEED = 5


def random_timing(draw, trials):
    return PhaseTiming(
        precharge_cycles=draw.randint(1, 4),
        dead_before_evaluate_cycles=draw.randint(0, 3),
        evaluate_cycles=draw.randint(1, 5),
        strobe_cycles=draw.randint(1, 3),
        settle_cycles=draw.randint(1, 3),
        dead_after_strobe_cycles=draw.randint(0, 2),
        share_cycles=draw.randint(1, 3),
        dead_after_share_cycles=draw.randint(0, 2),
    )


def expected_row(phases):
    """Per cycle: the pins, arm, sample, last_trial (or None outside strobes), row_done, next_plane.

    Pins are precharge, evaluate, strobe, share and acc_reset.
    """
    length = len(phases)
    planes = 1 + max(phase[6] for phase in phases)
    row = []
    for cycle, (precharge, evaluate, strobe, trial, share, reset, plane) in enumerate(phases):
        following = phases[cycle + 1] if cycle + 1 < length else (0, 0, 0, None, 0, 0, planes)
        arm = not evaluate and following[1] == 1
        sample = strobe == 1 and not following[2]
        last = trial == max(p[3] for p in phases if p[2]) if strobe else None
        pins = (precharge, evaluate, strobe, share, reset)
        ends = cycle == length - 1
        row.append((pins, arm, sample, last, ends, following[6] != plane))
    return row


def drive(ctx, dut, timing):
    """Give the lengths of a timing to the sequencer."""
    for name in PHASE_NAMES:
        ctx.set(getattr(dut.timing, name), getattr(timing, name))


@pytest.mark.parametrize(
    ("trials", "planes"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (1, 2), (3, 4)]
)
@pytest.mark.parametrize("number", range(8))
def test_every_pin_in_every_cycle(trials, planes, number):
    draw = random.Random(SEED * 100 + trials * 10 + number)
    configured = random_timing(draw, trials)
    dut = PhaseSequencer(configured, trials=trials, planes=planes)
    assert dut.latency == len(row_phases(configured, trials, planes))
    rows = draw.randint(1, 3)

    async def bench(ctx):
        for scan in range(4):
            # As configured first, then others; what comes during the scan is for the next one.
            timing = random_timing(draw, trials) if scan else configured
            row = expected_row(row_phases(timing, trials, planes))
            assert list(dut.model(rows, timing)) == [pins for pins, *_ in row] * rows
            if scan:
                drive(ctx, dut, timing)
            for _ in range(draw.randrange(3) if scan else 2):
                assert ctx.get(dut.idle)
                assert not any(
                    ctx.get(getattr(dut, name))
                    for name in ("precharge", "evaluate", "strobe", "arm", "sample", "row_done")
                )
                ctx.set(dut.last_row, draw.randrange(2))
                await ctx.tick()
            ctx.set(dut.start, 1)
            await ctx.tick()
            drive(ctx, dut, random_timing(draw, trials))
            for index in range(rows):
                for pins, arm, sample, last_trial, row_done, next_plane in row:
                    ctx.set(dut.start, draw.randrange(2))  # taken only in IDLE
                    ctx.set(dut.last_row, index == rows - 1)
                    assert not ctx.get(dut.idle)
                    names = ("precharge", "evaluate", "strobe", "share", "acc_reset")
                    assert tuple(ctx.get(getattr(dut, name)) for name in names) == pins
                    assert ctx.get(dut.next_plane) == next_plane
                    assert (ctx.get(dut.arm), ctx.get(dut.sample)) == (arm, sample)
                    assert last_trial is None or ctx.get(dut.last_trial) == last_trial
                    assert ctx.get(dut.row_done) == row_done
                    last = index == rows - 1 and row_done
                    if last:
                        ctx.set(dut.start, 0)
                    await ctx.tick()

    simulate(dut, bench)


def test_refuses_several_planes_in_a_pipeline():
    refuses(
        lambda: PhaseSequencer(PhaseTiming(), planes=2, pipelined=True),
        ValueError,
        match="planes: found 2 in a pipelined scan, expected 1",
    )


def test_refuses_no_trials():
    refuses(
        lambda: PhaseSequencer(PhaseTiming(), trials=0),
        ValueError,
        match="trials: found 0, expected at least 1",
    )
