"""``popbridge coverage``: what it refuses, what it prints, when it fails."""

import io

import pytest

from popbridge.cli import coverage as command
from popbridge.cli.main import main
from popbridge.study.coverage.result import (
    CoverageResult,
    CrossCoverage,
    FileCoverage,
    Listed,
    Missing,
)

FILE = FileCoverage(
    file="hdl/layer/sequencer.py", kind="toggle", points=9, reached=4, constant=2, listed=2
)
GONE = Missing(
    design="votes", where="hdl/layer/sequencer.py", kind="toggle", name="layer0.wl[1] 0->1"
)


def made(**changes):
    fields = {
        "designs": ("votes",), "scenarios": 3, "seed": 7, "files": (FILE,), "missing": (GONE,),
        "crosses": (CrossCoverage(design="votes", cross="event, stall", bins=5, hit=3, listed=1),),
        "listed": (Listed(names="code x", reason="why not", excused=2, reached=("votes: x",)),),
        "versions": {}, "command": ("popbridge", "coverage"),
    }  # fmt: skip
    return CoverageResult(**(fields | changes))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scenarios", "0"], "--scenarios: found 0, expected an integer of at least 1"),
        (["--seed", "-1"], "--seed: found -1, expected an integer from 0 to 2.14748e+09"),
    ],
)
def test_bad_numbers_are_one_line(words, message, capsys):
    assert main(["coverage", *words]) == 2
    assert capsys.readouterr().err == f"popbridge: {message}\n"


def test_what_is_not_reached_is_printed():
    out = io.StringIO()
    command.print_coverage(made(), out)
    lines = out.getvalue().splitlines()
    assert ["hdl/layer/sequencer.py", "toggle", "9", "4", "2", "2", "1"] in map(str.split, lines)
    assert ["event,", "stall", "5", "3", "1", "1"] in map(str.split, lines)
    assert "not reached: votes: hdl/layer/sequencer.py: layer0.wl[1] 0->1" in lines
    assert "listed as not reached: code x: found reached: votes: x" in lines
    assert lines[-1].endswith("3 scenarios of each of 1 designs, seed 7")


@pytest.mark.parametrize(("missing", "status"), [((), 0), ((GONE,), 1)])
def test_the_status_is_that_of_what_is_missing(missing, status, monkeypatch):
    monkeypatch.setattr(command, "coverage", lambda request, progress: made(missing=missing))
    assert main(["coverage"]) == status


def test_the_result_is_read_back(tmp_path):
    path = tmp_path / "coverage.json"
    path.write_text(made().to_json())
    assert CoverageResult.from_json(path) == made()
