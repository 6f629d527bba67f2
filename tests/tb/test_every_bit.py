"""Suites that move every bit, and restart in every cycle; good hardware and faults."""

import pytest
from amaranth.hdl import Const
from support.jobs import make_job, make_network

from popbridge.bnn.mapping import map_network
from popbridge.hdl.bus import register_bank
from popbridge.hdl.config import MacroConfig
from popbridge.hdl.controller import controller as network
from popbridge.hdl.controller.frames import FrameInput
from popbridge.hdl.layer import dense_layer, sequencer, trim
from popbridge.hdl.layer.readout import SignReadout
from popbridge.hdl.programming import row as programmer
from popbridge.study.mutation.designs import DESIGNS

SUITES = ["every_register_bit", "every_restart", "every_phase_bit", "every_trim"]
TESTS = 17

MACRO = MacroConfig(rows=2, columns=8, trim_bits=2, zero_dead_time_allowed=True)


@pytest.fixture
def job():
    """Of a small controller with trims."""
    pytest.importorskip("cocotbext.axi")
    return make_job(map_network(make_network((5, 3, 2)), MACRO), images=2)


def modules(*names):
    return [f"popbridge.tb.suites.{name}" for name in names]


def test_every_bit_of_a_controller_with_trims(run_tests, job):
    tests, failures, log = run_tests(job, modules(*SUITES))
    assert (tests, failures) == (TESTS, 0), log[-3000:]


def test_packets_of_weights(run_tests):
    pytest.importorskip("cocotbext.axi")
    tests, failures, log = run_tests(DESIGNS["programmable"].job(), modules("every_packet"))
    assert (tests, failures) == (2, 0), log[-3000:]


def test_a_row_too_high_is_caught(run_tests, monkeypatch):
    """Rows without a neuron are taken as well."""
    pytest.importorskip("cocotbext.axi")
    monkeypatch.setattr(
        programmer.RowProgrammer, "_addressed", lambda self, m, row, macro: Const(1)
    )
    job = DESIGNS["programmable"].job()
    tests, failures, log = run_tests(job, modules("every_packet"), "for_nothing")
    assert (tests, failures) == (1, 1), log[-3000:]
    assert "layer 0, header bit 1" in log


@pytest.mark.nightly
def test_the_longest_phase(run_tests, job):
    tests, failures, log = run_tests(job, modules("longest_phase"))
    assert (tests, failures) == (1, 0), log[-3000:]


def writes_whole_words(monkeypatch):
    """The strobes of the bus do not count."""
    given = register_bank.Cat

    def every_byte(parts):
        parts = list(parts)
        return Const(0xFFFFFFFF, 32) if all(len(part) == 8 for part in parts) else given(parts)

    monkeypatch.setattr(register_bank, "Cat", every_byte)


def times_of_15_bits(monkeypatch):
    """The highest bit of a time is lost on its way to the sequencer."""
    monkeypatch.setattr(sequencer, "PHASE_BITS", 15)


def counts_the_last_layer(monkeypatch):
    """Decisions unresolved in the other layers are not counted."""
    monkeypatch.setattr(network, "sum_of", lambda values: values[-1])


def calibrates_while_busy(monkeypatch):
    """An image in progress does not keep a calibration from starting."""
    given = network.NetworkController._calibrate
    monkeypatch.setattr(
        network.NetworkController,
        "_calibrate",
        lambda self, m, calibrating, busy: given(self, m, calibrating, Const(0)),
    )


def goes_on_where_a_beat_comes(monkeypatch):
    """A soft reset leaves the frame alone in whose beat it comes."""

    class Deaf(FrameInput):
        def elaborate(self, platform):
            given, self.restart = self.restart, self.restart & ~self.s_axis_tvalid
            m = super().elaborate(platform)
            self.restart = given
            return m

    monkeypatch.setattr(network, "FrameInput", Deaf)


def charges_all_along(monkeypatch):
    """The trim lies on its bank from the phase before the one before evaluate on."""

    class Early(trim.TrimDriver):
        def elaborate(self, platform):
            given, self.arm = self.arm, Const(1)
            m = super().elaborate(platform)
            self.arm = given
            return m

    monkeypatch.setattr(dense_layer, "TrimDriver", Early)


def samples_all_along(monkeypatch):
    """Each cycle of a strobe is taken for its last."""
    given = dense_layer.DenseLayer._connect_macro

    def connect(self, m, pins, sequencer, bit_lines, readout, calibrator):
        given(self, m, pins, sequencer, bit_lines, readout, calibrator)
        if isinstance(readout, SignReadout):
            m.d.comb += readout.sample.eq(sequencer.strobe)

    monkeypatch.setattr(dense_layer.DenseLayer, "_connect_macro", connect)


@pytest.mark.parametrize(
    ("fault", "suite", "only", "message"),
    [
        (writes_whole_words, "every_register_bit", "slow=0.0", "found 0x"),
        (times_of_15_bits, "every_phase_bit", "no_bit", "bit 15 of LAYER0_PRECHARGE_CYCLES"),
        (counts_the_last_layer, "every_phase_bit", "each_comp", "'layer0', 0"),
        (calibrates_while_busy, "every_trim", "no_calibration", "cycles after an image"),
        (goes_on_where_a_beat_comes, "every_restart", "a_frame", "0 dropped, expected 1"),
        (charges_all_along, "every_trim", "trims_cancel", "'dac_p'] without evaluate"),
        (samples_all_along, "every_phase_bit", "the_whole_strobe", "== 0"),
    ],
)
def test_a_fault_is_caught(fault, suite, only, message, run_tests, job, monkeypatch):
    fault(monkeypatch)
    tests, failures, log = run_tests(job, modules(suite), only)
    assert (tests, failures) == (1, 1), log[-3000:]
    assert message in log
