"""What is read of a liberty file, against a small one written by hand."""

import itertools
import re

import pytest

from popbridge.errors import InputError
from popbridge.flow.tools import liberty
from popbridge.flow.tools.liberty import boolean_function, find_liberty, read_cells

LIBRARY = """
/* a comment; with { braces } */
library (tiny) {
  capacitive_load_unit (10,ff);
  nom_voltage : 1.5;
  lu_table_template(t) { variable_1 : input_net_transition; index_1 ("1.0, 2.0"); }
  cell (NAND) {
    area : 3.5;
    pin(A) { direction : input; capacitance : 0.2; }
    pin(B) { direction : input; capacitance : 0.3; }
    pin(Y) {
      direction : output;
      function : "(!(A B))";
      internal_power() {
        related_pin : "A";
        rise_power(t) { index_1 ("1, 2"); values ("0.1, 0.9"); }
        fall_power(t) { values ( \\
          "0.3, 0.9", \\
          "0.9, 0.9"); }
      }
      internal_power() {
        related_pin : "B";
        rise_power(t) { values ("0.5"); }
        fall_power(t) { values ("0.7"); }
      }
    }
  }
  cell (ADDER) {
    area : 9;
    pin(A) { direction : input; capacitance : 1; }
    pin(B) { direction : input; capacitance : 1; }
    pin(C) { direction : input; capacitance : 1; }
    pin(S) { direction : output; function : "A^B^C"; }
    pin(CO) { direction : output; function : "A*B+C&(A|B)"; }
  }
  cell (FLIPFLOP) {
    area : 8;
    ff (IQ, IQN) { next_state : "!D"; clocked_on : "CK"; }
    pin(D) { direction : input; capacitance : 0.1; }
    pin(CK) {
      direction : input; capacitance : 0.4; clock : true;
      internal_power() { rise_power(t) { values ("2"); } fall_power(t) { values ("4"); } }
    }
    pin(Q) { direction : output; function : "IQ"; }
  }
  cell (SETTABLE) {
    area : 9;
    ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; preset : "S"; }
    pin(D) { direction : input; capacitance : 0.1; }
    pin(CK) { direction : input; capacitance : 0.1; }
    pin(S) { direction : input; capacitance : 0.1; }
    pin(Q) { direction : output; function : "IQ"; }
  }
  cell (FALLING) {
    area : 8;
    ff (IQ, IQN) { next_state : "D"; clocked_on : "!CK"; }
    pin(D) { direction : input; capacitance : 0.1; }
    pin(CK) { direction : input; capacitance : 0.1; }
    pin(Q) { direction : output; function : "IQ"; }
  }
  cell (HELD) {
    area : 5;
    latch (IQ, IQN) { data_in : "D"; enable : "G"; }
    pin(D) { direction : input; capacitance : 0.1; }
    pin(G) { direction : input; capacitance : 0.1; }
    pin(Q) { direction : output; function : "IQ"; }
  }
  cell (TRISTATE) {
    area : 5;
    pin(A) { direction : input; capacitance : 0.1; }
    pin(E) { direction : input; capacitance : 0.1; }
    pin(Y) { direction : output; function : "A"; three_state : "!E"; }
  }
  cell (GATED_CLOCK) {
    area : 5;
    statetable ("CK GATE", "M") { table : "L L : - : L"; }
    pin(CK) { direction : input; capacitance : 0.1; }
    pin(M) { direction : internal; internal_node : "M"; }
    pin(GCLK) { direction : output; state_function : "CK * M"; }
  }
  cell (ANTENNA) { pin(A) { direction : input; } }
}
"""


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "tiny.lib"
    path.write_text(LIBRARY)
    return read_cells(path)


def test_values_in_si_units(library):
    assert (library.name, library.vdd_v) == ("tiny.lib", 1.5)
    assert list(library.cells) == ["NAND", "ADDER", "FLIPFLOP", "ANTENNA"]
    nand, flip_flop = library.cells["NAND"], library.cells["FLIPFLOP"]
    assert nand.area == 3.5
    assert nand.input_f == pytest.approx({"A": 2e-15, "B": 3e-15})
    # The first entries of the four tables: 0.1, 0.3, 0.5, 0.7 of 10 fF V^2.
    assert nand.toggle_j == pytest.approx({"A": 0, "B": 0, "Y": 4e-15})
    assert flip_flop.clock_pin == "CK" and nand.clock_pin is None
    assert flip_flop.toggle_j == pytest.approx({"D": 0, "CK": 30e-15, "Q": 0})
    assert flip_flop.outputs["Q"] is None and nand.next_state is None


