"""Proofs: what is proven holds, what is broken is found, and the tools are asked for by name."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from amaranth.hdl import Module, Mux
from amaranth.lib.wiring import Component, In, Out

from popbridge.cli.main import main
from popbridge.flow.formal.bench import Bench, Fault, Proof, Property, Task
from popbridge.flow.formal.equivalence import EQUIVALENCE
from popbridge.flow.formal.prove import every_proof, prove
from popbridge.flow.formal.verdict import (
    CAUGHT,
    FAILED,
    PROVEN,
    REACHED,
    SURVIVES,
    UNDECIDED,
    UNREACHED,
)
from popbridge.flow.tools.symbiyosys import program_path
from popbridge.hdl.layer import sequencer
from popbridge.study import formal as study

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "formal.md"
needs_tools = pytest.mark.skipif(
    shutil.which("z3", path=program_path()) is None, reason="popbridge[formal] is missing"
)


class Counter(Component):
    """Counts to 5 or, broken, to 6, and starts again."""

    def __init__(self, top):
        self.top = top
        super().__init__({"count": Out(3), "run": In(1)})

    def elaborate(self, platform):
        m = Module()
        with m.If(self.run):
            m.d.sync += self.count.eq(Mux(self.count == self.top, 0, self.count + 1))
        return m


def counter_proof(top, method, occurs=5, ahead=3):
    def specify(bench):
        count = bench.hardware.count
        bench.prove("at_most_five", count <= 5, count == occurs)

    fault = Fault(f"the counter is {ahead} ahead", "count", lambda true, inner: true + ahead)
    stated = Property("at_most_five", "It stops at 5.", fault, method)
    return Proof(
        design="counter", scope="3 bits", hardware=lambda: Counter(top), specify=specify,
        properties=(stated,), depth=9,
    )  # fmt: skip


def everything(proof, stated):
    return True


@needs_tools
@pytest.mark.parametrize("method", [Task.INDUCTION, Task.BOUNDED])
def test_hardware_that_is_right_is_proven(method, tmp_path):
    (verdict,) = prove([counter_proof(5, method)], everything, tmp_path / "traces")
    assert verdict.holds
    assert not (tmp_path / "traces").exists()


@needs_tools
def test_hardware_that_is_broken_fails_with_its_cycle_and_waveforms(tmp_path):
    (verdict,) = prove([counter_proof(6, Task.BOUNDED)], everything, tmp_path)
    assert verdict.result == FAILED and not verdict.holds
    # Five steps from 0 to 5; the sixth is one too many.
    assert re.fullmatch(
        r"fails in cycle 6; waveforms in .*counter\.at_most_five\.vcd", verdict.fault
    )
    assert (tmp_path / "counter.at_most_five.vcd").read_text().count("$var")


@needs_tools
def test_the_command_fails_with_a_proof(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "every_proof", lambda: [counter_proof(6, Task.BOUNDED)])
    assert main(["formal", "--only", "counter", "--json", "formal.json"]) == 1
    printed = capsys.readouterr().out
    assert "counter: at_most_five: fails in cycle 6" in printed and "0 of 1 hold" in printed
    (found,) = json.loads(Path("formal.json").read_text())["properties"]
    assert set(found) >= {"name", "method", "depth", "result", "mutant_result"}
    assert found["result"] == FAILED


@needs_tools
def test_a_sequencer_without_a_way_out_of_unused_codes_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sequencer, "unused_states", lambda fsm: [])

    def wanted(proof, stated):
        return stated.name == "upset_returns_to_rest"

    (verdict,) = prove(every_proof(), wanted, tmp_path)
    assert verdict.result == FAILED
    assert (tmp_path / "upset_layer.upset_returns_to_rest.vcd").exists()


@needs_tools
def test_a_lemma_that_is_missing_leaves_a_property_undecided(tmp_path):
    """A counter to 4 never comes to 5, but from there it would go on to 6."""
    (verdict,) = prove([counter_proof(4, Task.INDUCTION, occurs=4)], everything, tmp_path)
    found = (verdict.result, verdict.cover_result, verdict.mutant_result)
    assert found == (UNDECIDED, REACHED, CAUGHT)
    assert not verdict.holds and verdict.fault == UNDECIDED


@needs_tools
def test_a_property_about_what_never_occurs_does_not_hold(tmp_path):
    (verdict,) = prove([counter_proof(5, Task.INDUCTION, occurs=6)], everything, tmp_path)
    found = (verdict.result, verdict.cover_result, verdict.mutant_result)
    assert found == (PROVEN, UNREACHED, CAUGHT)
    assert not verdict.holds and verdict.fault == "proven, but what it is about never occurs"


@needs_tools
def test_a_proof_that_no_fault_breaks_does_not_hold(tmp_path):
    (verdict,) = prove([counter_proof(5, Task.INDUCTION, ahead=0)], everything, tmp_path)
    found = (verdict.result, verdict.cover_result, verdict.mutant_result)
    assert found == (PROVEN, REACHED, SURVIVES)
    assert not verdict.holds and verdict.fault == "proven even where the counter is 0 ahead"


def test_inner_signals_are_found_by_path():
    proof = next(proof for proof in every_proof() if proof.design == "sign")
    bench = Bench(proof, Task.INDUCTION)
    assert bench.rtlil().count("cell $check")
    assert bench.inner("sequencer", "remaining").name == "remaining"
    with pytest.raises(LookupError, match=r"sequencer\.nothing: found "):
        bench.inner("sequencer", "nothing")


def test_every_property_is_documented_and_no_other():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", DOCUMENTATION.read_text(), re.MULTILINE)
    written = {(name, design) for name, designs in rows for design in designs.split(", ")}
    proven = {(each.name, proof.design) for proof in every_proof() for each in proof.properties}
    assert written == proven | {(EQUIVALENCE, "digital layer")}


def test_names_that_are_not_there_are_refused(capsys):
    assert main(["formal", "--only", "nothing"]) == 2
    assert capsys.readouterr().err.startswith("popbridge: --only: found 'nothing', expected one of")


def test_a_missing_tool_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert main(["formal", "--only", "control bus"]) == 2
    assert "popbridge[formal]" in capsys.readouterr().err
