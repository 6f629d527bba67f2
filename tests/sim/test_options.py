"""Every documented option of every configuration record is built, and does what it says."""

import itertools

import numpy as np
import pytest
from support.options import (
    DIGITAL_EDGES,
    RUN,
    SINGLES,
    covering_rows,
    fields_without_edges,
    job_with,
    network_with,
    pairs_of,
    refusal_of,
)

from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.emit.convert import to_systemverilog
from popbridge.flow.tools.verilator import lint
from popbridge.hdl.config import DigitalLayerConfig
from popbridge.hdl.digital.layer import DigitalLayer, PopcountLayer
from popbridge.sim import cosim, montecarlo

STRUCTURE = {"zero_dead_time_allowed=True"}
"""Linted and run in all simulators in CI, alone; nightly all."""
ROWS_IN_CI = 3
"""Of pairs, linted and run in Icarus: 70 options and 1,200 pairs or more; nightly all."""


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


def right_in(simulator, build_root, *options):
    """The simulation refuses any wrong bit or cycle; its results are those of the physics."""
    job = job_with(*options)
    outcome = cosim.simulate(job, simulator=simulator, root=build_root)
    assert len(outcome.results) == len(job.images)
    if not job.program:
        direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
        assert np.array_equal(outcome.results[:, 1:], direct.scores)


def test_every_field_has_edges():
    assert fields_without_edges() == set()


@pytest.mark.parametrize("option", in_ci(SINGLES, STRUCTURE), ids=str)
def test_a_single_option_is_linted(option, tmp_path, build_root):
    linted(network_with(option).config, tmp_path, build_root)


@pytest.mark.parametrize("option", in_ci(RUN, STRUCTURE), ids=str)
def test_a_single_option_runs_in_pysim(option):
    right_in("pysim", None, option)


@pytest.mark.parametrize("option", in_ci(RUN, STRUCTURE), ids=str)
def test_a_single_option_runs_in_icarus(option, icarus, build_root):
    right_in(icarus, build_root, option)


@pytest.mark.parametrize("option", in_ci(RUN, STRUCTURE), ids=str)
def test_a_single_option_runs_in_verilator(option, build_root):
    right_in("verilator", build_root, option)


def test_rows_of_pairs_are_linted_and_run(icarus, tmp_path, build_root):
    """Hundreds of pairs in each network."""
    rows = [*itertools.islice(covering_rows(RUN), ROWS_IN_CI)]
    for row in rows:
        linted(network_with(*row).config, tmp_path, build_root)
        right_in(icarus, build_root, *row)
    assert len({option for row in rows for option in row}) >= 70
    assert len({pair for row in rows for pair in itertools.combinations(row, 2)}) >= 1200


@pytest.mark.nightly
def test_rows_have_every_pair_that_is_possible():
    having = {pair for row in covering_rows(SINGLES) for pair in itertools.permutations(row, 2)}
    missing = [pair for pair in pairs_of(SINGLES) if pair not in having]
    for pair in missing:
        told = refusal_of(*pair)
        assert told and "\n" not in told and "expected" in told, pair


@pytest.mark.nightly
def test_all_pairs_are_linted(tmp_path, build_root):
    for row in covering_rows(SINGLES):
        linted(network_with(*row).config, tmp_path, build_root)


@pytest.mark.nightly
@pytest.mark.parametrize("simulator", ["pysim", "icarus", "verilator"])
def test_all_pairs_run(simulator, request, build_root):
    if simulator == "icarus":
        request.getfixturevalue("icarus")
    for row in covering_rows(RUN):
        try:
            right_in(simulator, build_root, *row)
        except Exception as error:
            error.add_note(" ".join(map(str, row)))
            raise


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
