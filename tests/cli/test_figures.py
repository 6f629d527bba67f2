"""``popbridge figures`` as a researcher types it."""

import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cli.figures import selected_figures
from popbridge.cli.main import main, parse
from popbridge.study.accuracy.result import AccuracyResult
from popbridge.study.accuracy.study import AccuracyRequest, accuracy
from popbridge.study.crossbar.result import CompareResult
from popbridge.study.crossbar.study import CompareRequest, compare


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_figures_of_given_accuracies(network, in_folder, capsys):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    words = ["accuracy", "small.npz", "--macro", "macro.toml", "--data", "labelled.npz"]
    assert main([*words, "--ber", "0.1", "--chips", "2", "--json", "accuracy.json"]) == 0
    [point] = json.loads((in_folder / "accuracy.json").read_text())["points"]
    capsys.readouterr()
    words = ["figures", "--only", "accuracy", "--accuracy", "accuracy.json", "--output", "a/b"]
    assert main([*words, "--json", "result.json"]) == 0
    names = ["accuracy.svg", "accuracy.png", "accuracy-chips.csv", "accuracy-published.csv"]
    expected = [os.path.join("a", "b", name) for name in names]
    printed = capsys.readouterr()
    assert printed.out.split() == expected and printed.err == ""
    result = json.loads((in_folder / "result.json").read_text())
    assert result == {"figures": [{"name": "accuracy", "files": expected}]}
    assert sorted(os.listdir("a/b")) == sorted(names)
    assert (in_folder / "a/b/accuracy.svg").read_text().startswith("<?xml")
    assert (in_folder / "a/b/accuracy.png").read_bytes().startswith(b"\x89PNG")
    lines = (in_folder / "a/b/accuracy-chips.csv").read_text().splitlines()
    ends = [100 * point["accuracy"]["mean"], *(100 * end for end in point["accuracy"]["ci95"])]
    assert lines[1] == ",".join(["ideal", "layer1", "6.0", "0.1", "2", *map(repr, ends)])


def test_figures_of_the_package_alone(in_folder, capsys):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    assert main(["figures", "--only", "energy", "errors", "--json", "-"]) == 0
    made = json.loads(capsys.readouterr().out)["figures"]
    assert [figure["name"] for figure in made] == ["errors", "energy"]
    files = [file for figure in made for file in figure["files"]]
    assert all(os.path.dirname(file) == os.path.join("build", "figures") for file in files)
    written = {os.path.join("build", "figures", name) for name in os.listdir("build/figures")}
    assert written == set(files)
    assert all(stat.S_IMODE(os.stat(file).st_mode) & 0o444 for file in files)


@pytest.fixture
def network(make_network, in_folder):
    """A network 15-11-9-4 with labelled images, and a macro for it, as files."""
    network = make_network((15, 11, 9, 4))
    write_network(network, in_folder / "small.npz")
    draw = np.random.default_rng(11)
    images = draw.integers(0, 256, (24, 15), dtype=np.uint8)
    np.savez(in_folder / "labelled.npz", images=images, labels=draw.integers(0, 4, 24))
    (in_folder / "macro.toml").write_text("rows = 8\ncolumns = 40\n")
    return network


def test_the_files_of_the_commands_are_what_python_gives(network, in_folder):
    """The record that a drawing is made of is the same from a file and from the study."""
    fixed = {"network": "small.npz", "macro": "macro.toml", "data": Path("labelled.npz")}
    words = ["small.npz", "--macro", "macro.toml", "--data", "labelled.npz"]
    assert main(["accuracy", *words, "--ber", "0", "0.4", "--chips", "2", "--json", "a.json"]) == 0
    asked = AccuracyRequest(**fixed, ber=(0.0, 0.4), chips=2, folder=in_folder / "another")
    assert AccuracyResult.from_json(Path("a.json")) == accuracy(asked)
    sweeps = ["--spreads", "0", "2", "--wire-ohm", "0", "500", "--fan-ins", "8", "21"]
    assert main(["compare", *words, *sweeps, "--json", "c.json"]) == 0
    asked = CompareRequest(**fixed, spreads=(0, 2), wire_ohm=(0, 500), fan_ins=(8, 21))
    assert CompareResult.from_json(Path("c.json")) == compare(asked)


def test_all_figures_by_default():
    names = ["ber", "errors", "energy", "waveform", "compare", "accuracy"]
    assert selected_figures(parse(["figures"]).only) == names
    assert selected_figures(["accuracy", "ber"]) == ["ber", "accuracy"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "bar"], "--only: found 'bar', expected some of: ber, errors, energy, waveform"),
        (["--accuracy", "missing.json"], "missing.json: found No such file or directory"),
        (["--accuracy", "text"], "text: found no whole JSON (Expecting value, line 1), expected"),
        (["--accuracy", "list"], "list: found [], expected a table of fields (of the JSON of popb"),
        (
            ["--compare", "text"],
            "text: found no whole JSON (Expecting value, line 1), expected the",
        ),
        (["--compare", "list"], "list: found [], expected a table of fields (of the JSON of popb"),
        (["--compare", "missing.json"], "missing.json: found No such file or directory"),
        (["--accuracy", "none"], "none: network: found nothing, expected a value"),
        (["--accuracy", "bad"], "bad: points[0].chips: found nothing, expected a value"),
        (["--output", "text"], "text: found File exists, expected a folder"),
        (["--output", "text/below"], "text/below: found Not a directory, expected a folder"),
        (["--json", "."], ".: found a folder, expected a file to write"),
    ],
)
def test_wrong_arguments_are_one_line(words, message, in_folder, capsys):
    contents = {"text": "text", "list": "[]", "none": '{"points": []}',
                "bad": '{"points": [{"ber": 1}]}'}  # fmt: skip
    for name, content in contents.items():
        (in_folder / name).write_text(content)
    assert main(["figures", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert printed.err.startswith(f"popbridge: {message}")
    assert sorted(os.listdir()) == sorted(contents)


def test_a_file_that_cannot_be_replaced_is_one_line(in_folder, capsys):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    (in_folder / "energy.svg").mkdir()
    assert main(["figures", "--only", "energy", "--output", "."]) == 2
    assert capsys.readouterr().err == (
        "popbridge: energy.svg: found a folder, expected a file to write\n"
    )
    assert os.listdir() == ["energy.svg"]


def test_without_matplotlib_is_one_line(in_folder, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["figures"]) == 2
    message = "popbridge: popbridge figures needs matplotlib: pip install 'popbridge[plot]'\n"
    assert capsys.readouterr().err == message
    assert not list(in_folder.iterdir())
