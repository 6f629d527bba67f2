"""Hardware broken on purpose: the run fails, and says what is wrong."""

import pytest
from amaranth.hdl import Module
from amaranth.lib.wiring import connect, flipped

from popbridge.flow.verilog import controller_verilog
from popbridge.hdl import dense_layer, frames, line_drivers, network, sequencer
from popbridge.sim import cosim, pysim, simulators
from popbridge.sim.simulators import SimulationError
from popbridge.sim.verdict import HardwareFault, check_hardware


class ReversedRows(line_drivers.WordLineDriver):
    """Raises the last row first."""

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.last.eq(self.wl[0])
        with m.If(self.start):
            m.d.sync += self.wl.eq(1 << (self.rows - 1))
        with m.Elif(self.advance):
            m.d.sync += self.wl.eq(self.wl >> 1)
        return m


class WrappedBitLines(line_drivers.BitLineDriver):
    """The right driver, with something wrong between it and the bit lines."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.right = right = line_drivers.BitLineDriver(
            inputs=self.inputs, bias_columns=self.bias_columns, columns=self.columns
        )
        for name in ("bits", "load", "release"):
            m.d.comb += getattr(right, name).eq(getattr(self, name))
        m.d.comb += [self.bl.eq(right.bl), self.blb.eq(right.blb)]
        self.put_wrong(m, right)
        return m


class SwappedBitLines(WrappedBitLines):
    """Columns 0 and 1 have changed places."""

    def put_wrong(self, m, right):
        for line, given in ((self.bl, right.bl), (self.blb, right.blb)):
            m.d.comb += [line[0].eq(given[1]), line[1].eq(given[0])]


class CrossedBitLines(WrappedBitLines):
    """bl drives blb and the reverse."""

    def put_wrong(self, m, right):
        m.d.comb += [self.bl.eq(right.blb), self.blb.eq(right.bl)]


class EarlyStrobe(sequencer.PhaseSequencer):
    """Evaluates for one cycle less than configured before the strobe."""

    def __init__(self, timing, **more):
        super().__init__(timing.replace(evaluate_cycles=timing.evaluate_cycles - 1), **more)


class LostLast(frames.ScoreOutput):
    """The last beat of a result comes without tlast."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.right = right = frames.ScoreOutput(self.config)
        connect(m, flipped(self.i), right.i)
        m.d.comb += [
            right.m_axis_tready.eq(self.m_axis_tready),
            self.m_axis_tdata.eq(right.m_axis_tdata),
            self.m_axis_tvalid.eq(right.m_axis_tvalid),
        ]
        return m


MUTANTS = {
    "rows in reverse order": (dense_layer, "WordLineDriver", ReversedRows),
    "two bit lines swapped": (dense_layer, "BitLineDriver", SwappedBitLines),
    "bl and blb crossed": (dense_layer, "BitLineDriver", CrossedBitLines),
    "strobe one cycle early": (dense_layer, "PhaseSequencer", EarlyStrobe),
    "tlast lost": (network, "ScoreOutput", LostLast),
}
MESSAGES = {
    # mutant: what the bulk testbench, and what the array model at the pins, say
    "rows in reverse order": ("word line", "differ from what was given"),
    "two bit lines swapped": ("differ from what was given", "differ from what was given"),
    "bl and blb crossed": ("bias column", "differ from what was given"),
    "strobe one cycle early": ("phase out of order", "evaluate before strobe of 1 cycles"),
    "tlast lost": ("wrong length", "wrong length"),
}


@pytest.fixture
def job(make_mapped, make_job):
    mapped = make_mapped((7, 6, 3), rows=4, columns=32, evaluate_cycles=2)
    return make_job(mapped, chip=1)


def break_hardware(monkeypatch, name):
    module, attribute, mutant = MUTANTS[name]
    monkeypatch.setattr(module, attribute, mutant)


@pytest.mark.parametrize("name", MUTANTS)
def test_bulk_run_fails(name, job, monkeypatch, icarus, tmp_path):
    break_hardware(monkeypatch, name)
    sources = cosim.testbench_sources(job.config, controller_verilog(job.config), strict=False)
    built = simulators.build(sources, icarus, tmp_path)
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][0]):
        check_hardware(job, simulators.run(job, built, "bulk"))


@pytest.mark.parametrize("name", MUTANTS)
def test_run_answered_at_the_pins_fails(name, job, monkeypatch):
    break_hardware(monkeypatch, name)
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][1]):
        check_hardware(job, pysim.run(job))


def test_unbroken_hardware_passes(job):
    check_hardware(job, pysim.run(job))
