"""Yosys run on scripts: files in and out, and its complaint in one line."""

import pytest

from popbridge.errors import InputError, ToolError
from popbridge.flow.tools.packaged import PackagedTool, complaint_in
from popbridge.flow.tools.yosys import CONVERSION, SYNTHESIS, run_yosys, yosys_texts

MODULE = "module \\m\n  wire \\a\nend\n"


@pytest.fixture(params=[CONVERSION, SYNTHESIS], ids=lambda tool: tool.package)
def tool(request):
    pytest.importorskip(request.param.module)
    return request.param


def test_files_go_in_and_out(tool):
    script = "read_rtlil in.il\nwrite_verilog out.v\n"
    (text,) = yosys_texts(script, {"in.il": MODULE}, ["out.v"], tool)
    assert "module m();" in text and "wire a;" in text


def test_it_stops_with_its_own_complaint(tool, tmp_path):
    message = f"^{tool.package} stopped: No such command: no_such_command"
    with pytest.raises(ToolError, match=message) as caught:
        run_yosys("no_such_command\n", tmp_path, "bad", tool)
    assert "\n" not in str(caught.value)
    assert "no_such_command" in (tmp_path / "bad.log").read_text()


def test_a_missing_tool_names_what_brings_it():
    missing = PackagedTool("no_such_module", "", "synth")
    with pytest.raises(InputError, match=r"^found no no-such-module, .*'popbridge\[synth\]'$"):
        missing.require()


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("Warning: a\nERROR: b c \nERROR: d", "b c"),
        ("Error: a.tcl, 3 no such thing", "a.tcl, 3 no such thing"),
        ("fatal error: a", "a"),
        ("a.sv:3: ERROR: syntax error", "a.sv:3: syntax error"),
        ("no errors: 0\nan error: is not at the start", ""),
    ],
)
def test_the_first_complaint_of_a_log(log, found):
    assert complaint_in(log) == found
