"""Hardware broken on purpose: each fault makes a check of the benches fail."""

import random

import pytest
from amaranth.hdl import Cat, Signal

from popbridge.hdl.config import PHASE_NAMES
from popbridge.hdl.controller import controller as network
from popbridge.hdl.controller.frames import ScoreOutput
from popbridge.hdl.layer import dense_layer
from popbridge.hdl.layer.line_drivers import BitLineDriver, WordLineDriver
from popbridge.hdl.layer.readout import CountReadout
from popbridge.hdl.layer.sequencer import PhaseSequencer, PhaseTimingSignature

SEED = 60


def elaborate_aside(component, names, platform):
    """The component's module with the given outputs turned into inner signals, and those signals.

    The outputs themselves are left for the mutant to drive.
    """
    real = {name: getattr(component, name) for name in names}
    inner = [Signal.like(signal, name=f"true_{name}") for name, signal in real.items()]
    for name, signal in zip(names, inner, strict=True):
        setattr(component, name, signal)
    m = component.__class__.__base__.elaborate(component, platform)
    for name, signal in real.items():
        setattr(component, name, signal)
    return m, *inner


class RowsReversed(WordLineDriver):
    def elaborate(self, platform):
        m, wl = elaborate_aside(self, ["wl"], platform)
        m.d.comb += self.wl.eq(wl[::-1])
        return m


class RowsInterchanged(WordLineDriver):
    """Neither first nor last: row 1 and row 2 change places."""

    def elaborate(self, platform):
        m, wl = elaborate_aside(self, ["wl"], platform)
        m.d.comb += self.wl.eq(Cat(wl[0], wl[2], wl[1], wl[3:]))
        return m


class StrobeEarly(PhaseSequencer):
    """One cycle less of evaluate, one more of dead time: a row takes as long as ever."""

    def elaborate(self, platform):
        given = self.timing
        self.timing = taken = PhaseTimingSignature(self.configured).create(path=("taken",))
        m = super().elaborate(platform)
        self.timing = given
        m.d.comb += [getattr(taken, name).eq(getattr(given, name)) for name in PHASE_NAMES]
        m.d.comb += [
            taken.evaluate_cycles.eq(given.evaluate_cycles - 1),
            taken.dead_after_strobe_cycles.eq(given.dead_after_strobe_cycles + 1),
        ]
        return m


class InputsExchanged(BitLineDriver):
    def elaborate(self, platform):
        m, bl, blb = elaborate_aside(self, ["bl", "blb"], platform)
        m.d.comb += self.bl.eq(Cat(bl[1], bl[0], bl[2:]))
        m.d.comb += self.blb.eq(Cat(blb[1], blb[0], blb[2:]))
        return m


class ComplementsExchanged(BitLineDriver):
    def elaborate(self, platform):
        m, bl, blb = elaborate_aside(self, ["bl", "blb"], platform)
        m.d.comb += [self.bl.eq(blb), self.blb.eq(bl)]
        return m


class StuckBitLine(BitLineDriver):
    """The complement of column 2 never rises."""

    def elaborate(self, platform):
        m, blb = elaborate_aside(self, ["blb"], platform)
        m.d.comb += self.blb.eq(blb & ~0b100)
        return m


class BankExchanged(CountReadout):
    def elaborate(self, platform):
        m, dac_p, dac_n = elaborate_aside(self, ["dac_p", "dac_n"], platform)
        m.d.comb += [self.dac_p.eq(dac_n), self.dac_n.eq(dac_p)]
        return m


class LastLost(ScoreOutput):
    def elaborate(self, platform):
        m, _ = elaborate_aside(self, ["m_axis_tlast"], platform)
        return m


class LastAlways(ScoreOutput):
    """On every beat."""

    def elaborate(self, platform):
        m, _ = elaborate_aside(self, ["m_axis_tlast"], platform)
        m.d.comb += self.m_axis_tlast.eq(self.m_axis_tvalid)
        return m


MUTANTS = [
    (dense_layer, RowsReversed, "word line"),
    (dense_layer, RowsInterchanged, "word line"),
    (dense_layer, StrobeEarly, "phases"),
    (dense_layer, InputsExchanged, "packets"),
    (dense_layer, ComplementsExchanged, "bias columns"),
    (dense_layer, StuckBitLine, "bit lines"),
    (dense_layer, BankExchanged, "bank"),
    (network, LastLost, "packets"),
    (network, LastAlways, "packets"),
]


@pytest.fixture
def check(make_network, random_weights, stream, frames, expected_packet):
    """Streams four images and holds every pin, packet and cycle to what is expected."""
    config = make_network(9, 4, 3, evaluate_cycles=2)
    weights = [random_weights(layer, SEED + k) for k, layer in enumerate(config.layers)]
    draw = random.Random(SEED)
    images = [draw.getrandbits(9) for _ in range(4)]

    def run():
        seen = stream(config, weights, frames(config, images), packets=len(images))
        expected = [expected_packet(config, weights, image) for image in images]
        assert seen.packets == expected, "packets"
        assert seen.last_beats[0] - seen.first_beats[0] == config.latency

    return run


def test_the_hardware_as_it_is_passes(check):
    check()


@pytest.mark.parametrize(("module", "mutant", "caught_by"), MUTANTS)
def test_a_fault_is_caught(module, mutant, caught_by, check, monkeypatch):
    monkeypatch.setattr(module, mutant.__base__.__name__, mutant)
    with pytest.raises(AssertionError, match=caught_by):
        check()
