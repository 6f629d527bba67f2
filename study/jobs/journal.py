"""Results of a long job, kept as they come: a killed job goes on where it stopped."""

import json
import os
from pathlib import Path
from typing import Any

from ...errors import InputError


class Journal:
    """A file of finished results, one JSON line each, found again by key.

    A line is appended in one write and brought to the disk. One that was cut short, by a kill or a
    full disk, counts as not there. Jobs that run at the same time may share a file. It is made with
    its folders where it is not there.

    Raises
    ------
    InputError
        The file cannot be read or made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._results: dict[str, Any] = {}
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
        for line in text.splitlines():
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            self._results[entry["key"]] = entry["result"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return

    def __contains__(self, key: str) -> bool:
        return key in self._results

    def __getitem__(self, key: str) -> Any:
        return self._results[key]

    def add(self, key: str, result: Any) -> None:
        """Keep a result, a JSON value."""
        line = json.dumps({"key": key, "result": result}).encode() + b"\n"
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
        self._results[key] = result
