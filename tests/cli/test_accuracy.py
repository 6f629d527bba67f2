"""``popbridge accuracy``: what it reports, what it refuses, and that a killed sweep goes on."""

import csv
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.bnn import software
from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.hdl.config import MacroConfig

CHIPS = "30"
IMAGES = 1500
"""Enough for a sweep to be killed while it lasts."""


@pytest.fixture
def folder(tmp_path, make_network, monkeypatch):
    """A network whose own answers are the labels, in the working directory."""
    monkeypatch.chdir(tmp_path)
    network = make_network((20, 40, 30, 4))
    images = np.random.default_rng(2).integers(0, 256, (IMAGES, 20), dtype=np.uint8)
    labels = software.run(network, (images >= 128).view(np.uint8)).classes
    write_network(network, tmp_path / "net.npz")
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    np.savez(tmp_path / "bare.npz", images=images)
    return tmp_path


def accuracy(*words):
    return main(["accuracy", "net.npz", "--data", "images.npz", "--workers", "1", *words])


def test_every_combination_is_a_point(folder, capsys):
    words = ["--condition", "weak", "nominal", "--clock-ns", "6", "20", "--vdd", "1.1", "1.2"]
    assert accuracy(*words, "--chips", "3", "--json", "-", "--csv", "points.csv") == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    found = [(p["condition"], p["clock_ns"], p["vdd_v"], p["ber"]) for p in result["points"]]
    expected = [
        (name, clock, vdd, None)
        for name in ("weak", "nominal")
        for clock in (6, 20)
        for vdd in (1.1, 1.2)
    ]
    assert found == expected and result["software_accuracy"] == 1
    for point in result["points"]:
        low, high = point["accuracy"]["ci95"]
        assert low <= point["accuracy"]["mean"] == np.mean(point["chip_accuracies"]) <= high
        assert point["chips"] == 3 and point["layers"][0]["name"] == "layer0"
    with open("points.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean"]) for row in rows] == [p["accuracy"]["mean"] for p in result["points"]]
    assert f"{IMAGES} images of images.npz, chips from 1, seed 1; software 100.00%" in printed.err


