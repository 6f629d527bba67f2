"""Every documented option of every configuration record is built, and does what it says."""

import itertools
import random

import numpy as np
import pytest
from support.options import (
    DIGITAL_EDGES,
    PAIRS,
    SINGLES,
    fields_without_edges,
    job_with,
    network_with,
)

from popbridge.errors import InputError
from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.emit.convert import to_systemverilog
from popbridge.flow.tools.verilator import lint
from popbridge.hdl.config import DigitalLayerConfig
from popbridge.hdl.digital.layer import DigitalLayer, PopcountLayer
from popbridge.sim import cosim, montecarlo

RUN = [option for option in SINGLES if option.runs]
PAIRS_IN_CI = 3
"""So many, drawn from a fixed seed; all of them nightly."""
FIRSTS = {str(option) for option in SINGLES if option.first}
"""Linted and run in pysim in CI, one of each field; nightly all."""
STRUCTURE = {"zero_dead_time_allowed=True"}
"""Run in Icarus and Verilator in CI, too; nightly all."""


def in_ci(options, names):
    """The options as parameters, those of other names nightly."""
    return [
        pytest.param(option, marks=() if str(option) in names else pytest.mark.nightly)
        for option in options
    ]


def linted(config, folder, build_root):
    """Refuses any warning."""
    path = folder / "controller.sv"
    path.write_text(cosim.controller_source(config, build_root), encoding="utf-8")
    lint([path], CONTROLLER)


def right_in(simulator, option, build_root):
    """The simulation refuses any wrong bit or cycle; its results are those of the physics."""
    job = job_with(option)
    outcome = cosim.simulate(job, simulator=simulator, root=build_root)
    assert len(outcome.results) == len(job.images)
    if not job.program:
        direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
        assert np.array_equal(outcome.results[:, 1:], direct.scores)


def test_every_field_has_edges():
    assert fields_without_edges() == set()


@pytest.mark.parametrize("option", in_ci(SINGLES, FIRSTS), ids=str)
def test_a_single_option_is_linted(option, tmp_path, build_root):
    linted(network_with(option).config, tmp_path, build_root)


@pytest.mark.parametrize("option", in_ci(RUN, FIRSTS), ids=str)
def test_a_single_option_runs_in_pysim(option):
    right_in("pysim", option, None)


@pytest.mark.parametrize("option", in_ci(RUN, STRUCTURE), ids=str)
def test_a_single_option_runs_in_icarus(option, icarus, build_root):
    right_in(icarus, option, build_root)


@pytest.mark.parametrize("option", in_ci(RUN, STRUCTURE), ids=str)
def test_a_single_option_runs_in_verilator(option, build_root):
    right_in("verilator", option, build_root)


def linted_or_refused(pair, folder, build_root):
    """Whether a pair is built; options that exclude each other are refused in one line."""
    try:
        config = network_with(*pair).config
    except InputError as error:
        assert "\n" not in str(error) and "expected" in str(error)
        return False
    linted(config, folder, build_root)
    return True


def test_some_pairs_are_linted(tmp_path, build_root):
    pairs = random.Random(20261130).sample(PAIRS, PAIRS_IN_CI)
    built = [linted_or_refused(pair, tmp_path, build_root) for pair in pairs]
    assert any(built)


@pytest.mark.nightly
@pytest.mark.parametrize("first", SINGLES, ids=str)
def test_all_pairs_are_linted(first, tmp_path, build_root):
    pairs = [pair for pair in PAIRS if pair[0] == first]
    for pair in pairs:
        linted_or_refused(pair, tmp_path, build_root)


DIGITAL = [
    dict(zip(DIGITAL_EDGES, values, strict=True))
    for values in itertools.product(*(edges.run for edges in DIGITAL_EDGES.values()))
]


@pytest.mark.parametrize("sizes", DIGITAL[::4], ids=str)
def test_digital_layers_are_linted(sizes, tmp_path):
    config = DigitalLayerConfig(**sizes)
    for kind in (PopcountLayer, DigitalLayer):
        text = to_systemverilog(kind(config), "layer")
        (tmp_path / "layer.sv").write_text(text, encoding="utf-8")
        lint([tmp_path / "layer.sv"], "layer")
