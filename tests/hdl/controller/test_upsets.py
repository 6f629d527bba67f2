"""One bit of a register flips by itself: what is told of it, and what goes on as if nothing was."""

import random

import pytest
from amaranth.hdl import Fragment
from support.components import simulate
from support.layers import small_layer

from popbridge.flow.formal.bench import driven_signals
from popbridge.flow.formal.scan_lemmas import fsm_states
from popbridge.hdl.bus.axi_lite import AxiLiteEndpoint
from popbridge.hdl.bus.axi_stream import PacketInput
from popbridge.hdl.bus.register_bank import RegisterBank
from popbridge.hdl.bus.registers import Access
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from popbridge.hdl.controller.control_registers import control_registers
from popbridge.hdl.controller.image_order import ImageOrder
from popbridge.hdl.layer.calibrator import Calibrator
from popbridge.hdl.layer.dense_layer import DenseLayer
from popbridge.hdl.layer.readout import SignReadout
from popbridge.hdl.layer.spare_rows import SpareTable

TRIMMED = LayerConfig(
    name="fc", inputs=3, bias_columns=0, neurons=2,
    macro=MacroConfig(rows=2, columns=4, trim_bits=2, programmable=True, spare_rows=1),
)  # fmt: skip

COUNTED = TRIMMED.replace(readout=Readout.COUNT)


def opened(component):
    """The component elaborated, for a simulator, and a way to its inner registers."""
    fragment = Fragment.get(component, None)

    def inner(*path):
        module = fragment
        for name in path[:-1]:
            module = module.find_subfragment(name)
        return driven_signals(module)[path[-1]]

    return fragment, inner


def flip(ctx, signal, bit=0):
    ctx.set(signal, ctx.get(signal) ^ 1 << bit)


