"""``popbridge verilog``: which files it writes, and that each says what it is."""

import json

from support.commands import run_json

from popbridge.cli.main import main
from popbridge.flow.tools import verilator


def test_verilog(small, in_folder, capsys):
    result = run_json(capsys, "verilog", small, "--output", "out")
    assert sorted(path.name for path in (in_folder / "out").iterdir()) == [
        "bridge_array_stubs.sv",
        "popbridge_cells.csv",
        "popbridge_controller.json",
        "popbridge_controller.sv",
        "popbridge_controller.svd",
        "popbridge_macro_top.sv",
        "popbridge_registers.h",
        "popbridge_registers.md",
    ]
    description = json.loads((in_folder / "out" / "popbridge_controller.json").read_text())
    assert description["latency_cycles"] == result["latency_cycles"]
    assert description["configuration"]["layers"][0]["inputs"] == 9
    # Each says what it is; the table of cells has its titles in place of that.
    for path in (in_folder / "out").iterdir():
        assert ("made by popbridge" in path.read_text().lower()) == (path.suffix != ".csv"), path


def test_verilog_for_old_icarus(small, in_folder, capsys):
    """The bench in tests/integrator runs it; here it is what is not there that counts."""
    run_json(capsys, "verilog", small, "--output", "old", "--icarus-11")
    for name in ("popbridge_controller.sv", "popbridge_macro_top.sv"):
        text = (in_folder / "old" / name).read_text()
        assert "always_comb" not in text and "always @* begin" in text
        assert "made by popbridge" in text.lower()


def test_verilog_without_verilator(small, in_folder, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(in_folder))
    verilator.find_verilator.cache_clear()
    try:
        assert main(["verilog", small, "--output", "out"]) == 0
    finally:
        verilator.find_verilator.cache_clear()
    assert "lint skipped: found no Verilator" in capsys.readouterr().out
    assert (in_folder / "out" / "popbridge_controller.sv").stat().st_size > 0
