"""Calibration in hardware: the search, its cycles and pins, the trims in their registers."""

import random

import pytest
from support.components import refuses, simulate
from support.layers import small_network

from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, PhaseTiming, Readout
from popbridge.hdl.config.laws import bank_codes, corrected_code, search_trim
from popbridge.hdl.controller.control_registers import control_registers
from popbridge.hdl.controller.controller import NetworkController
from popbridge.hdl.layer.calibrator import Calibrator, TrimSearch
from popbridge.hdl.layer.readout import SignReadout
from popbridge.sim.host.ports import RegisterHost
from popbridge.sim.pysim.ports import PysimPorts

TIMINGS = {
    "default": PhaseTiming(),
    "slow": PhaseTiming(
        precharge_cycles=2, dead_before_evaluate_cycles=3, evaluate_cycles=4, strobe_cycles=2,
        settle_cycles=3, dead_after_strobe_cycles=2,
    ),
    "no dead time": PhaseTiming(dead_before_evaluate_cycles=0, dead_after_strobe_cycles=0),
}  # fmt: skip


def layer(neurons=6, *, readout=Readout.SIGN, timing=None, bits=3, strobes=3, inputs=9):
    macro = MacroConfig(
        rows=2,
        columns=16,
        trim_bits=bits,
        trim_strobes=strobes,
        zero_dead_time_allowed=True,
        timing=timing or PhaseTiming(),
    )
    return LayerConfig(
        name="fc", inputs=inputs, bias_columns=0, neurons=neurons, readout=readout, macro=macro
    )


def truncated(offset, bits):
    """The trim by trying every code: the largest towards the offset that stays short of it."""
    below = [code for code in range(2**bits) if code < abs(offset) or code == 0]
    return max(below) * (1 if offset > 0 else -1)


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_search_by_brute_force(bits):
    reach = 2 * 2**bits
    for tenth in range(-10 * reach - 5, 10 * reach + 6, 2):
        offset = tenth / 10  # odd tenths: the comparator is never at exactly its offset
        found = search_trim(bits, lambda p, n, offset=offset: p - n > offset)
        assert found == truncated(offset, bits)
        if abs(offset) < 2**bits:
            assert abs(offset - found) < 1


def test_what_a_trim_leaves_decides_every_odd_score():
    draw = random.Random(1)
    for _ in range(300):
        offset = draw.uniform(-31.9, 31.9)
        trim = search_trim(5, lambda p, n, offset=offset: p - n > offset)
        plus, minus = bank_codes(trim, 5)
        for score in range(-41, 42, 2):
            assert (score + plus - minus > offset) == (score > 0)


