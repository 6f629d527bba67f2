"""``popbridge mutate``: what it refuses, and how it counts."""

import io

import pytest

from popbridge.cli.main import main
from popbridge.cli.mutate import print_campaign
from popbridge.study.mutation.result import EQUAL, SURVIVED, MutantResult
from popbridge.study.mutation.study import MutateRequest, result_of
from popbridge.study.mutation.targets import ATTACKS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mutants", "0"], "--mutants: found 0, expected an integer of at least 1"),
        (["--workers", "0"], "--workers: found 0, expected an integer of at least 1"),
        (["--seed", "-1"], "--seed: found -1, expected an integer from 0 to 2.14748e+09"),
    ],
)
def test_bad_numbers_are_one_line(words, message, capsys):
    assert main(["mutate", *words]) == 2
    assert capsys.readouterr().err == f"popbridge: {message}\n"


def test_counts_and_survivors():
    outcomes = [*ATTACKS, EQUAL, SURVIVED]
    results = [
        MutantResult(
            kind="source",
            module="popbridge.hdl.layer.readout",
            design="all",
            mode="operator",
            place="hdl/layer/readout.py:136",
            sources=("SignReadout.elaborate",),
            command="cast + 1 -> cast - 1",
            outcome=name,
            reason="votes: not decided; equal in the first 40 cycles",
        )
        for name in outcomes
    ]
    result = result_of(MutateRequest(seed=4), results, {})
    assert result.outcomes == dict.fromkeys(outcomes, 1) and result.mutants == 9
    out = io.StringIO()
    print_campaign(result, out)
    assert "killed: 77.8% of all, 87.5% of those not proven equal" in out.getvalue()
    assert (
        "survived: all: operator hdl/layer/readout.py:136: cast + 1 -> cast - 1; "
        "votes: not decided; equal in the first 40 cycles" in out.getvalue()
    )
    rows = {line.split()[0]: line.split()[1:] for line in out.getvalue().splitlines() if line}
    assert rows["layer.readout"] == rows["all"] == ["9", *["1"] * 9]
