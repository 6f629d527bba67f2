"""`popbridge synth` as it is typed."""

import json

import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.errors import ToolError
from popbridge.hdl.config import MacroConfig

FIELDS = {
    "design", "target", "module", "clock_hz", "cells", "cells_by_type", "flip_flops", "transistors",
    "area", "depth", "fmax_hz", "worst_path", "without_clock", "blocks", "versions", "files",
    "closes", "schema_version",
}  # fmt: skip


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(MacroConfig(rows=2, columns=4).to_toml())
    return tmp_path


def failure(capsys, *words):
    status = main(["synth", *words])
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("popbridge: "), error
    return status, error


def test_synth_of_one_macro(in_folder, capsys):
    assert main(["synth", "--macro", "tiny.toml", "--json", "found.json"]) == 0
    printed = capsys.readouterr().out
    result = json.loads((in_folder / "found.json").read_text())
    assert set(result) == FIELDS
    assert result["target"] == "generic" and result["clock_hz"] == 200e6
    assert result["design"] == "controller of one full macro, 2 x 4"
    assert result["cells"] == sum(result["cells_by_type"].values()) > result["flip_flops"] > 500
    assert set(result["blocks"]) == {"drivers", "sequencer", "read-out", "buffers", "scores", "bus"}
    assert set(result["blocks"]["bus"]) == {"cells", "flip_flops", "transistors", "area"}
    for name in ("transistors", "area", "fmax_hz", "closes", "without_clock"):
        assert result[name] is None
    made = [in_folder / name for name in result["files"]]
    assert [path.name for path in made] == ["popbridge_controller.v", "popbridge_controller.sdc"]
    assert "module popbridge_controller(" in made[0].read_text()
    # What the tools worked with is gone; their logs are not.
    left = {path.name for path in made[0].parent.iterdir()} - {path.name for path in made}
    assert left == {"yosys_synth.log", "yosys_blocks.log"}
    assert "logic depth" in printed and "sequencer" in printed


def test_a_network_file_and_the_clock_given(in_folder, capsys, monkeypatch, make_network):
    write_network(make_network((3, 2)), in_folder / "small.npz")
    asked = {}

    def no_design(config, clock_period_ps):
        asked.update(config=config, clock_period_ps=clock_period_ps)
        raise ToolError("yosys stopped: enough")

    monkeypatch.setattr("popbridge.study.synthesis.controller_design", no_design)
    status, error = failure(capsys, "small.npz", "--clock-mhz", "125", "--macro", "tiny.toml")
    assert (status, error) == (1, "popbridge: yosys stopped: enough\n")
    assert asked["clock_period_ps"] == 8000
    assert [layer.neurons for layer in asked["config"].layers] == [2]


def test_wrong_words(in_folder, capsys):
    status, error = failure(capsys, "--liberty", "cells.lib")
    assert (status, error) == (
        2,
        "popbridge: --liberty: found target generic, expected --target liberty with it\n",
    )
    status, error = failure(capsys, "--target", "liberty", "--liberty", "cells.lib")
    assert (status, error) == (
        2, "popbridge: cells.lib: found no such file, expected a liberty file\n"
    )  # fmt: skip
    (in_folder / "file").touch()
    status, error = failure(capsys, "--output", "file")
    assert status == 2 and "expected a folder" in error
    for clock in ("0", "-3", "inf", "nan"):
        status, error = failure(capsys, f"--clock-mhz={clock}")
        assert status == 2 and "--clock-mhz: found" in error and "expected a finite" in error
