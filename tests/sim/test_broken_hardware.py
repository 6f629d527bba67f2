"""Hardware broken on purpose: the run fails, and says what is wrong."""

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import connect, flipped

from popbridge.errors import HardwareFault, SimulationError
from popbridge.flow.emit.controller import controller_verilog
from popbridge.hdl.config import PHASE_NAMES
from popbridge.hdl.controller import controller as network
from popbridge.hdl.controller import frames
from popbridge.hdl.layer import dense_layer, line_drivers, sequencer
from popbridge.sim import cosim
from popbridge.sim.pysim import run as pysim
from popbridge.sim.simulators import verilog as simulators
from popbridge.sim.verdict import check_hardware


class ReversedRows(line_drivers.WordLineDriver):
    """Raises the last row first."""

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.last.eq(self.row[0])
        with m.If(self.start):
            m.d.sync += self.row.eq(1 << (self.config.rows_used - 1))
        with m.Elif(self.advance):
            m.d.sync += self.row.eq(self.row >> 1)
        m.d.comb += [lines.eq(self.row) for lines in self.wl]
        return m


class WrappedBitLines(line_drivers.BitLineDriver):
    """The right driver, with something wrong between it and the bit lines."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.right = right = line_drivers.BitLineDriver(
            inputs=self.inputs, bias_columns=self.bias_columns, columns=self.columns
        )
        m.d.comb += self.driving.eq(right.driving)
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

    def elaborate(self, platform):
        given = self.timing
        self.timing = taken = sequencer.PhaseTimingSignature(self.configured).create()
        m = super().elaborate(platform)
        self.timing = given
        m.d.comb += [getattr(taken, name).eq(getattr(given, name)) for name in PHASE_NAMES]
        m.d.comb += taken.evaluate_cycles.eq(given.evaluate_cycles - 1)
        return m


class EarlySample(sequencer.PhaseSequencer):
    """Takes the signs' comparator outputs in the first of two strobe cycles."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        if self.trials == 1:
            strobed = Signal()
            m.d.sync += strobed.eq(self.strobe)
            m.d.comb += self.sample.eq(self.strobe & ~strobed)
        return m


class LateBank(dense_layer.DenseLayer):
    """The bank's code comes with the strobe, not when the bank has to begin to settle."""

    def _connect_bank(self, m, index, pins, sequencer, readout, calibrator):
        super()._connect_bank(m, index, pins, sequencer, readout, calibrator)
        if self.config.count_bits:
            on = sequencer.strobe.replicate(self.config.count_bits)
            m.d.comb += [pins.dac_p.eq(readout.dac_p & on), pins.dac_n.eq(readout.dac_n & on)]


class WigglingBank(dense_layer.DenseLayer):
    """In the second cycle of each strobe, one capacitor of the bank has switched."""

    def _connect_bank(self, m, index, pins, sequencer, readout, calibrator):
        super()._connect_bank(m, index, pins, sequencer, readout, calibrator)
        if self.config.count_bits:
            strobed = Signal()
            m.d.sync += strobed.eq(sequencer.strobe)
            m.d.comb += pins.dac_n.eq(readout.dac_n ^ (sequencer.strobe & strobed))


class WigglingBitLine(dense_layer.DenseLayer):
    """In the middle of evaluate, between its first cycle and the strobe, column 0 is let go."""

    def _connect_macro(self, m, pins, sequencer, bit_lines, readout, calibrator):
        super()._connect_macro(m, pins, sequencer, bit_lines, readout, calibrator)
        evaluated = Signal()
        m.d.sync += evaluated.eq(sequencer.evaluate)
        middle = sequencer.evaluate & evaluated & ~sequencer.strobe
        with m.If(middle):
            m.d.comb += [pins.bl[0].eq(0), pins.blb[0].eq(0)]


class DrivenBitLines(WrappedBitLines):
    """The bit lines stay driven after the scan."""

    def put_wrong(self, m, right):
        m.d.comb += right.release.eq(0)


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
    "sample one cycle early": (dense_layer, "PhaseSequencer", EarlySample),
    "bank code with the strobe": (network, "DenseLayer", LateBank),
    "bank moves in a strobe": (network, "DenseLayer", WigglingBank),
    "bit line moves in evaluate": (network, "DenseLayer", WigglingBitLine),
    "bit lines never released": (dense_layer, "BitLineDriver", DrivenBitLines),
    "tlast lost": (network, "ScoreOutput", LostLast),
}
MESSAGES = {
    # mutant: what the bulk testbench, and what the array model at the pins, say
    "rows in reverse order": ("word line", "differ from what was given"),
    "two bit lines swapped": ("differ from what was given", "differ from what was given"),
    "bl and blb crossed": ("bias column", "differ from what was given"),
    "strobe one cycle early": ("phase out of order", "evaluate before strobe of 2 cycles"),
    "sample one cycle early": ("unresolved", "unresolved"),
    "bank code with the strobe": ("capacitor bank", "bank's settling before strobe of 0 cycles"),
    "bank moves in a strobe": ("capacitor bank", "the bank changed in a strobe"),
    "bit line moves in evaluate": ("bit lines that changed", "blb? changed in evaluate"),
    "bit lines never released": ("bit lines that changed", "driven for . cycles without a word"),
    "tlast lost": ("wrong length", "wrong length"),
}


@pytest.fixture
def job(make_mapped, make_job):
    mapped = make_mapped((7, 6, 3), rows=4, columns=32, evaluate_cycles=3, strobe_cycles=2)
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


def test_run_in_verilator_fails(job, monkeypatch, build_root):
    break_hardware(monkeypatch, "strobe one cycle early")
    sources = cosim.testbench_sources(job.config, controller_verilog(job.config), strict=False)
    built = simulators.build(sources, "verilator", build_root)
    with pytest.raises(SimulationError, match="phase out of order"):
        simulators.run(job, built, "bulk")


@pytest.mark.parametrize("name", MUTANTS)
def test_strict_run_fails(name, job, monkeypatch, icarus, tmp_path):
    break_hardware(monkeypatch, name)
    sources = cosim.testbench_sources(job.config, controller_verilog(job.config), strict=True)
    built = simulators.build(sources, icarus, tmp_path)
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][1]):
        check_hardware(job, simulators.run(job, built, "strict"))


@pytest.mark.parametrize("name", MUTANTS)
def test_run_answered_at_the_pins_fails(name, job, monkeypatch):
    break_hardware(monkeypatch, name)
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][1]):
        check_hardware(job, pysim.run(job))


def test_unbroken_hardware_passes(job):
    check_hardware(job, pysim.run(job))
