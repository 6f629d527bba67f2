"""The bus endpoint with registers behind it: random traffic, every answer, held and in time."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect
from support.components import simulate

from popbridge.hdl.bus.axi_lite import AxiLiteEndpoint
from popbridge.hdl.bus.register_bank import RegisterBank
from popbridge.hdl.bus.registers import Access, Block, Field, Register, RegisterMap, Response

SEED = 31


def field(name, bits, access, **more):
    return Field(name=name, bits=bits, access=access, doc="A field.", **more)


REGISTERS = RegisterMap(
    (
        Block(
            name="FIRST",
            offset=0,
            registers=(
                Register(
                    name="SIZE", doc="", fields=(field("size", 9, Access.READ_ONLY, reset=300),)
                ),
                Register(
                    name="FLAGS",
                    doc="",
                    fields=(
                        field("kept", 3, Access.WRITE_1_TO_CLEAR),
                        field("held", 17, Access.READ_WRITE, reset=0x1C0DE),
                        field("go", 2, Access.WRITE_1),
                    ),
                ),
                Register(
                    name="LOW",
                    doc="",
                    latches="HIGH",
                    fields=(field("count", 32, Access.READ_ONLY),),
                ),
                Register(name="HIGH", doc="", fields=(field("count", 32, Access.READ_ONLY),)),
            ),
        ),
        Block(
            name="SECOND",
            offset=0x20,
            registers=(
                Register(
                    name="TIME",
                    doc="",
                    fields=(field("cycles", 16, Access.READ_WRITE, reset=9, minimum=2),),
                ),
            ),
        ),
    )
)


class Controlled(wiring.Component):
    """An endpoint and a bank."""

    def __init__(self):
        self.bank = RegisterBank(REGISTERS)
        self.endpoint = AxiLiteEndpoint(REGISTERS.address_bits)
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.bank = self.bank
        m.submodules.endpoint = self.endpoint
        connect(m, self.endpoint.bus, self.bank.bus)
        return m


class Channel:
    """Sends words on a channel after given pauses and keeps the cycle of each transfer."""

    def __init__(self, dut, name, members):
        self.dut, self.name, self.members = dut, name, members
        self.word = None
        self.wait = 0

    def signal(self, name):
        return getattr(self.dut.endpoint, f"s_axil_{name}")

    def offer(self, word, wait):
        self.word, self.wait = word, wait

    def cycle(self, ctx, draw):
        """Drive this cycle; whether the word goes."""
        offered = self.word is not None and self.wait == 0
        ctx.set(self.signal(f"{self.name}valid"), offered)
        shown = self.word if offered else [draw.getrandbits(32) for _ in self.members]
        for name, value in zip(self.members, shown, strict=True):
            signal = self.signal(name)
            ctx.set(signal, value & ((1 << len(signal)) - 1))
        self.wait = max(self.wait - 1, 0)
        if offered and ctx.get(self.signal(f"{self.name}ready")):
            self.word = None
            return True
        return False


class Answer:
    """Takes the answers of a channel; a waiting one has to hold."""

    def __init__(self, dut, name, members):
        self.dut, self.name, self.members = dut, name, members
        self.held = None
        self.since = None

    def signal(self, name):
        return getattr(self.dut.endpoint, f"s_axil_{name}")

    def cycle(self, ctx, cycle, ready):
        """The answer that is taken in this cycle, if any."""
        ctx.set(self.signal(f"{self.name}ready"), ready)
        valid = ctx.get(self.signal(f"{self.name}valid"))
        seen = tuple(ctx.get(self.signal(name)) for name in self.members)
        assert self.held is None or (valid and seen == self.held), "the answer did not hold"
        self.since = cycle if valid and self.held is None else self.since
        self.held = seen if valid and not ready else None
        return seen if valid and ready else None


ADDRESSES = [0, 4, 8, 12, 0x20, 0x20, 4, 6, 0x10, 0x24, 0x800, 0xFFC]


def random_write(draw):
    data = draw.choice([draw.getrandbits(32), draw.getrandbits(16), draw.randrange(4)])
    strobes = draw.choice([15, 15, draw.getrandbits(4)])
    return draw.choice(ADDRESSES), data, strobes


@pytest.mark.parametrize("stall", [0.0, 0.7])
def test_random_writes_and_reads(stall):
    """Writes one after the other, each read back: addresses before data, after, and together."""
    dut = Controlled()
    model = dut.bank.model()
    draw = random.Random(SEED)
    wa = Channel(dut, "aw", ("awaddr", "awprot"))
    wd = Channel(dut, "w", ("wdata", "wstrb"))
    ra = Channel(dut, "ar", ("araddr", "arprot"))
    wb = Answer(dut, "b", ("bresp",))
    rb = Answer(dut, "r", ("rdata", "rresp"))
    seen = {"refused": 0, "go": 0}

    async def step(ctx, cycle, sent):
        for channel in (wa, wd, ra):
            if channel.cycle(ctx, draw):
                sent[channel.name] = cycle
        ready = draw.random() >= stall
        answers = wb.cycle(ctx, cycle, ready), rb.cycle(ctx, cycle, ready)
        seen["refused"] += ctx.get(dut.bank.refused)
        seen["go"] += bool(ctx.get(dut.bank.flags_go))
        await ctx.tick()
        return answers

    async def bench(ctx):
        cycle, refusals, pulses, kept = 0, 0, 0, set()
        for _ in range(400):
            address, data, strobes = random_write(draw)
            if draw.random() < 0.3:
                event = draw.randrange(8)
                ctx.set(dut.bank.flags_kept, event)
                await step(ctx, cycle, {})
                ctx.set(dut.bank.flags_kept, 0)
                model.values["FLAGS", "kept"] |= event
                cycle += 1
            for name, part in (("LOW", dut.bank.low_count), ("HIGH", dut.bank.high_count)):
                model.values[name, "count"] = draw.getrandbits(32)
                ctx.set(part, model.values[name, "count"])
            early = draw.choice([(0, 0), (0, 3), (2, 0), (1, 1)])
            wa.offer((address, draw.randrange(8)), early[0])
            wd.offer((data, strobes), early[1])
            sent, answer = {}, None
            while answer is None:
                answer, _ = await step(ctx, cycle, sent)
                cycle += 1
            expected = model.write(address, data, strobes)
            assert answer == (expected,)
            assert wb.since == max(sent["aw"], sent["w"]) + dut.endpoint.latency
            refusals += expected is Response.SLVERR and address == 0x20
            pulses += bool(model.pulses)
            kept.add((address, expected))
            read = draw.choice([address, *ADDRESSES])
            ra.offer((read, draw.randrange(8)), 0)
            sent, answer = {}, None
            while answer is None:
                _, answer = await step(ctx, cycle, sent)
                cycle += 1
            assert answer == model.read(read)
            assert rb.since == sent["ar"] + dut.endpoint.latency
            held = model.values["FLAGS", "held"], model.values["TIME", "cycles"]
            assert (ctx.get(dut.bank.flags_held), ctx.get(dut.bank.time_cycles)) == held
            assert ctx.get(dut.bank.flags_kept_kept) == model.values["FLAGS", "kept"]
        assert seen == {"refused": refusals, "go": pulses}
        assert {answer for _, answer in kept} == set(Response)
        assert refusals > 5 and pulses > 5

    simulate(dut, bench)


def test_a_write_and_a_read_at_once():
    """The channels do not wait for each other; what is read is from before the write."""
    dut = Controlled()
    end = dut.endpoint

    async def bench(ctx):
        for name in ("awvalid", "wvalid", "arvalid", "bready", "rready"):
            ctx.set(getattr(end, f"s_axil_{name}"), 1)
        ctx.set(end.s_axil_awaddr, 0x20)
        ctx.set(end.s_axil_araddr, 0x20)
        ctx.set(end.s_axil_wdata, 77)
        ctx.set(end.s_axil_wstrb, 15)
        reads = []
        for _ in range(12):
            if ctx.get(end.s_axil_rvalid):
                reads.append(ctx.get(end.s_axil_rdata))
            await ctx.tick()
        assert reads == [9, 77, 77, 77]

    simulate(dut, bench)


def test_an_event_while_it_is_cleared_is_kept():
    dut = Controlled()
    bus = dut.bank.bus

    async def bench(ctx):
        ctx.set(dut.bank.flags_kept, 0b001)
        await ctx.tick()
        # Bit 0 is cleared while its event comes again.
        ctx.set(dut.endpoint.s_axil_awaddr, 4)
        ctx.set(dut.endpoint.s_axil_wdata, 0b001)
        ctx.set(dut.endpoint.s_axil_wstrb, 15)
        for name in ("awvalid", "wvalid"):
            ctx.set(getattr(dut.endpoint, f"s_axil_{name}"), 1)
        await ctx.tick()
        for name in ("awvalid", "wvalid"):
            ctx.set(getattr(dut.endpoint, f"s_axil_{name}"), 0)
        assert ctx.get(bus.write)
        await ctx.tick()
        ctx.set(dut.bank.flags_kept, 0)
        assert ctx.get(dut.bank.flags_kept_kept) == 0b001
        ctx.set(dut.bank.clear, 1)
        await ctx.tick()
        assert ctx.get(dut.bank.flags_kept_kept) == 0

    simulate(dut, bench)
