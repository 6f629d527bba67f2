"""``popbridge mutate``: what it refuses, and how it counts."""

import io

import pytest

from popbridge.cli import mutate
from popbridge.cli.main import main
from popbridge.study.mutation import campaign as mutants


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mutants", "0"], "--mutants: found 0, expected at least 1"),
        (["--workers", "0"], "--workers: found 0, expected at least 1"),
        (["--seed", "-1"], "--seed: found -1, expected 0 to 2147483647"),
    ],
)
def test_bad_numbers_are_one_line(words, message, capsys):
    assert main(["mutate", *words]) == 2
    assert capsys.readouterr().err == f"popbridge: {message}\n"


def test_counts_and_survivors():
    outcomes = [*mutants.ATTACKS, mutants.EQUAL, mutants.SURVIVED]
    results = [
        {"design": "trims", "outcome": name, "mode": "inv", "place": "a.b[1]", "sources": ["c:1"]}
        for name in outcomes
    ]
    result = mutate.result_of_campaign(results) | {"seed": 4}
    assert result["outcomes"] == dict.fromkeys(outcomes, 1) and result["mutants"] == 7
    out = io.StringIO()
    mutate.print_campaign(result, out)
    assert "killed: 71.4% of all, 83.3% of those not proven equal" in out.getvalue()
    assert "survived: trims: inv a.b[1] (c:1)" in out.getvalue()
