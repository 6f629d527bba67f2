"""What is changed for Icarus."""

import subprocess

from popbridge.flow.tools.icarus import without_always_comb

LOOPING = """
module looping();
logic [1:0] twice, data, state;
logic read;
always_comb begin
    twice = 2'b01;
    twice[1] = twice[0];
end
always_comb begin
    state = 2'h0;
    state = 2'h1;
    read = state[1];
    data = twice;
end
initial begin
    #1 $display("%b%b%b", twice, data, read);
    $finish();
end
endmodule
"""
"""After the report in steveicarus/iverilog, issue 508: runs for ever in Icarus 11.0."""


def test_blocks_that_write_twice_come_to_rest_with_values(icarus, tmp_path):
    text = without_always_comb(LOOPING.replace("looping();", "looping\n(\n);"))
    source = tmp_path / "looping.sv"
    source.write_text(text, encoding="utf-8")
    program = tmp_path / "looping.vvp"
    subprocess.run(["iverilog", "-g2012", "-o", program, source], check=True, timeout=60)
    done = subprocess.run(["vvp", program], check=True, timeout=20, capture_output=True, text=True)
    assert done.stdout.split() == ["11110"]


def test_modules_without_such_blocks_stay_as_they_are():
    text = "module plain(a);\n  input a;\nendmodule\n"
    assert without_always_comb(text) == text
