"""Choices that do not go with ``popbridge run --program``: one line, before any long work."""

import pytest

from popbridge.cli.main import main

WRONG = [
    (["--self-test"], "--self-test: found without --program"),
    (["--program"], "--program: found macro default, expected one that sets programmable"),
    (["--program", "--macro", "programmable", "--chip", "ideal"], "--chip: found ideal"),
    (["--program", "--macro", "programmable", "--strict"], "--strict: found with --program"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_refuses(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("popbridge.cli.run.simulator_versions", lambda simulator, netlist: {})
    assert main(["run", *words]) == 2
    assert message in capsys.readouterr().err
