"""Intact frames become words; short and long ones are dropped, and the next one works."""

import random

import pytest
from support.components import simulate

from popbridge.hdl.bus.axi_stream import PacketInput

SEED = 30


def drive(dut, beats, stalls=(0, 0), seed=SEED, limit=20000):
    """Words, count of dropped frames, and the cycles of words and of drops."""
    draw = random.Random(seed)
    words, drops, firsts, taken = [], [], [], []

    async def bench(ctx):
        left, offered, first, idle = list(beats), False, True, 0
        for cycle in range(limit):
            offered = bool(left) and (offered or draw.random() >= stalls[0])
            data, last = left[0] if offered else (draw.getrandbits(32), draw.randrange(2))
            ctx.set(dut.s_axis_tvalid, offered)
            ctx.set(dut.s_axis_tdata, data)
            ctx.set(dut.s_axis_tlast, last)
            ctx.set(dut.o.ready, draw.random() >= stalls[1])
            if offered and ctx.get(dut.s_axis_tready):
                taken.append(cycle)
                firsts.extend([cycle] if first else [])
                first = bool(last)
                left.pop(0)
                offered = False
            if ctx.get(dut.dropped):
                drops.append(cycle)
            if ctx.get(dut.o.valid) and ctx.get(dut.o.ready):
                words.append((cycle, ctx.get(dut.o.payload)))
            idle = 0 if left or ctx.get(dut.o.valid) else idle + 1
            if idle > 3:
                return
            await ctx.tick()
        raise AssertionError("the input is stuck")

    simulate(dut, bench)
    return words, drops, firsts, taken


