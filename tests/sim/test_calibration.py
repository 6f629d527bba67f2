"""Calibrated hardware: every path finds the same trims and answers with them."""

import dataclasses

import numpy as np
import pytest
from amaranth.hdl import Const
from support.faults import FaultyController, fault, faulty_verilog
from support.jobs import make_job, make_network

from popbridge.bnn import software
from popbridge.bnn.mapping import map_network
from popbridge.errors import HardwareFault, InputError, SimulationError
from popbridge.hdl.config import MacroConfig, PhaseTiming
from popbridge.sim import cosim, montecarlo
from popbridge.sim.pysim.run import run_in_pysim
from popbridge.sim.simulators import verilog as simulators

MACROS = {
    "default phases": {},
    "no dead time": {
        "timing": PhaseTiming(dead_before_evaluate_cycles=0, dead_after_strobe_cycles=0),
        "zero_dead_time_allowed": True,
    },
    "slow phases, one strobe": {
        "timing": PhaseTiming(
            precharge_cycles=2, dead_before_evaluate_cycles=3, evaluate_cycles=4, strobe_cycles=2,
            settle_cycles=3, dead_after_strobe_cycles=2,
        ),
        "trim_strobes": 1,
    },
    "votes": {"votes": 3},
    "pipelined": {"pipelined": True, "timing": PhaseTiming(bridge_cycles=7)},
}  # fmt: skip


def calibrated_job(calibrate=True, sizes=(20, 15, 4), **macro):
    """A job whose comparators have large offsets and some noise, of a macro with a trim."""
    network = make_network(sizes)
    given = MacroConfig(rows=6, columns=64, trim_bits=5).replace(**macro)
    job = make_job(map_network(network, given), chip=3, condition="nominal")
    comparator = job.parameters.comparator.replace(offset_sigma_v=0.1, noise_sigma_v=0.003)
    parameters = job.parameters.replace(comparator=comparator)
    return dataclasses.replace(job, parameters=parameters, calibrate=calibrate), network


@pytest.mark.parametrize("macro", MACROS.values(), ids=MACROS.keys())
def test_icarus_bulk_and_strict_pysim_and_physics(icarus, build_root, macro):
    job, _ = calibrated_job(**macro)
    chips = job.layer_chips()
    direct = montecarlo.run_chip(chips, job.config, job.images)
    untrimmed = dataclasses.replace(job, calibrate=False)
    before = montecarlo.run_chip(untrimmed.layer_chips(), job.config, job.images)
    assert not np.array_equal(direct.answers[0], before.answers[0])
    for simulator, strict in (("pysim", False), (icarus, False), (icarus, True)):
        outcome = cosim.simulate(job, simulator=simulator, strict=strict, root=build_root)
        for found, chip in zip(outcome.trims, chips, strict=True):
            assert np.array_equal(found, chip.trims)
        for seen, answers in zip(outcome.answers, direct.answers, strict=True):
            assert np.array_equal(seen, answers)
        assert np.array_equal(outcome.results[:, 1:], direct.scores)
        assert outcome.calibration_cycles == job.config.calibration_cycles


@pytest.mark.parametrize(
    "strict",
    [pytest.param(False, marks=pytest.mark.nightly, id="bulk"), pytest.param(True, id="strict")],
)
def test_verilator_finds_the_trims_of_pysim(build_root, strict):
    job, _ = calibrated_job(sizes=(9, 7, 3))
    expected = cosim.simulate(job, simulator="pysim")
    outcome = cosim.simulate(job, strict=strict, root=build_root)
    assert all(trims.any() for trims in outcome.trims)
    for found, searched in zip(outcome.trims, expected.trims, strict=True):
        assert np.array_equal(found, searched)
    for seen, answers in zip(outcome.answers, expected.answers, strict=True):
        assert np.array_equal(seen, answers)
    assert np.array_equal(outcome.results, expected.results)


def test_the_same_build_runs_without_a_calibration(icarus, build_root):
    job, _ = calibrated_job(calibrate=False)
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    outcome = cosim.simulate(job, simulator=icarus, root=build_root)
    assert np.array_equal(outcome.results[:, 1:], direct.scores)
    assert not any(trims.any() for trims in outcome.trims)


def test_calibrated_hardware_is_the_software_network():
    """Ideal but for offsets of any size that the bank reaches, and unlike on every macro."""
    job, network = calibrated_job(sizes=(20, 15, 9, 4), trim_bits=6)
    ideal = job.parameters.without_variation()
    comparator = ideal.comparator.replace(offset_sigma_v=0.1)
    job = dataclasses.replace(job, parameters=ideal.replace(comparator=comparator))
    for chip in job.layer_chips():
        assert np.abs(chip.comparator.macro_offsets_score).max() < 2**chip.config.trim_bits_in_use
    outcome = cosim.simulate(job, simulator="pysim")
    differing = [software.run(network, job.images).layer_bits[0] != outcome.answers[0]]
    assert not np.any(differing)


def test_refuses_to_calibrate_without_a_trim():
    with pytest.raises(InputError, match="trim_bits: found 0, expected at least 1"):
        calibrated_job(trim_bits=0)


@pytest.mark.parametrize("way", ["pysim", "bulk"])
def test_a_trim_that_is_not_held_is_caught(icarus, tmp_path, way):
    job, _ = calibrated_job()
    stuck = fault("layer0", "periphery0", "readout", "dac_p", edit=lambda true, inner: Const(1))
    with pytest.raises((SimulationError, HardwareFault), match=r"bank|precharge"):
        if way == "pysim":
            run_in_pysim(job, controller=FaultyController(job.config, stuck))
        else:
            controller = faulty_verilog(job.config, stuck)
            sources = cosim.testbench_sources(job.config, controller, strict=False)
            simulators.run(job, simulators.build(sources, icarus, tmp_path), "bulk")
