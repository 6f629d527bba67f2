"""The journal: whole lines are found again, cut ones are not, whatever was lost when."""

import json
import os

import pytest

from popbridge.errors import InputError
from popbridge.study.jobs.journal import Journal


def test_results_are_found_again(tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    journal = Journal(path)
    assert "a" not in journal
    journal.add("a", {"correct": 3})
    journal.add("b", [1, 2])
    again = Journal(path)
    assert again["a"] == journal["a"] == {"correct": 3} and again["b"] == [1, 2]


def test_a_cut_journal_keeps_its_whole_lines_and_goes_on(tmp_path):
    """Cut at every byte: what was whole is there, what comes after is, too."""
    whole = tmp_path / "whole.jsonl"
    journal = Journal(whole)
    for name in ("a", "b", "c"):
        journal.add(name, {"name": name})
    content = whole.read_bytes()
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    for cut in range(len(content) + 1):
        path = tmp_path / "cut.jsonl"
        path.write_bytes(content[:cut])
        resumed = Journal(path)
        for name, end in zip(("a", "b", "c"), ends, strict=True):
            assert (name in resumed) == (cut >= end - 1), cut
            assert name not in resumed or resumed[name] == {"name": name}
        resumed.add("d", 4)
        reopened = Journal(path)
        assert reopened["d"] == 4
        assert [name in reopened for name in "abc"] == [name in resumed for name in "abc"]


def test_foreign_lines_are_passed_over(tmp_path):
    path = tmp_path / "journal.jsonl"
    lines = [b"[]", b'"text"', b"\xff\xfe", json.dumps({"key": "a", "result": 1}).encode(), b"{}"]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert Journal(path)["a"] == 1


@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="expected a file to keep results in"):
        Journal(tmp_path / "file" / "journal.jsonl")
