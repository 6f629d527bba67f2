"""The examples run: hardware agrees with software, and the documentation with what is printed."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

from support.runs import labelled_request

from popbridge.bnn.catalog import find_network
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MACROS
from popbridge.study.accuracy.study import AccuracyRequest, accuracy
from popbridge.study.run.job import run

REPOSITORY = Path(__file__).parent.parent
FOLDERS = ("hdl", "behav", "bnn", "sim", "flow", "study", "figures", "cli", "tb")
"""Of the checkout, that are sub-packages of the installed package."""


def printed(name, capsys):
    runpy.run_path(str(REPOSITORY / "examples" / name), run_name="__main__")
    return capsys.readouterr().out


def test_own_network(capsys):
    text = printed("own_network.py", capsys)
    lines = dict(line.split(": ") for line in text.splitlines() if ": " in line)
    assert lines["hardware classes"] == lines["software classes"]


def test_run_from_python(tmp_path, make_network, capsys):
    request = labelled_request(tmp_path, make_network((15, 11, 4)))
    example = runpy.run_path(str(REPOSITORY / "examples" / "run_from_python.py"))
    example["main"](request, ["weak"])
    accuracy = run(request).accuracy.hardware
    assert capsys.readouterr().out.startswith(f"weak: accuracy {accuracy}, ")


def test_sweep_from_python(tmp_path, make_network, capsys):
    labelled = labelled_request(tmp_path, make_network((15, 11, 4)))
    request = AccuracyRequest(
        network=labelled.network,
        macro=labelled.macro,
        data=labelled.data,
        condition=("weak",),
        vdd=(0.8, 1.2),
        chips=3,
        folder=tmp_path / "kept",
    )
    runpy.run_path(str(REPOSITORY / "examples" / "sweep_from_python.py"))["main"](request)
    points = accuracy(request).points
    lines = [
        f"weak, {point.vdd_v} V: {point.accuracy.mean:.2%}, std {point.accuracy.std:.2%}"
        for point in points
    ]
    assert capsys.readouterr().out.splitlines()[1:] == lines
    assert len(set(lines)) == 2


def test_examples_are_typed_as_seen_from_outside(tmp_path):
    """Of the package as it is installed, whose marker says that it has types."""
    package = tmp_path / "site" / "popbridge"
    package.mkdir(parents=True)
    for path in (REPOSITORY / "popbridge").iterdir():
        (package / path.name).symlink_to(path)
    for folder in FOLDERS:
        (package / folder).symlink_to(REPOSITORY / folder)
    script = tmp_path / "wrong.py"
    script.write_text(
        "from popbridge.study.run.request import RunRequest\n"
        'reveal_type(RunRequest().images)\nRunRequest(images="five")\n'
    )
    examples = sorted((REPOSITORY / "examples").glob("*.py"))
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *map(str, examples), "wrong.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    complaints = [line for line in found.stdout.splitlines() if ": error:" in line]
    assert len(complaints) == 1 and '"RunRequest" has incompatible type "str"' in complaints[0]
    assert 'Revealed type is "int | None"' in found.stdout


def test_the_table_of_rows_that_overlap_is_that_of_the_documentation(capsys):
    table = printed("pipelined_rows.py", capsys)
    assert table in (REPOSITORY / "docs" / "hardware.md").read_text(encoding="utf-8")


def test_the_preset_keeps_its_strobe_slots_busy():
    """As declared; `popbridge run` fails where a scan takes another number of cycles."""
    config = map_network(find_network("mnist"), MACROS["pipelined"]).config
    for layer in config.layers:
        scan_slots = layer.scan_cycles / layer.row_cycles
        assert layer.rows_used / scan_slots >= 0.95