def test_corrected_codes_are_those_without_an_offset():
    draw = random.Random(2)
    for _ in range(300):
        offset = draw.uniform(-15.9, 15.9)
        trim = search_trim(4, lambda p, n, offset=offset: p - n > offset)
        for score in range(-63, 64, 2):
            true, seen = (int((score - shift + 64) // 2) for shift in (0, offset))
            seen = min(max(seen, 0), 63)
            if 0 < seen < 63:
                assert corrected_code(seen, trim, 6) == true
    assert corrected_code(62, 15, 6) == 63
    assert corrected_code(3, -15, 6) == 0


class Comparators:
    """Comparators of known offsets, at the pins of a calibrator; a minority of strobes lies."""

    def __init__(self, offsets, bits, strobes):
        self.offsets = offsets
        self.bits = bits
        self.liars = (strobes - 1) // 2
        self.left = [0] * len(offsets)
        self.was = 0
        self.answers = (0, 0)

    def cycle(self, ctx, dut):
        mask = (1 << self.bits) - 1
        evaluate, strobe = ctx.get(dut.evaluate), ctx.get(dut.strobe)
        codes = [ctx.get(dut.dac_p), ctx.get(dut.dac_n)]
        if not evaluate:
            assert codes == [0, 0]
            self.left = [self.liars] * len(self.offsets)
        if strobe and not self.was:
            above = 0
            for macro, offset in enumerate(self.offsets):
                plus, minus = (code >> macro * self.bits & mask for code in codes)
                lies = self.left[macro] > 0
                self.left[macro] -= lies
                above |= (lies != (plus - minus > offset)) << macro
            below = ~above & (1 << len(self.offsets)) - 1
            # Macro 0 does not resolve where it should say -1.
            self.answers = (above, below & ~1)
        self.was = strobe
        for port, value in zip((dut.sense_p, dut.sense_n), self.answers, strict=True):
            ctx.set(port, value if strobe else 0)


@pytest.mark.parametrize("timing", TIMINGS.values(), ids=TIMINGS.keys())
@pytest.mark.parametrize("strobes", [1, 5])
def test_finds_the_offsets_of_all_macros_in_the_declared_cycles(timing, strobes):
    config = layer(timing=timing, strobes=strobes)
    offsets = [4.3, -2.6, 20.0]
    dut = Calibrator(config)
    done = []

    async def bench(ctx):
        comparators = Comparators(offsets, 3, strobes)
        ctx.set(dut.start, 1)
        for cycle in range(dut.latency + 5):
            comparators.cycle(ctx, dut)
            if ctx.get(dut.done):
                done.append((cycle, ctx.get(dut.trims)))
            assert ctx.get(dut.busy) == (1 <= cycle <= dut.latency)
            await ctx.tick()
            ctx.set(dut.start, 0)

    simulate(dut, bench)
    trims = [4, -2, 7]
    assert dut.model(lambda macro, p, n: p - n > offsets[macro]) == trims
    # Four steps: the sign and three bits.
    step = timing.precharge_cycles + timing.dead_before_evaluate_cycles + timing.evaluate_cycles
    step += strobes * timing.strobe_cycles + (strobes - 1) * timing.settle_cycles
    step += timing.dead_after_strobe_cycles
    assert done == [(4 * step + 1, sum((trim & 15) << 4 * k for k, trim in enumerate(trims)))]
    assert config.calibration_cycles == dut.latency == 4 * step + 1


def test_a_sign_readout_holds_every_trim():
    dut = SignReadout(1, 1, 3)

    async def bench(ctx):
        for trim in range(-8, 8):
            ctx.set(dut.trim, trim)
            ctx.set(dut.arm, 1)
            await ctx.tick()
            ctx.set(dut.arm, 0)
            codes = ctx.get(dut.dac_p), ctx.get(dut.dac_n)
            size = min(abs(trim), 7)
            assert codes == ((size, 0) if trim > 0 else (0, size))
            await ctx.tick()
            assert (ctx.get(dut.dac_p), ctx.get(dut.dac_n)) == codes
            ctx.set(dut.sample, 1)
            ctx.set(dut.last_trial, 1)
            await ctx.tick()
            ctx.set(dut.sample, 0)
            assert ctx.get(dut.dac_p) == ctx.get(dut.dac_n) == 0

    simulate(dut, bench)


@pytest.fixture
def controller():
    hidden = layer(neurons=5).replace(name="fc1")
    last = layer(neurons=3, readout=Readout.COUNT, inputs=5).replace(name="fc2")
    return NetworkController(NetworkConfig(layers=(hidden, last), offsets=(0, 0, 0)))


def on_the_bus(controller, story):
    """Run `story` with the bus, while all comparators say +1."""

    async def bench(ctx):
        for config in controller.config.layers:
            for macro in config.macro_names:
                ctx.set(getattr(controller, f"{config.name}_{macro}").sense_p, 1)

        async def step():
            await ctx.tick()

        await story(ctx, RegisterHost(PysimPorts(ctx, controller, step), controller.config))

    simulate(controller, bench)


def test_registers_of_a_calibration(controller):
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]

    async def story(ctx, bus):
        done = bus.bit("INTERRUPT_STATUS", "calibrated")
        refused = bus.bit("ERRORS", "calibration_refused")
        calibrating = bus.bit("STATUS", "calibrating")
        assert await bus.read_word("CALIBRATION") == 0x180
        assert [await bus.read_trim(*place) for place in places] == [0] * 5
        await bus.write_bits("CONTROL", "calibrate")  # while running
        assert await bus.read_word("STATUS") & calibrating == 0
        assert await bus.read_word("ERRORS") == refused
        await bus.write("ERRORS", refused)
        await bus.write_bits("CONTROL", "stop")
        await bus.write_bits("CONTROL", "calibrate")
        await bus.write_bits("CONTROL", "calibrate")  # again, while calibrating
        assert await bus.read_word("STATUS") == calibrating
        assert await bus.read_word("ERRORS") == refused
        await bus.write("ERRORS", refused)
        await bus.write_bits("CONTROL", "start")  # is kept for later
        while await bus.read_word("STATUS") & calibrating:
            assert not ctx.get(controller.s_axis_tready)
        assert ctx.get(controller.s_axis_tready)
        assert await bus.read_word("INTERRUPT_STATUS") & done
        assert await bus.read_word("ERRORS") == 0
        assert await bus.read_word("UNRESOLVED_DECISIONS") == 0
        # +1 whatever the bank does: offsets beyond it. A host may write trims of its own.
        assert [await bus.read_trim(*place) for place in places] == [-7] * 5
        await bus.write("LAYER0_TRIM1", -3 & 0xFFFFFFFF)
        await bus.write("LAYER1_TRIM1", 5)
        await bus.write_bits("CONTROL", "soft_reset")
        assert [await bus.read_trim(*place) for place in places] == [-7, -3, -7, -7, 5]

    on_the_bus(controller, story)


def test_a_soft_reset_gives_up_a_calibration(controller):
    async def story(ctx, bus):
        await bus.write_bits("CONTROL", "stop")
        await bus.write("LAYER0_TRIM0", 2)
        await bus.write_bits("CONTROL", "calibrate")
        await bus.write_bits("CONTROL", "soft_reset")
        assert await bus.read_word("STATUS") == 0
        for _ in range(2 * controller.config.calibration_cycles):
            await ctx.tick()
        assert await bus.read_word("INTERRUPT_STATUS") == 0
        assert await bus.read_trim(0, 0) == 2

    on_the_bus(controller, story)


def test_without_a_trim_nothing_is_added():
    config = small_network(5, 4, 3)
    assert config.calibration_cycles == 0
    names = {register.name for _, register in control_registers(config)}
    assert not any("TRIM" in name or "CALIBRATION" in name for name in names)
    pins = NetworkController(config).fc0_macro0.signature.members
    assert "dac_p" not in pins


WRONG = {
    "bits": ({"trim_bits": 13}, "trim_bits: found 13, expected an integer from 0 to 12"),
    "negative": ({"trim_bits": -1}, "trim_bits: found -1, expected"),
    "even strobes": ({"trim_strobes": 4}, "trim_strobes: found 4, expected an odd number"),
    "strobes": ({"trim_strobes": 257}, "trim_strobes: found 257, expected an integer from 1 to"),
}


@pytest.mark.parametrize("case", WRONG)
def test_refuses(case):
    fields, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        MacroConfig(**fields)


def test_refuses_trims_beside_bit_planes():
    with pytest.raises(InputError, match="fc: found inputs of 2 bits and trim_bits 3, expected 0"):
        layer().replace(bits_per_input=2)


def test_refuses_even_strobes():
    refuses(lambda: TrimSearch(3, 2), ValueError, "strobes: found 2, expected an odd number")
