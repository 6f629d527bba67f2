"""Where a command's results go: JSON whole or not at all, tables, progress on a terminal."""

import argparse
import errno
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from ...errors import InputError
from ...whole_file import is_special, whole_file

_BAR_LENGTH = 30


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json PATH`` to a command."""
    parser.add_argument(
        "--json", metavar="PATH", help="also write the result as JSON; - for standard output"
    )


def add_cache_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--cache PATH`` to a command that makes hardware; `main` heeds it."""
    parser.add_argument(
        "--cache", type=Path, metavar="PATH",
        help="folder of what is built once and of the tools' own caches; without it the user's",
    )  # fmt: skip


def require_writable(path: Path | str | None) -> None:
    """Raise InputError, before any long work, if a file cannot be written there.

    ``-`` and None pass.
    """
    if path is None or path == "-":
        return
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{target}: found a folder, expected a file to write")
    try:
        if is_special(target):
            # Not by opening it: the reader of a pipe would see its end.
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(os.path.realpath(target))):
            pass
    except OSError as error:
        raise _not_writable(target, error) from None


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: found {error.strerror}, expected a path that can be written")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a device or a pipe is written to, never replaced.

    Raises
    ------
    InputError
        The file cannot be written, or not to its end.
    """
    try:
        with whole_file(path) as stream:
            stream.write(content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_writable(path, error) from None


def write_json(path: str | None, result: dict[str, Any]) -> None:
    """Write a result to where ``--json`` says."""
    if path is None:
        return
    text = json.dumps(result, indent=2) + "\n"
    if path == "-":
        sys.stdout.write(text)
    else:
        write_text(Path(path), text)


def text_stream(json_path: str | None) -> TextIO:
    """Where text for people goes: standard output, unless JSON goes there."""
    return sys.stderr if json_path == "-" else sys.stdout


def progress(message: str, done: int = 0, total: int = 0, /) -> None:
    """Show what is going on, in place, if standard error is a terminal; "" clears it.

    Countable work has a bar of fixed length.
    """
    if not sys.stderr.isatty():
        return
    if total:
        filled = _BAR_LENGTH * done // total
        bar = "#" * filled + "." * (_BAR_LENGTH - filled)
        message = f"[{bar}] {done} of {total} {message}"
    sys.stderr.write(f"\r\x1b[K{message}")
    sys.stderr.flush()


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A text table: first column to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in cells
    )
