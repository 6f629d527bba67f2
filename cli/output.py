"""Where a command's results go: JSON whole or not at all, tables, progress on a terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from ..hdl.config import InputError


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json PATH`` to a command."""
    parser.add_argument(
        "--json", metavar="PATH", help="also write the result as JSON; - for standard output"
    )


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
        if _is_special(target):
            os.close(os.open(target, os.O_WRONLY | os.O_NONBLOCK))
            return
        with tempfile.NamedTemporaryFile(dir=target.parent):
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
        if _is_special(path):
            path.write_bytes(content)
        else:
            _replace(path, content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_writable(path, error) from None


def _replace(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


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


def progress(message: str) -> None:
    """Show what is going on, in place, if standard error is a terminal; "" clears it."""
    if sys.stderr.isatty():
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
