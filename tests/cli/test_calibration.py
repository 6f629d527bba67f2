"""``popbridge run --calibrate``: what it reports of a calibration."""

import json

import pytest

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.hdl.config import MacroConfig


@pytest.fixture
def run(tmp_path, monkeypatch, make_network):
    monkeypatch.chdir(tmp_path)
    write_network(make_network((15, 11, 4)), tmp_path / "small.npz")

    def run(*words, trim_bits=4):
        macro = MacroConfig(rows=4, columns=40, trim_bits=trim_bits)
        (tmp_path / "macro.toml").write_text(macro.to_toml())
        comparator = ComparatorParameters(offset_sigma_v=0.1)
        (tmp_path / "chip.toml").write_text(ChipParameters(comparator=comparator).to_toml())
        words = ("--condition", "chip.toml", *words)
        fixed = ["--sim", "pysim", "--macro", "macro.toml", "--images", "2", "--json", "run.json"]
        return main(["run", "small.npz", *fixed, *words])

    return run


def test_reports_offsets_and_cycles(run, tmp_path, capsys):
    assert run("--calibrate") == 0
    result = json.loads((tmp_path / "run.json").read_text())
    calibration = result["calibration"]
    # Five steps of three phases, seven strobes, six settlings and a dead time; one cycle more.
    assert calibration["cycles"] == {"declared": 5 * 17 + 1, "measured": 5 * 17 + 1}
    hidden, last = calibration["layers"]
    assert (hidden["macros"], last["macros"]) == (3, 1)
    for layer in (hidden, last):
        offset, left = layer["offset_counts"], layer["residual_counts"]
        assert offset["min"] <= offset["mean"] <= offset["max"] <= 7.5
        assert any(offset.values())
        # Noise of half a millivolt is a hundredth of a count here.
        assert max(abs(left["min"]), abs(left["max"])) < 0.6
    assert "--calibrate" in result["command"]
    assert "calibrated in 86 cycles, declared 86" in capsys.readouterr().out


def test_none_without_being_asked_for(run, tmp_path):
    assert run() == 0
    assert json.loads((tmp_path / "run.json").read_text())["calibration"] is None


def test_needs_a_trim(run, capsys):
    assert run("--calibrate", trim_bits=0) == 2
    assert "trim_bits: found 0, expected at least 1 to calibrate with" in capsys.readouterr().err
