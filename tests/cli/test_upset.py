"""``popbridge upset``: what it refuses, and how it counts."""

import io

import pytest

from popbridge.cli.main import main
from popbridge.cli.upset import print_upsets
from popbridge.study.upsets.result import FLAGGED, SILENT, UpsetResult, UpsetsResult


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--upsets", "0"], "--upsets: found 0, expected an integer of at least 1"),
        (["--workers", "0"], "--workers: found 0, expected an integer of at least 1"),
        (["--seed", "-1"], "--seed: found -1, expected an integer from 0 to 2.14748e+09"),
    ],
)
def test_bad_numbers_are_one_line(words, message, capsys):
    assert main(["upset", *words]) == 2
    assert capsys.readouterr().err == f"popbridge: {message}\n"


def test_silent_upsets_are_listed_by_register():
    results = tuple(
        UpsetResult(
            design="votes", register="a.b", bit=0, cycle=7, kind="data", module="a",
            set_up=False, outcome=outcome, wrong=(3,),
        )
        for outcome in (SILENT, FLAGGED, SILENT)
    )  # fmt: skip
    result = UpsetsResult(
        upsets=3, outcomes={SILENT: 2, FLAGGED: 1}, silent_share=2 / 3, results=results, seed=5,
        versions={}, command=("popbridge", "upset"),
    )  # fmt: skip
    out = io.StringIO()
    print_upsets(result, out)
    text = out.getvalue()
    assert "silent or hanging: 66.67% of 3 upsets; seed 5" in text
    assert "silent: votes: a.b: 2" in text
    rows = [line.split() for line in text.splitlines() if line.startswith("data")]
    assert rows == [["data", *"300120"], ["data", *"000000"]]