def test_calibrated_chips_are_reported_beside_the_others(folder, capsys):
    """Offsets alone, and of the sign layers half a count at most after calibration."""
    ideal = ChipParameters().without_variation()
    offsets = ideal.replace(comparator=ideal.comparator.replace(offset_sigma_v=0.1))
    (folder / "offsets.toml").write_text(offsets.to_toml())
    macro = MacroConfig(rows=8, columns=80, trim_bits=6)
    (folder / "macro.toml").write_text(macro.to_toml())
    words = ["--condition", "offsets.toml", "--macro", "macro.toml", "--chips", "3"]
    assert accuracy(*words, "--calibrate", "--json", "-", "--csv", "points.csv") == 0
    printed = capsys.readouterr()
    [point] = json.loads(printed.out)["points"]
    beside = point["calibrated"]
    assert beside["chips"] == len(beside["chip_accuracies"]) == 3
    assert beside["accuracy"]["mean"] > point["accuracy"]["mean"] + 0.05
    rates = [layer["error_rate"] for layer in beside["layers"]]
    assert rates[:2] == [0, 0] and min(layer["error_rate"] for layer in point["layers"]) > 0.01
    lines = [line.split() for line in printed.err.splitlines()]
    shown = {line[4]: line[6] for line in lines if line and line[0] == "offsets.toml"}
    for key, found in {"no": point, "yes": beside}.items():
        assert shown[key] == f"{found['accuracy']['mean']:.3%}"
    with open("points.csv", newline="") as file:
        [row] = csv.DictReader(file)
    assert float(row["mean"]) == point["accuracy"]["mean"]
    assert float(row["calibrated_mean"]) == beside["accuracy"]["mean"]
    assert float(row["calibrated_layer0_error_rate"]) == 0
    # The chips that are not calibrated are those of a sweep without it.
    assert accuracy(*words, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["points"] == [point | {"calibrated": None}]


def test_published_error_law_in_chosen_layers(folder, capsys):
    assert accuracy("--ber", "0", "0.3", "--chips", "2", "--json", "-") == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [point["ber"] for point in points] == [0, 0.3]
    for point in points:
        assert (point["condition"], point["clock_ns"]) == ("ideal", 6)
        assert point["error_layers"] == ["layer1"]
        rates = [layer["error_rate"] for layer in point["layers"]]
        assert rates[0] == rates[2] == 0
    assert points[1]["layers"][1]["error_rate"] > points[0]["layers"][1]["error_rate"]
    assert accuracy("--ber", "0.3", "--layers", "layer0", "--chips", "2", "--json", "-") == 0
    chosen = json.loads(capsys.readouterr().out)["points"][0]
    assert chosen["layers"][0]["error_rate"] > 0 == chosen["layers"][1]["error_rate"]


def test_clock_between_the_published_ones_is_said(folder, capsys):
    assert accuracy("--ber", "0.1", "--clock-ns", "7", "--chips", "1") == 0
    assert "interpolation between 6 ns and 8 ns" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--chips", "0"], "--chips: found 0, expected an integer of at least 1"),
        (["--workers", "0"], "--workers: found 0, expected an integer of at least 1"),
        (["--images", "1501"], "--images: found 1501, expected at most 1500"),
        (["--condition", "best"], "best: found no such preset or file"),
        (["--clock-ns", "0"], "--clock-ns[0]: found 0.0, expected a finite number from 0.001"),
        (["--clock-ns", "nan"], "--clock-ns[0]: found nan, expected a finite number from 0.001"),
        (["--clock-ns", "6.001"], "found 1.2002e-09, expected a whole, even number"),
        (["--vdd", "0"], "--vdd[0]: found 0.0, expected a finite number from 0.001"),
        (["--vdd", "1", "--condition", "ideal"], "--vdd: found with condition ideal"),
        (["--ber", "0.6"], "--ber[0]: found 0.6, expected a finite number from 0 to 0.5"),
        (["--ber", "0.1", "--layers", "layer2"], "--layers: found 'layer2', expected sign layers"),
        (["--calibrate"], "--calibrate: found macro default, expected one with trim_bits"),
        (["--layers", "layer1"], "--layers: found without --ber"),
        (["--data", "bare.npz"], "bare.npz: found no labels"),
        (["--first-chip", "-1"], "found '-1', expected an integer"),
        (["--csv", "no/points.csv"], "no/points.csv: found No such file"),
        (["--json", "no/points.json"], "no/points.json: found No such file"),
    ],
)
def test_wrong_input_is_one_line(words, message, folder, capsys):
    try:
        status = accuracy(*words)
    except SystemExit as stop:
        status = stop.code
    complaint = capsys.readouterr().err
    assert status == 2 and message in complaint and complaint.count("\n") == 1


def test_a_network_without_a_layer_to_err_says_so(folder, make_network, capsys):
    write_network(make_network((20, 4)), folder / "flat.npz")
    assert main(["accuracy", "flat.npz", "--data", "images.npz", "--ber", "0.1"]) == 2
    assert "--ber: found no sign layer fed by hidden activations" in capsys.readouterr().err


def command(cwd, workers):
    words = ["accuracy", "../net.npz", "--data", "../images.npz", "--condition", "weak", "nominal"]
    words += ["--chips", CHIPS, "--workers", workers, "--json", "result.json"]
    return subprocess.Popen(
        [sys.executable, "-m", "popbridge", *words], cwd=cwd,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(("how", "workers"), [(signal.SIGKILL, "2"), (signal.SIGTERM, "1")])
def test_a_killed_sweep_goes_on_and_gives_the_same_file(folder, workers, how):
    for name in ("killed", "whole"):
        (folder / name).mkdir()
    kept = 0
    for _ in range(2):
        with command(folder / "killed", workers) as process:
            while process.poll() is None and lines(folder / "killed") <= kept + 2:
                time.sleep(0.01)
            process.send_signal(how)
            process.stderr.read()
        assert not (folder / "killed" / "result.json").exists(), "it had ended: more chips needed"
        kept = lines(folder / "killed")
    for name in ("killed", "whole"):
        with command(folder / name, workers) as process:
            assert process.stderr.read() == ""
        assert process.returncode == 0
    texts = [(folder / name / "result.json").read_bytes() for name in ("killed", "whole")]
    assert texts[0] == texts[1] and json.loads(texts[0])["points"][0]["chips"] == int(CHIPS)


def lines(folder):
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("build/accuracy/*.jsonl"))