def test_functions_of_all_lanes_at_once(library):
    lanes = list(itertools.product((0, 1), repeat=3))
    pins = {
        pin: sum(values[k] << lane for lane, values in enumerate(lanes))
        for k, pin in enumerate("ABC")
    }
    adder = library.cells["ADDER"].outputs
    for lane, values in enumerate(lanes):
        seen = [adder[pin](pins) >> lane & 1 for pin in ("S", "CO")]
        assert seen == [sum(values) % 2, sum(values) // 2]
        nand = library.cells["NAND"].outputs["Y"](pins)
        assert nand >> lane & 1 == 1 - values[0] * values[1]
    assert library.cells["FLIPFLOP"].next_state({"D": 0b01, "CK": 0}) & 0b11 == 0b10


@pytest.mark.parametrize(
    ("text", "ones"),
    [
        ("A", {"100", "101", "110", "111"}),
        ("A'", {"000", "001", "010", "011"}),
        ("!A B", {"010", "011"}),
        ("!(A B)'", {"110", "111"}),
        ("A B C'", {"110"}),
        ("A + B C", {"011", "100", "101", "110", "111"}),
        ("(A+B) C", {"011", "101", "111"}),
        ("A B ^ C", {"101", "110"}),
        ("A&B|!C", {"000", "010", "100", "110", "111"}),
        ("(!((A B)+C))", {"000", "010", "100"}),
        ("(A (B + 0)) + (C 0)", {"110", "111"}),
        ("1 A", {"100", "101", "110", "111"}),
    ],
)
def test_precedence_of_operators(text, ones):
    function = boolean_function(text)
    for values in itertools.product((0, 1), repeat=3):
        name = "".join(map(str, values))
        assert function(dict(zip("ABC", values, strict=True))) & 1 == (name in ones)


@pytest.mark.parametrize("text", ["", "A +", "(A", "A)", "+ A"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(ValueError, match=r"^function: found"):
        boolean_function(text)


@pytest.mark.parametrize("text", ["", "{", "library (x) { }", "no library at all", LIBRARY[:700]])
def test_what_is_no_library_is_refused(text, tmp_path):
    path = tmp_path / "bad.lib"
    path.write_text(text)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: found no cells in it"):
        read_cells(path)


def test_a_missing_library_is_refused(tmp_path):
    with pytest.raises(InputError, match="found No such file or directory, expected a liberty"):
        read_cells(tmp_path / "none.lib")


BUFFERS = """
library (demo) {
  capacitive_load_unit (1,pf);
  nom_voltage : 1.8;
  cell (BIG) { area : 9.5; pin (A) { direction : input; } pin (Y) { function : "A"; } }
  cell ("SMALL") { area : 2; pin(A) { direction : "input"; } pin(Y) { function : "(A)"; } }
  /* cell (GONE) { area : 1; pin (A) { direction : input; } pin (Y) { function : "A"; } } */
  cell (INV) { area : 1; pin (A) { direction : input; } pin (Y) { function : "!A"; } }
  cell (ONE) { area : 1; pin (A) { direction : input; } pin (Y) { function : "1"; } }
  cell (TRI) { area : 1; pin (A) { direction : input; } pin (E) { direction : input; }
    pin (Y) { function : "A"; three_state : "!E"; } }
  cell (AND) { area : 1; pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { function : "A B"; } }
}
"""


def test_the_smallest_buffer_is_found(tmp_path):
    path = tmp_path / "demo.lib"
    path.write_text(BUFFERS)
    assert read_cells(path).smallest_buffer == "SMALL"


def test_a_library_without_a_buffer_is_refused(library):
    with pytest.raises(InputError, match=r"^tiny\.lib: found no buffer among its cells"):
        _ = library.smallest_buffer


def test_libraries_that_are_not_there_are_refused(tmp_path, monkeypatch):
    missing = tmp_path / "none.lib"
    with pytest.raises(InputError, match=r"none\.lib: found no such file, expected a liberty file"):
        find_liberty(missing)
    monkeypatch.setattr(liberty, "INSTALLED_LIBRARIES", (missing,))
    with pytest.raises(InputError, match=r"^found no installed cell library, expected --liberty"):
        find_liberty(None)