def brute_force(frames, bits):
    """Words of the frames that are as long as they should be."""
    count = -(-bits // 32)
    words = []
    for frame in frames:
        if len(frame) == count:
            text = "".join(f"{beat:032b}" for beat in reversed(frame))
            words.append(int(text[-bits:], 2))
    return words


def beats_of(frames):
    return [(beat, int(k == len(frame) - 1)) for frame in frames for k, beat in enumerate(frame)]


@pytest.mark.parametrize("bits", [1, 31, 32, 33, 64, 100])
@pytest.mark.parametrize("stalls", [(0, 0), (0.5, 0), (0, 0.7), (0.4, 0.4)])
def test_frames_of_random_lengths(bits, stalls):
    dut = PacketInput(bits)
    draw = random.Random(SEED + bits)
    count = -(-bits // 32)
    lengths = [count, count, *(draw.choice([count, draw.randint(1, count + 3)]) for _ in range(20))]
    lengths += [count + 1, count, max(count - 1, 1), count]
    frames = [[draw.getrandbits(32) for _ in range(length)] for length in lengths]
    words, drops, *_ = drive(dut, beats_of(frames), stalls)
    expected = brute_force(frames, bits)
    assert [word for _, word in words] == expected
    assert len(drops) == len(frames) - len(expected) > 0
    assert dut.model(beats_of(frames)) == (expected, len(drops))


def test_latency_and_back_to_back_frames():
    dut = PacketInput(100)
    frames = [[k, k + 1, k + 2, k + 3] for k in (10, 20, 30)]
    words, _, firsts, taken = drive(dut, beats_of(frames))
    assert dut.latency == 4
    assert [cycle for cycle, _ in words] == [first + 4 for first in firsts]
    # One cycle per beat, and one in which the word is passed on.
    assert [cycle - taken[0] for cycle in taken] == [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]


def test_a_fault_is_flagged_when_it_is_seen():
    dut = PacketInput(70)
    frames = [[1, 2], [1, 2, 3], [1, 2, 3, 4, 5], [6, 7, 8]]
    words, drops, firsts, _ = drive(dut, beats_of(frames))
    # At a short frame's tlast; at the beat of a long one that should have had tlast.
    assert drops == [firsts[0] + 1, firsts[2] + 2]
    assert [word for _, word in words] == brute_force(frames, 70)


def test_a_frame_without_tlast_is_dropped_up_to_the_next_tlast():
    dut = PacketInput(64)
    beats = [(1, 0), (2, 0), (3, 0), (4, 1), (5, 0), (6, 1)]
    words, drops, *_ = drive(dut, beats)
    assert [word for _, word in words] == [6 << 32 | 5]
    assert len(drops) == 1
    assert dut.model(beats) == ([6 << 32 | 5], 1)


@pytest.mark.parametrize("lengths", [(3, 3), (2, 3), (5, 3)], ids=["intact", "short", "long"])
def test_while_not_enabled_only_a_frame_that_is_begun_goes_on(lengths):
    """Disabled in each cycle of the first of two frames; the second waits for as long."""
    dut = PacketInput(70)
    beats = beats_of([[7] * length for length in lengths])

    async def bench(ctx):
        for disabled in range(lengths[0] + 1):
            taken, busy = 0, []
            ctx.set(dut.o.ready, 1)
            for cycle in range(40):
                ctx.set(dut.enabled, not disabled <= cycle < 20)
                offered = taken < len(beats)
                data, last = beats[taken] if offered else (0, 0)
                ctx.set(dut.s_axis_tvalid, offered)
                ctx.set(dut.s_axis_tdata, data)
                ctx.set(dut.s_axis_tlast, last)
                taken += offered and ctx.get(dut.s_axis_tready)
                busy.append(ctx.get(dut.busy))
                if cycle == 19:
                    assert taken == (lengths[0] if disabled else 0)
                await ctx.tick()
            assert taken == len(beats)
            assert busy[0] == busy[19] == busy[39] == 0
            assert busy[1] == busy[2 if lengths[0] > 2 else 1] == bool(disabled)

    simulate(dut, bench)


def drive_with_restart(dut, frames, restart):
    """Cycles of each frame's first and last beat; words and drops after the restart's cycle."""
    beats, starts, ends, words, drops = beats_of(frames), [], [], [], []

    async def bench(ctx):
        left, cycle, idle = list(beats), 0, 0
        ctx.set(dut.o.ready, 1)
        while idle < 4:
            ctx.set(dut.restart, cycle == restart)
            data, last = left[0] if left else (0, 0)
            ctx.set(dut.s_axis_tvalid, bool(left))
            ctx.set(dut.s_axis_tdata, data)
            ctx.set(dut.s_axis_tlast, last)
            if left and ctx.get(dut.s_axis_tready):
                left.pop(0)
                starts.extend([cycle] if len(starts) == len(ends) else [])
                ends.extend([cycle] if last else [])
            if ctx.get(dut.dropped) and cycle > restart:
                drops.append(cycle)
            if ctx.get(dut.o.valid) and cycle > restart:
                words.append(ctx.get(dut.o.payload))
            idle = 0 if left else idle + 1
            cycle += 1
            await ctx.tick()

    simulate(dut, bench)
    return starts, ends, words, drops


@pytest.mark.parametrize("beats", [1, 3])
def test_what_is_left_of_a_frame_after_a_restart_is_no_frame(beats):
    """In every cycle of frames of every length; the rest may be as long as a frame should be."""
    bits, rests = 32 * beats, set()
    for length in range(1, 2 * beats + 2):
        frames = [[10 * k + beat for beat in range(length)] for k in range(2)]
        frames += [list(range(100, 100 + beats))] * 2
        for restart in range(2 * length + 4):
            dut = PacketInput(bits)
            starts, ends, words, drops = drive_with_restart(dut, frames, restart)
            after = [frame for frame, start in zip(frames, starts, strict=True) if start > restart]
            assert words == brute_force(after, bits)
            cut = [end for start, end in zip(starts, ends, strict=True) if start <= restart < end]
            assert len(drops) == len(cut) + len(after) - len(words)
            # The rest of a frame that the restart cuts is flagged where it ends.
            assert set(cut) <= set(drops)
            rests |= {end - restart for end in cut}
    assert beats in rests


def test_while_a_rest_is_discarded_the_input_is_not_busy():
    """A source that stopped in a frame keeps nobody waiting, and the next frame is taken."""
    dut = PacketInput(70)
    beats = [(7, 0), (7, 0), (7, 1), *beats_of([[1, 2, 3]])]

    async def bench(ctx):
        ctx.set(dut.o.ready, 1)
        for index, (data, last) in enumerate(beats):
            ctx.set(dut.s_axis_tvalid, 1)
            ctx.set(dut.s_axis_tdata, data)
            ctx.set(dut.s_axis_tlast, last)
            assert ctx.get(dut.s_axis_tready)
            await ctx.tick()
            if index == 0:
                assert ctx.get(dut.busy)
                ctx.set(dut.s_axis_tvalid, 0)
                ctx.set(dut.restart, 1)
                await ctx.tick()
                ctx.set(dut.restart, 0)
                ctx.set(dut.enabled, 0)
                await ctx.tick().repeat(3)
                assert not ctx.get(dut.busy) and ctx.get(dut.s_axis_tready)
            if index == 2:
                assert not ctx.get(dut.s_axis_tready)  # not enabled: no frame is begun
                ctx.set(dut.enabled, 1)
        assert ctx.get(dut.o.payload) == 3 << 64 | 2 << 32 | 1 and ctx.get(dut.o.valid)

    simulate(dut, bench)
