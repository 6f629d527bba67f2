"""Suites that move every bit, and restart in every cycle; good hardware and faults."""

import pytest
from amaranth.hdl import Const
from support.faults import fault, faulty_verilog
from support.jobs import make_job, make_network

from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MacroConfig
from popbridge.study.designs import DESIGNS

SUITES = [
    "every_register_bit", "every_restart", "every_phase_bit", "every_trim", "every_mark",
    "every_parity",
]  # fmt: skip
TESTS = 30

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
    tests, failures, log = run_tests(
        DESIGNS["programmable"].job(), modules("every_packet", "every_move")
    )
    assert (tests, failures) == (7, 0), log[-3000:]


def test_a_row_too_high_is_caught(run_tests):
    """Rows without a neuron are taken as well."""
    pytest.importorskip("cocotbext.axi")
    job = DESIGNS["programmable"].job()
    every_row = fault("programmer", "layer0_rows", "addressed", edit=lambda true, inner: Const(1))
    controller = faulty_verilog(job.config, every_row)
    suite = modules("every_packet")
    tests, failures, log = run_tests(job, suite, "for_nothing", controller=controller)
    assert (tests, failures) == (1, 1), log[-3000:]
    assert "layer 0, header bit 1" in log


def test_storms(run_tests, job):
    assert run_tests(job, modules("storms"))[:2] == (1, 0)


@pytest.mark.nightly
@pytest.mark.parametrize("design", DESIGNS)
def test_storms_on_every_design(run_tests, design):
    pytest.importorskip("cocotbext.axi")
    tests, failures, log = run_tests(DESIGNS[design].job(), modules("storms"))
    assert (tests, failures) == (1, 0), log[-3000:]


@pytest.mark.nightly
def test_the_longest_phase_and_many_events(run_tests, job):
    tests, failures, log = run_tests(job, modules("longest_phase", "many_events"))
    assert (tests, failures) == (3, 0), log[-3000:]


FAULTS = {
    # What is wrong: where, the suite and the test that find it, and what they say.
    "the strobes of the bus do not count": (
        fault("axi_lite", "bus__write_strobes", edit=lambda true, inner: Const(0b1111, 4)),
        "every_register_bit", "slow=0.0", "found 0x",
    ),
    "the highest bit of a time is lost on its way to the sequencer": (
        fault("timing__precharge_cycles", edit=lambda true, inner: true[:15]),
        "every_phase_bit", "no_bit", "bit 15 of LAYER0_PRECHARGE_CYCLES",
    ),
    "unresolved decisions of the first layer are not counted": (
        fault("layer0", "unresolved", edit=lambda true, inner: Const(0)),
        "every_phase_bit", "each_comp", "'layer0', 0",
    ),
    "an image in progress does not keep a calibration from starting": (
        fault("at_work", edit=lambda true, inner: inner("running") | inner("calibrating")),
        "every_trim", "no_calibration", "cycles after an image",
    ),
    "a soft reset leaves the frame alone in whose beat it comes": (
        fault("restart", edit=lambda true, inner: true & ~inner("s_axis_tvalid")),
        "every_restart", "a_frame", "0 dropped, expected 1",
    ),
    "the trim is on its bank before evaluate and after it": (
        fault("layer0", "periphery0", "arm", edit=lambda true, inner: Const(1)),
        "every_trim", "trims_cancel", "'dac_p'] without evaluate",
    ),
    "each cycle of a strobe is taken for its last": (
        fault("layer0", "periphery0", "sample", edit=lambda true, inner: inner("pins__strobe")),
        "every_phase_bit", "the_whole_strobe", "== 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name, run_tests, job):
    edited, suite, only, message = FAULTS[name]
    controller = faulty_verilog(job.config, edited)
    tests, failures, log = run_tests(job, modules(suite), only, controller=controller)
    assert (tests, failures) == (1, 1), log[-3000:]
    assert message in log
