"""Files that are written whole or not at all, and their folders."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import InputError


def made_folder(folder: Path) -> Path:
    """A folder, made with those above it if it is not there; InputError if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: found {error.strerror}, expected a folder") from None
    return folder


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to write into, which takes the place of `path` only if the block succeeds.

    A symbolic link stays, and the file it leads to is replaced. A device or a pipe cannot be
    replaced: the block writes into it. New files have the permissions that the umask leaves.

    Raises
    ------
    OSError
        The folder or the file cannot be written; what stood there before is unchanged.
    """
    if is_special(path):
        with open(path, "wb") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path))
    # Not tempfile: its files are readable by their owner only, and keep that after the move.
    temporary = target.with_name(f".popbridge-{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def is_special(path: Path) -> bool:
    """Whether `path` is there and no plain file: a device or a pipe (or a folder)."""
    return path.exists() and not path.is_file()
