"""``popbridge figures`` as a researcher types it."""

import json
import os
import stat
import sys

import pytest

from popbridge.cli.main import main

POINT = {"condition": "error-law", "clock_ns": 6.0, "ber": 0.1, "chips": 3,
         "accuracy": {"mean": 0.98, "std": 0.01, "ci95": [0.97, 0.99]}}  # fmt: skip


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_figures_of_given_accuracies(in_folder, capsys):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    (in_folder / "accuracy.json").write_text(json.dumps({"points": [POINT]}))
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
    assert lines[1] == "error-law,6.0,0.1,3,98.0,97.0,99.0"


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "bar"], "--only: found 'bar', expected some of: ber, errors, energy, accuracy"),
        (["--only", "accuracy"], "--only accuracy: found no --accuracy PATH, expected the file"),
        (["--accuracy", "missing.json"], "missing.json: found No such file or directory"),
        (["--accuracy", "text"], "text: found no field points, expected the file that popbridge"),
        (["--accuracy", "list"], "list: found no field points, expected the file that popbridge"),
        (["--accuracy", "none"], "none: points: found none, expected those of popbridge accuracy"),
        (["--accuracy", "bad"], "bad: points[0]: found no field accuracy, expected mean and ci95"),
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
