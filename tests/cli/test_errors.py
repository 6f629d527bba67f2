"""``popbridge errors`` as a researcher types it."""

import csv
import json
import os
import stat
import sys

import pytest

from popbridge.behav.neuron.error_law import error_law
from popbridge.behav.neuron.neuron_errors import wrong_sign_probabilities
from popbridge.cli.main import main

WORDS = ["errors", "--fan-in", "1025", "--clock-ns", "6", "--ber", "0", "0.01", "0.3"]


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_csv_and_json_hold_every_surplus(in_folder, capsys):
    assert main([*WORDS, "--csv", "errors.csv", "--json", "errors.json"]) == 0
    with open("errors.csv", encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    expected = wrong_sign_probabilities(1127, error_law(6e-9)[0], [0, 0.01, 0.3])
    assert header == ["surplus", "0.0", "0.01", "0.3"]
    assert [int(line[0]) for line in lines] == list(range(564))
    assert [[float(cell) for cell in line[1:]] for line in lines] == expected.tolist()
    result = json.loads((in_folder / "errors.json").read_text())
    assert result["probabilities"] == expected.T.tolist()
    names = ("inputs", "bias_columns", "fan_in", "clock_ns", "ber", "note")
    assert [result[name] for name in names] == [1025, 102, 1127, 6, [0, 0.01, 0.3], None]
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "1025 inputs and 102 bias columns, 1127 columns, at 6 ns: sigma 2.928" in printed.out
    assert "0.4717" in printed.out


def test_a_device_is_written_to_and_not_replaced(capsys):
    assert main([*WORDS, "--csv", "/dev/null", "--json", "/dev/null"]) == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_is_one_line(capsys):
    assert main([*WORDS, "--csv", "/dev/full"]) == 2
    message = "popbridge: /dev/full: found No space left on device, expected a path that can be"
    assert capsys.readouterr().err == f"{message} written\n"


@pytest.mark.parametrize(("clock", "begins"), [("7", "note: "), ("3", "warning: ")])
def test_laws_that_were_not_published_are_told_once(clock, begins, capsys):
    words = [*WORDS[:4], clock, *WORDS[5:]]
    assert main([*words, "--json", "-"]) == 0
    printed = capsys.readouterr()
    note = json.loads(printed.out)["note"]
    assert note.startswith(begins) and printed.err.count(note) == 1
    assert printed.err.startswith(f"{note}\n")


@pytest.mark.parametrize(("inputs", "bias", "fan_in"), [(1, 0, 1), (2, 1, 3), (784, 79, 863)])
def test_any_number_of_inputs(inputs, bias, fan_in, capsys):
    words = ["errors", "--fan-in", str(inputs), "--clock-ns", "8", "--ber", "0.5", "--json", "-"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["bias_columns"], result["fan_in"]) == (bias, fan_in)
    assert len(result["probabilities"][0]) == fan_in // 2 + 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--ber", "0.6", "--ber[0]: found 0.6, expected a finite number from 0 to 0.5"),
        ("--ber", "-0.1", "--ber[0]: found -0.1, expected a finite number"),
        ("--ber", "nan", "--ber[0]: found nan, expected a finite number"),
        ("--fan-in", "0", "inputs: found 0, expected an integer from 1 to 30000"),
        ("--fan-in", "30001", "inputs: found 30001, expected an integer from 1 to 30000"),
        ("--clock-ns", "0", "--clock-ns: found 0.0, expected a finite number from 0.001"),
        ("--clock-ns", "-6", "--clock-ns: found -6.0, expected a finite number from 0.001"),
        ("--clock-ns", "inf", "--clock-ns: found inf, expected a finite number from 0.001"),
        ("--csv", "missing/errors.csv", "missing/errors.csv: found No such file"),
        ("--csv", ".", ".: found a folder, expected a file"),
        ("--plot", "missing/errors.svg", "missing/errors.svg: found No such file"),
        ("--plot", "errors.txt", "errors.txt: found suffix '.txt', expected one of: .svg, .png"),
    ],
)
def test_wrong_arguments_are_one_line(option, value, message, in_folder, capsys):
    assert main([*WORDS, "--csv", "errors.csv", option, value]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert printed.err.startswith(f"popbridge: {message}")
    assert not list(in_folder.iterdir())


def test_plot_without_matplotlib_is_one_line(in_folder, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*WORDS, "--csv", "errors.csv", "--plot", "errors.svg"]) == 2
    message = "popbridge: popbridge errors --plot needs matplotlib: pip install 'popbridge[plot]'\n"
    assert capsys.readouterr().err == message
    assert not list(in_folder.iterdir())


@pytest.mark.parametrize("inputs", ["1", "1025"])
def test_plots(inputs, in_folder):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    words = ["errors", "--fan-in", inputs, *WORDS[3:]]
    for name in ("one.svg", "two.svg", "one.PNG"):
        assert main([*words, "--plot", name]) == 0
    drawn = (in_folder / "one.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<?xml")
    assert drawn == (in_folder / "two.svg").read_text(encoding="utf-8")
    assert (in_folder / "one.PNG").read_bytes().startswith(b"\x89PNG")
