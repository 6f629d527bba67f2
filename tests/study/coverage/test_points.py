"""Where Verilator's counts are from."""

from popbridge.study.coverage.points import Place, Point, PointMap, read_counts

CONTROLLER = """
(* top =  1  *)
(* src = "/any/where/hdl/controller/controller.py:85" *)
(* generator = "Amaranth" *)
module popbridge_controller(clk, a);
  popbridge_controller_layer0 layer0 (
    .clk(clk)
  );
endmodule

(* src = "/any/where/hdl/layer/dense_layer.py:102|/any/other.py:3" *)
(* generator = "Amaranth" *)
module popbridge_controller_layer0(clk);
  popbridge_controller_layer0_word_lines word_lines (
    .clk(clk)
  );
endmodule

(* src = "/any/where/hdl/layer/line_drivers.py:9" *)
module popbridge_controller_layer0_word_lines(clk);
  always_comb begin
    if (release) begin
    end
  end
endmodule
"""
IF_LINE = 1 + CONTROLLER.splitlines().index("    if (release) begin")


def entry(file, page, line, what, hits, hierarchy):
    parts = {"f": f"/tmp/{file}", "l": line, "n": 5, "page": page, "o": what, "h": hierarchy}
    text = "".join(f"\x01{name}\x02{value}" for name, value in parts.items())
    return f"C '{text}' {hits}\n"


def test_counts_of_other_builds_add_up_and_the_testbench_is_left_out():
    toggle = ("v_toggle/popbridge_controller", 3, "a[2]:0->1")
    data = entry("controller.sv", *toggle, 2, "popbridge_controller")
    data += entry("controller.sv", *toggle, 3, "testbench.controller")
    data += entry("testbench.sv", "v_line/testbench", 1, "block", 9, "testbench")
    data += entry("controller.sv", "v_branch/popbridge_controller", 4, "if", 0, "testbench.it")
    assert read_counts(data) == {
        Place("toggle", "popbridge_controller", 3, 5, "a[2]:0->1"): 5,
        Place("branch", "popbridge_controller", 4, 5, "if"): 0,
    }


def test_edges_have_the_names_of_the_hardware():
    place = Place("toggle", "popbridge_controller_layer0", 1, 1, "pins___05Fwl__02482[3]:1->0")
    point = PointMap(CONTROLLER).point(place)
    assert point == Point("toggle", "hdl/layer/dense_layer.py", "layer0", "pins__wl$82", 3, "1->0")
    assert point.owner == "layer0.pins__wl"
    assert point.name == "layer0.pins__wl[3] 1->0"
    alone = Place("toggle", "popbridge_controller", 1, 1, "busy:0->1")
    assert PointMap(CONTROLLER).point(alone).name == "busy[0] 0->1"


def test_branches_have_their_line():
    place = Place("branch", "popbridge_controller_layer0_word_lines", IF_LINE, 5, "else")
    point = PointMap(CONTROLLER).point(place)
    assert point.file == "hdl/layer/line_drivers.py"
    assert point.name == "layer0.word_lines: else of if (release) begin"
