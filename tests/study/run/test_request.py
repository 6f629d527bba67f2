"""Requests that do not fit together: one line, before any long work; and commands that repeat."""

import shlex

import pytest
from support.runs import small_request

from popbridge.cli.main import parse
from popbridge.cli.options.selection import request_of
from popbridge.errors import InputError
from popbridge.study.run.job import run
from popbridge.study.run.request import RunRequest

PROGRAMMABLE = {"macro": "programmable", "program": True}
WRONG = [
    ({"self_test": True}, "self_test: found without --program"),
    ({"program": True}, "program: found macro default, expected one that sets programmable"),
    (PROGRAMMABLE | {"chip": None}, "chip: found ideal"),
    (PROGRAMMABLE | {"strict": True}, "strict: found with --program"),
    (PROGRAMMABLE | {"waves": "run.vcd"}, "waves: found with --program"),
    ({"probe": ["layer0:0"]}, "probe: found no --waves, expected a file"),
    ({"images": 0}, "images: found 0, expected at least 1"),
    ({"network": "mnits"}, "mnits: found no such network or file"),
    ({"condition": "best"}, "best: found no such preset or file"),
    ({"energy": "1nm"}, "1nm: found no such preset or file"),
    ({"chip": -1}, "chip: found -1, expected an integer of at least 0"),
    ({"seed": "one"}, "seed: found 'one', expected an integer of at least 0"),
]


@pytest.mark.parametrize(("choices", "message"), WRONG)
def test_refuses(choices, message):
    with pytest.raises(InputError) as caught:
        run(RunRequest(simulator="pysim", **choices))
    assert str(caught.value).startswith(message)


def test_the_command_repeats_the_run(make_network, tmp_path):
    (tmp_path / "a folder").mkdir()
    request = small_request(
        tmp_path / "a folder", make_network((9, 6, 3)), images=3, chip=None, seed=8
    )
    name, *words = shlex.split(shlex.join(run(request).command))
    assert name == "popbridge"
    assert request_of(RunRequest, parse(words)) == request


def test_every_choice_is_in_the_command():
    given = RunRequest(
        network="net.npz", macro="programmable", condition="weak", chip=3, seed=2, energy="22nm",
        data="images.npz", simulator="icarus", netlist=True, calibrate=True, program=True,
        self_test=True, images=7,
    )  # fmt: skip
    words = given.command(7)[1:]
    assert request_of(RunRequest, parse(words)) == given
