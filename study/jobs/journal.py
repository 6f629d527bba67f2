"""Results of a long job, kept as they come: a killed job goes on where it stopped."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from ...errors import InputError, printable
from ...field_types import shown

Entry = TypeVar("Entry")

SCHEMA_VERSION = 1
"""Of a line: of a result that was kept in another form nothing is read."""
_RESULT_FIELDS = {"schema_version", "key", "result"}
_TOLD_FIELDS = {"schema_version", "told"}


class Journal(Generic[Entry]):
    """A file of finished results, one JSON line each, found again by key.

    A line is appended in one write and brought to the disk. Jobs that run at the same time may
    share a file. It is made with its folders where it is not there.

    A line that is damaged, of another schema, or holds no result that `read` takes counts as not
    there, and so do two lines that say different things of one key: it is computed anew. How many
    there are is said in one line on standard error, once: a line of the journal keeps it.

    Parameters
    ----------
    path : Path
    read : callable, optional
        Makes a result of a JSON value, and raises InputError where that holds none. Without it
        results are JSON values of any kind.

    Raises
    ------
    InputError
        The file cannot be read or made.
    """

    def __init__(self, path: Path, read: Callable[[Any], Entry] = lambda value: value) -> None:
        self.path = path
        self._read = read
        self._results: dict[str, Entry] = {}
        self._values: dict[str, Any] = {}
        self._doubtful: set[str] = set()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab+") as file:
                file.seek(0)
                text = file.read()
        except OSError as error:
            raise InputError(
                f"{path}: found {error.strerror}, expected a file to keep results in"
            ) from None
        self._ends_in_line = not text or text.endswith(b"\n")
        wrong: list[str] = []
        for number, line in enumerate(text.split(b"\n"), 1):
            try:
                self._take(line, wrong)
            except (RecursionError, ValueError) as error:
                wrong.append(f"line {number}: {_reason(error)}")
        if wrong:
            self._tell(wrong)

    def _take(self, line: bytes, wrong: list[str]) -> None:
        if not line.strip():
            return
        entry = json.loads(line, object_pairs_hook=_table)
        if not isinstance(entry, dict) or entry.keys() not in (_RESULT_FIELDS, _TOLD_FIELDS):
            raise InputError(f"found {shown(entry)}, expected a key and its result")
        version = entry["schema_version"]
        if type(version) is not int or version != SCHEMA_VERSION:
            raise InputError(f"schema_version: found {shown(version)}, expected {SCHEMA_VERSION}")
        if "told" in entry:
            wrong.clear()
            self._doubtful.clear()
            return
        key = entry["key"]
        if not isinstance(key, str):
            raise InputError(f"key: found {shown(key)}, expected text")
        self._keep(key, entry["result"])

    def _keep(self, key: str, value: Any) -> None:
        """Take a result, unless another one has the same key."""
        result = self._read(value)
        if key in self._doubtful or self._values.get(key, value) != value:
            self._doubtful.add(key)
            self._values.pop(key, None)
            self._results.pop(key, None)
            raise InputError(f"found another result than before for {shown(key)}, expected one")
        self._results[key] = result
        self._values[key] = value

    def _tell(self, wrong: list[str]) -> None:
        lines = f"{len(wrong)} {'line that holds' if len(wrong) == 1 else 'lines that hold'}"
        print(
            printable(
                f"popbridge: {self.path}: found {lines} no result, computed anew where it is asked "
                f"for; {wrong[0]}"
            ),
            file=sys.stderr,
        )
        self._append({"told": len(wrong)})
        self._doubtful.clear()

    def __contains__(self, key: str) -> bool:
        return key in self._results

    def __getitem__(self, key: str) -> Entry:
        return self._results[key]

    def add(self, key: str, value: Any) -> None:
        """Keep a result, given as a JSON value that `read` takes."""
        result = self._read(value)
        self._append({"key": key, "result": value})
        self._results[key] = result

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps({"schema_version": SCHEMA_VERSION, **entry}).encode() + b"\n"
        if not self._ends_in_line:
            line = b"\n" + line
            self._ends_in_line = True
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            written = os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._ends_in_line = written == len(line)


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InputError("found a name twice, expected each name once")
    return found


def _reason(error: Exception) -> str:
    """What is wrong with a line, in one line."""
    return str(error) if type(error) is InputError else "damaged"
