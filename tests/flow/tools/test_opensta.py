"""OpenSTA: that it is missing, and its complaint, in one line."""

import pytest

from popbridge.errors import ToolError
from popbridge.flow.tools.opensta import find_sta, run_sta


@pytest.fixture
def sta(tmp_path, monkeypatch):
    """Stands for OpenSTA: prints a script's second line, and ends with status 0 as it does."""
    program = tmp_path / "sta"
    program.write_text('#!/bin/sh\n/usr/bin/sed -n 2p "$3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_what_it_prints_is_kept(sta, tmp_path):
    (tmp_path / "a.tcl").write_text("\nworst slack 1.0\n")
    assert run_sta("a.tcl", tmp_path) == "worst slack 1.0\n"
    assert (tmp_path / "sta.log").read_text() == "worst slack 1.0\n"


def test_an_error_that_it_prints_is_one(sta, tmp_path):
    (tmp_path / "a.tcl").write_text("\nError: a.tcl, 2 no such port\n")
    with pytest.raises(ToolError, match=r"^OpenSTA stopped: a\.tcl, 2 no such port$"):
        run_sta("a.tcl", tmp_path)


def test_without_it_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_sta() is None
    with pytest.raises(ToolError, match=r"^OpenSTA is not installed: apt-get install opensta$"):
        run_sta("a.tcl", tmp_path)
