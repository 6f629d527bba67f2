"""Suites that move every bit: registers, phase times, trims, counters; good hardware and faults."""

import pytest
from amaranth.hdl import Const

from popbridge.bnn.mapping import map_network
from popbridge.hdl import network, register_bank, sequencer
from popbridge.hdl.config import MacroConfig

SUITES = ["every_register_bit", "every_phase_bit", "every_trim"]
TESTS = 13

MACRO = MacroConfig(rows=2, columns=8, trim_bits=2, zero_dead_time_allowed=True)


@pytest.fixture
def job(make_network, make_job):
    """Of a small controller with trims."""
    pytest.importorskip("cocotbext.axi")
    return make_job(map_network(make_network((5, 3, 2)), MACRO), images=2)


def modules(*names):
    return [f"popbridge.tb.{name}" for name in names]


def test_every_bit_of_a_controller_with_trims(run_tests, job):
    tests, failures, log = run_tests(job, modules(*SUITES))
    assert (tests, failures) == (TESTS, 0), log[-3000:]


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


@pytest.mark.parametrize(
    ("fault", "suite", "only", "message"),
    [
        (writes_whole_words, "every_register_bit", "slow=0.0", "found 0x"),
        (times_of_15_bits, "every_phase_bit", "no_bit", "bit 15 of LAYER0_PRECHARGE_CYCLES"),
        (counts_the_last_layer, "every_phase_bit", "each_comp", "'layer0', 0"),
        (calibrates_while_busy, "every_trim", "no_calibration", "cycles after an image"),
    ],
)
def test_a_fault_is_caught(fault, suite, only, message, run_tests, job, monkeypatch):
    fault(monkeypatch)
    tests, failures, log = run_tests(job, modules(suite), only)
    assert (tests, failures) == (1, 1), log[-3000:]
    assert message in log
