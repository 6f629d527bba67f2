"""``popbridge figures`` as a researcher types it."""

import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cli.figure_tables import (
    computed_accuracy_tables,
    computed_compare_tables,
    shown_columns,
    traced_waveform_tables,
)
from popbridge.cli.figures import read_tables, selected_figures
from popbridge.cli.main import main, parse

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
    assert lines[1] == "error-law,,6.0,0.1,3,98.0,97.0,99.0"


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


NETWORK_WORDS = ["small.npz", "--macro", "macro.toml", "--data", "labelled.npz"]


def test_computed_tables_are_those_of_the_commands_files(network, capsys):
    """The figure and the file that a command writes for the same words show the same."""
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    sweeps = {
        "accuracy": ["--ber", "0", "0.4", "--chips", "2"],
        "compare": ["--spreads", "0", "2", "--wire-ohm", "0", "500", "--fan-ins", "8", "21"],
    }
    computed = {"accuracy": computed_accuracy_tables, "compare": computed_compare_tables}
    for name, sweep in sweeps.items():
        words = [*NETWORK_WORDS, *sweep]
        assert main([name, *words, "--json", f"{name}.json"]) == 0
        read = read_tables(name, Path(f"{name}.json"))
        assert computed[name](words) == read


def test_waveform_of_a_co_simulation(make_mapped, make_job):
    """What the figure shows at the strobe is what the comparator said and what the weights say."""
    job = make_job(make_mapped((15, 11, 4), rows=8, columns=40), chip=3, condition="nominal")
    config, row = job.config.layers[0], 3
    tables = traced_waveform_tables(job, row, simulator="pysim")
    pins, voltages = tables["pins"], tables["voltages"]
    strobe_ns = pins["time_ns"][pins["strobe"].index(1)]
    at_strobe = max(n for n, time_ns in enumerate(voltages["time_ns"]) if time_ns <= strobe_ns)
    inputs = np.ones(config.fan_in, dtype=int)
    inputs[: config.inputs] = 2 * job.images[0].astype(int) - 1
    was, now = (inputs * job.weights[0][neuron] > 0 for neuron in (row - 1, row))
    columns = [int(name[3:-2]) for name in voltages if name.startswith("sl_")]
    assert {(was[column], now[column]) for column in columns} == {
        (False, True), (True, False), (True, True), (False, False)
    }  # fmt: skip
    for column in columns:
        levels_v = voltages[f"sl_{column}_v"]
        assert (levels_v[0] > 0.6, levels_v[at_strobe] > 0.6) == (was[column], now[column])
    # VDD per product beyond the other half, over the macro's 40 capacitors and 5 % of parasitics;
    # their mismatch is 1 %.
    score = 2 * int(now.sum()) - config.fan_in
    assert voltages["difference_mv"][at_strobe] == pytest.approx(1200 * score / 42, rel=0.02)
    assert (max(pins["sense_p"]), max(pins["sense_n"])) == ((1, 0) if score > 0 else (0, 1))
    assert voltages["time_ns"][-1] == pytest.approx(config.row_cycles * 5)


def test_a_course_that_no_column_takes_is_left_out():
    assert shown_columns(np.array([1, 1, 0, 0, 1]) > 0, np.array([1, 0, 0, 0, 0]) > 0) == (1, 0, 2)


def test_all_figures_by_default():
    names = ["ber", "errors", "energy", "waveform", "compare", "accuracy"]
    assert selected_figures(parse(["figures"]).only) == names
    assert selected_figures(["accuracy", "ber"]) == ["ber", "accuracy"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "bar"], "--only: found 'bar', expected some of: ber, errors, energy, waveform"),
        (["--accuracy", "missing.json"], "missing.json: found No such file or directory"),
        (["--accuracy", "text"], "text: found no JSON, expected the file of popbridge accuracy"),
        (["--accuracy", "list"], "list: points: found none, expected those of popbridge accuracy"),
        (["--compare", "text"], "text: found no JSON, expected the file of popbridge compare"),
        (["--compare", "list"], "list: spread: found nothing, expected a value"),
        (["--compare", "missing.json"], "missing.json: found No such file or directory"),
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
