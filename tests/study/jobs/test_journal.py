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


def line(key="a", result=1, **changes):
    return json.dumps({"schema_version": 1, "key": key, "result": result} | changes).encode()


DAMAGED = {
    "cut": line()[:-5],
    "binary": b"\xff\xfe\x00\x01",
    "a list": b"[]",
    "a text": b'"text"',
    "nothing in it": b"{}",
    "without schema": b'{"key": "a", "result": 1}',
    "another schema": line(schema_version=2),
    "a flag for the schema": line(schema_version=True),
    "one field more": line(more=1),
    "no text for a key": line(key=["a"]),
    "a name twice": b'{"schema_version": 1, "key": "a", "result": 1, "key": "a"}',
    "a name twice within": b'{"schema_version": 1, "key": "a", "result": {"x": 1, "x": 2}}',
    "nested deeply": b'{"schema_version": 1, "key": "a", "result": ' + b"[" * 200_000,
    "a gigantic number": line()[:-2] + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_line_is_told_once_and_its_result_kept_anew(tmp_path, damaged, capsys):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line("b", 2) + b"\n" + damaged + b"\n" + line("c", 3) + b"\n")
    journal = Journal(path)
    told = capsys.readouterr().err
    assert told.startswith(f"popbridge: {path}: found 1 line that holds no result, computed anew")
    assert told.count("\n") == 1 and "line 2: " in told
    assert "a" not in journal and (journal["b"], journal["c"]) == (2, 3)
    journal.add("a", 1)
    again = Journal(path)
    assert [again[key] for key in "abc"] == [1, 2, 3]
    assert capsys.readouterr().err == ""


def test_two_results_of_one_key_are_none(tmp_path, capsys):
    """Two jobs that kept the same are no harm; of three that do not agree none is believed."""
    path = tmp_path / "journal.jsonl"
    lines = [line("a", 1), line("a", 2), line("a", 1), line("b", 3), line("b", 3)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    journal = Journal(path)
    assert "a" not in journal and journal["b"] == 3
    assert "found 2 lines that hold no result" in capsys.readouterr().err
    journal.add("a", 1)
    assert Journal(path)["a"] == 1 and capsys.readouterr().err == ""


def of_at_least_3(value):
    if value < 3:
        raise InputError(f"count: found {value}, expected at least 3")
    return f"read {value}"


def test_results_are_read_by_what_the_job_says(tmp_path, capsys):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"\n".join([line("a", 5), line("a", 1), line("b", 2)]) + b"\n")
    journal = Journal(path, of_at_least_3)
    assert journal["a"] == "read 5" and "b" not in journal
    assert "; line 2: count: found 1, expected at least 3\n" in capsys.readouterr().err
    journal.add("b", 4)
    assert journal["b"] == Journal(path, of_at_least_3)["b"] == "read 4"
    with pytest.raises(InputError, match="count: found 0"):
        journal.add("c", 0)


@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="expected a file to keep results in"):
        Journal(tmp_path / "file" / "journal.jsonl")