def test_every_bit_of_configuration_has_its_parity():
    dut = RegisterBank(control_registers(NetworkConfig(layers=(COUNTED,), offsets=(0, 0))))
    kept = [
        (register, field)
        for _, register in dut.registers
        for field in register.fields
        if field.access in (Access.READ_WRITE, Access.LOADED)
    ]
    draw = random.Random(3)

    async def write(ctx, name, value, strobes=15):
        ctx.set(dut.bus.write_address, dut.registers.address(name) // 4)
        ctx.set(dut.bus.write_data, value)
        ctx.set(dut.bus.write_strobes, strobes)
        ctx.set(dut.bus.write, 1)
        await ctx.tick()
        ctx.set(dut.bus.write, 0)
        await ctx.tick()

    async def bench(ctx):
        assert len({register.name for register, _ in kept}) == 1 + 9 + 1 + 2
        for register, field in kept:
            for bit in range(field.bits):
                if field.access is Access.LOADED and bit % 2:
                    load, found = dut.load(field)
                    ctx.set(load, 1)
                    ctx.set(found, draw.getrandbits(field.bits))
                    await ctx.tick()
                    ctx.set(load, 0)
                else:
                    # Whole words, and single bytes.
                    value = draw.getrandbits(16) | 0x0101
                    await write(ctx, register.name, value & sum(f.mask << k for k, f in
                                register.placed_fields), draw.choice((15, 1, 2, 3)))  # fmt: skip
                await ctx.tick()
                assert not ctx.get(dut.upset), f"{register.name}: told of a write"
                right = ctx.get(dut[field])
                ctx.set(dut[field], right ^ 1 << bit)
                for _ in range(3):
                    await ctx.tick()
                    assert ctx.get(dut.upset), f"{register.name}: bit {bit} is not told of"
                await write(ctx, register.name, register.reset | (register.name == "CONTROL"))
                await ctx.tick()
                assert not ctx.get(dut.upset), f"{register.name}: told of after it was repaired"

    simulate(dut, bench)


@pytest.mark.parametrize("name", ["address_held", "data_held", "address_free", "data_free"])
def test_half_a_write_that_nobody_sent_is_told_and_forgotten(name):
    dut = AxiLiteEndpoint(12)
    fragment, inner = opened(dut)

    async def bench(ctx):
        flip(ctx, inner(name))
        assert ctx.get(dut.upset)
        await ctx.tick()
        assert not ctx.get(dut.upset)
        for address in (4, 8):
            ctx.set(dut.s_axil_awaddr, address)
            ctx.set(dut.s_axil_wdata, address)
            for channel in ("aw", "w"):
                assert ctx.get(getattr(dut, f"s_axil_{channel}ready"))
                ctx.set(getattr(dut, f"s_axil_{channel}valid"), 1)
            await ctx.tick()
            for channel in ("aw", "w"):
                ctx.set(getattr(dut, f"s_axil_{channel}valid"), 0)
            ctx.set(dut.s_axil_bready, 1)
            written = dut.bus.write, dut.bus.write_address, dut.bus.write_data
            assert [ctx.get(signal) for signal in written] == [1, address // 4, address]
            await ctx.tick().repeat(2)

    simulate(fragment, bench)


def test_spare_rows_have_a_parity():
    config = LayerConfig(
        name="fc", inputs=3, bias_columns=0, neurons=5,
        macro=MacroConfig(rows=4, columns=4, spare_rows=2),
    )  # fmt: skip
    dut = SpareTable(config)

    async def bench(ctx):
        for macro, row in [(0, 1), (1, 1), (0, 1), (1, 0)]:
            ctx.set(dut.macro, macro)
            ctx.set(dut.row, row)
            ctx.set(dut.take, 1)
            await ctx.tick()
            ctx.set(dut.take, 0)
            assert not ctx.get(dut.upset)
            for flipped in range(config.macros):
                for spare in range(2):
                    move = dut.moves[flipped][spare]
                    for signal in (move.valid, move.row):
                        held = ctx.get(signal)
                        ctx.set(signal, held ^ 1)
                        assert ctx.get(dut.upset)
                        ctx.set(signal, held)
        ctx.set(move.valid, 1 ^ ctx.get(move.valid))
        await ctx.tick().repeat(3)
        assert ctx.get(dut.upset)

    simulate(dut, bench)


STAGES = 3


@pytest.mark.parametrize("fault", [None, "lost", "twice"])
def test_images_are_marked_in_turn(fault):
    """Images go from stage to stage; one of them disappears, or is there once more."""
    dut = ImageOrder(STAGES)
    draw = random.Random(5)

    async def bench(ctx):
        told = 0
        for number in range(12):
            stages = list(range(STAGES))
            if fault == "lost" and number == 7:
                stages = stages[: draw.randrange(STAGES)]
            ctx.set(dut.completed, 1)
            await ctx.tick()
            ctx.set(dut.completed, 0)
            ctx.set(dut.busy, 1)
            for _ in range(1 + (fault == "twice" and number == 7)):
                for stage in stages:
                    ctx.set(dut.taken, 1 << stage)
                    told += ctx.get(dut.upset)
                    await ctx.tick()
                ctx.set(dut.taken, 0)
                ctx.set(dut.done, len(stages) == STAGES)
                told += ctx.get(dut.upset)
                await ctx.tick()
                ctx.set(dut.done, 0)
            if number % 3 == 1:
                ctx.set(dut.busy, 0)
                for _ in range(3):
                    told += ctx.get(dut.upset)
                    await ctx.tick()
        assert told == (fault is not None)

    simulate(dut, bench)


def test_a_packet_is_not_begun_by_an_upset():
    """While none is enabled; a beat that counts is then the first of the next packet."""
    dut = PacketInput(70)
    fragment, inner = opened(dut)

    async def bench(ctx):
        ctx.set(dut.o.ready, 1)
        for name, bit in [("count", 0), ("count", 1), ("begun", 0)]:
            ctx.set(dut.enabled, 0)
            flip(ctx, inner(name), bit)
            assert not ctx.get(dut.busy) and not ctx.get(dut.s_axis_tready), name
            ctx.set(dut.enabled, 1)
            ctx.set(dut.s_axis_tvalid, 1)
            for last in (0, 0, 1):
                ctx.set(dut.s_axis_tlast, last)
                if name == "count" or last:
                    assert ctx.get(dut.completed) == last
                await ctx.tick()
            ctx.set(dut.s_axis_tvalid, 0)
            await ctx.tick().repeat(2)

    simulate(fragment, bench)


def test_a_packet_that_is_discarded_by_an_upset_is_told_of():
    dut = PacketInput(70)
    fragment, inner = opened(dut)

    async def bench(ctx):
        state = inner("frame_state")
        ctx.set(dut.s_axis_tvalid, 1)
        for beats, told in [(3, 0), (3, 1), (4, 1)]:
            dropped = 0
            for beat in range(beats):
                ctx.set(dut.s_axis_tlast, beat == beats - 1)
                if beats == 3 and told and beat == 1:
                    ctx.set(state, fsm_states(state)["DISCARD"])
                dropped += ctx.get(dut.dropped)
                await ctx.tick()
            assert dropped == told
            ctx.set(dut.s_axis_tvalid, 0)
            await ctx.tick().repeat(2)
            ctx.set(dut.o.ready, 1)
            ctx.set(dut.s_axis_tvalid, 1)

    simulate(fragment, bench)


@pytest.mark.parametrize("pipelined", [False, True])
@pytest.mark.parametrize("wait", range(12))
def test_a_scan_ends_whichever_row_is_up(pipelined, wait):
    """No row at all, or two: a scan at most, then the next image is right."""
    config = small_layer(5, 4, pipelined=pipelined)
    for bit in range(config.rows_used):
        dut = DenseLayer(config)
        fragment, inner = opened(dut)
        row = inner("read_rows" if pipelined else "word_lines", "row")

        async def bench(ctx, dut=dut, row=row, bit=bit):
            for upset in (True, False):
                ctx.set(dut.i.valid, 1)
                ctx.set(dut.o.ready, 1)
                await ctx.tick()
                ctx.set(dut.i.valid, 0)
                done = 0
                for cycle in range(config.latency + 2):
                    if upset and cycle == wait:
                        flip(ctx, row, bit)
                    done += ctx.get(dut.o.valid)
                    await ctx.tick()
                assert ctx.get(dut.i.ready), f"row {bit}: still at work"
                assert upset or done == 1

        simulate(fragment, bench)


@pytest.mark.parametrize("votes", [3, 7])
def test_votes_of_one_image_are_not_those_of_the_next(votes):
    dut = SignReadout(1, votes)
    fragment, inner = opened(dut)

    async def bench(ctx):
        ctx.set(dut.wl, 1)
        ctx.set(dut.sense_n, 1)
        ctx.set(dut.sample, 1)
        flip(ctx, inner("favourable"), 1)
        for row in range(3):
            for strobe in range(votes):
                ctx.set(dut.last_trial, strobe == votes - 1)
                await ctx.tick()
            assert row == 0 or not ctx.get(dut.bits)

    simulate(fragment, bench)


@pytest.mark.parametrize(
    ("name", "starts", "done", "lost"),
    [
        (None, True, 1, 0),
        ("ended", False, 0, 1),
        ("begun", False, 0, 1),
        ("ended", True, 1, 0),
        ("state", True, 0, 1),
    ],
)
def test_a_calibration_finds_trims_or_says_that_it_did_not(name, starts, done, lost):
    dut = Calibrator(TRIMMED)
    fragment, inner = opened(dut)
    path = ("sequencer", "phase_state") if name == "state" else (name,)

    async def bench(ctx):
        seen = [0, 0]
        ctx.set(dut.start, starts)
        for cycle in range(dut.latency + 5):
            if name and cycle == 9:
                ctx.set(inner(*path), 0 if name == "state" else 1)
            seen = [seen[0] + ctx.get(dut.done), seen[1] + ctx.get(dut.lost)]
            await ctx.tick()
            ctx.set(dut.start, 0)
        assert seen == [done, lost]

    simulate(fragment, bench)
