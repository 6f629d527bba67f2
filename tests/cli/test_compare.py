"""``popbridge compare`` as a researcher types it."""

import csv
import dataclasses
import json

import numpy as np
import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main

SWEEPS = ["--spreads", "2", "0", "--wire-ohm", "0", "500", "--fan-ins", "8", "21"]
FIELDS = {
    "network", "images", "data", "labels", "condition", "macro", "chips", "seed", "reference",
    "lost", "spread", "wire", "fan_in", "schema_version", "warnings",
}  # fmt: skip
READ_FIELDS = {"access_a", "neuron_a", "wordline_drop", "bitline_drop"}


@pytest.fixture
def words(tmp_path, monkeypatch, make_network):
    """The command on a network 21-12-3 and macros of 8 rows."""
    monkeypatch.chdir(tmp_path)
    write_network(make_network((21, 12, 3)), tmp_path / "small.npz")
    (tmp_path / "macro.toml").write_text("rows = 8\ncolumns = 64\n")
    return ["compare", "small.npz", "--macro", "macro.toml", "--images", "12"]


def test_json_csv_and_tables(words, tmp_path, capsys):
    assert main([*words, *SWEEPS, "--json", "result.json", "--csv", "points.csv"]) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert set(result) == FIELDS
    assert result["images"] == 12 and result["chips"] == [1, 2] and result["seed"] == 1
    assert result["labels"] == "software"  # random images
    assert set(result["reference"]) == {"software", "bridge", "crossbar"}
    assert result["lost"] == 0.01
    assert [point["sigma_ln"] for point in result["spread"]["points"]] == [0, 2]
    assert [point["wire_ohm"] for point in result["wire"]["points"]] == [0, 500]
    sizes = [(point["inputs"], point["fan_in"]) for point in result["fan_in"]["points"]]
    assert sizes == [(8, 9), (21, 21)]
    for point in result["wire"]["points"] + result["fan_in"]["points"]:
        assert set(point["fast_form"]) == {"current_error", "signs", "wrong_signs"}
        for array in ("bridge", "crossbar"):
            assert set(point[array]["read"]) == READ_FIELDS
    for sweep in ("spread", "wire"):
        assert set(result[sweep]["loss_at"]) == {"bridge", "crossbar"}
    with open("points.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 * (2 + 2 + 2)
    wires = [line for line in lines if line["sweep"] == "wire" and line["array"] == "crossbar"]
    for line, point in zip(wires, result["wire"]["points"], strict=True):
        figures = {**point["crossbar"], **point["crossbar"]["read"]}
        for name in ("accuracy", *READ_FIELDS):
            assert float(line[name]) == figures[name]
        assert line["error_rate"] == ""
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "the images have no labels" in printed.out
    assert printed.out.count("1% of accuracy lost: ") == 2


def test_a_loss_beyond_the_sweep_is_said_so(words, capsys):
    sweeps = ["--spreads", "0", "--wire-ohm", "0", "--fan-ins", "21", "--json", "-"]
    assert main([*words, *sweeps]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["spread"]["loss_at"] == {"bridge": None, "crossbar": None}
    assert "lost: bridge not up to 0, crossbar not up to 0" in printed.err


def test_labels_of_the_data_count(words, tmp_path, capsys):
    images = np.zeros((3, 21), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", images=images, labels=np.array([0, 1, 2]))
    data = [*words[:-2], "--data", "images.npz", "--chips", "1", *SWEEPS, "--json", "-"]
    assert main(data) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["labels"] == "data" and result["images"] == 3 and result["chips"] == [1]
    # Three equal images with three different labels: whatever the class, one is right.
    assert result["reference"]["software"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--spreads", "-1"], "--spreads[0]: found -1.0, expected a finite number from 0 to 10"),
        (["--spreads", "nan"], "--spreads[0]: found nan, expected a finite number from 0 to 10"),
        (
            ["--wire-ohm", "1", "2000"],
            "--wire-ohm[1]: found 2000.0, expected a finite number from 0",
        ),
        (["--fan-ins", "0"], "--fan-ins[0]: found 0, expected an integer from 1 to 30000"),
        (["--chips", "0"], "--chips: found 0, expected an integer from 1 to 1000"),
        (["--images", "0"], "--images: found 0, expected at least 1"),
        (["--csv", "no/such.csv"], "no/such.csv: found No such file or directory, expected a path"),
        (["--json", "."], ".: found a folder, expected a file to write"),
        (["--condition", "fine"], "fine: found no such preset or file, expected a TOML file or"),
        (["--data", "none.npz"], "none.npz: found nothing there, expected a .npz file or a folder"),
    ],
)
def test_wrong_arguments_are_one_line(words, wrong, message, capsys):
    assert main([*words, *wrong]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"popbridge: {message}") and printed.err.count("\n") == 1


def test_inputs_of_several_bits_are_refused(words, tmp_path, make_network, capsys):
    network = dataclasses.replace(make_network((21, 12, 3)), bits_per_input=3)
    write_network(network, tmp_path / "small.npz")
    assert main(words) == 2
    message = "small.npz: found inputs of 3 bits, expected 1: a word line of the crossbar has one"
    assert capsys.readouterr().err == f"popbridge: {message} level\n"


@pytest.mark.parametrize(
    "wrong", [["--spreads"], ["--spreads", "wide"], ["--fan-ins", "2.5"], ["--chips", "x"]]
)
def test_words_that_are_no_numbers_are_one_line(words, wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*words, *wrong])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
