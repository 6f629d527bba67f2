"""Archives of plain arrays (.npz): read without pickle, written whole or not at all."""

import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import InputError
from ..whole_file import whole_file


def read_arrays(path: Path, only: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read the arrays of a ``.npz`` file, with ``allow_pickle=False``.

    Parameters
    ----------
    path : Path
        The file.
    only : collection of str, optional
        Read no other arrays than these; one that is absent is left out of the result.

    Returns
    -------
    dict
        Name (without ``.npy``) to array.

    Raises
    ------
    InputError
        No such file, not a zip archive (a truncated one is none), a damaged member, a member that
        is no array, a pickled array, or one name twice.
    """
    if not path.is_file():
        raise InputError(f"{path}: found no such file, expected a .npz file")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: found no complete zip archive, expected a .npz file")
    try:
        archive = np.load(path, allow_pickle=False)
    except Exception as error:  # foreign bytes: zipfile and NumPy document no closed set of errors
        raise InputError(f"{path}: found {one_line(error)}, expected a .npz file") from error
    with archive:
        names = list(archive.files)
        if len(set(names)) < len(names):
            raise InputError(f"{path}: found the members {names}, expected each name once")
        wanted = [name for name in names if only is None or name in only]
        return {name: _read_member(path, archive, name) for name in wanted}


def _read_member(path: Path, archive: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    try:
        array = archive[name]
    except Exception as error:  # as above
        raise InputError(f"{path}: {name}: found {one_line(error)}, expected an array") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: {name}: found a member without .npy header, expected an array")
    return array


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a compressed ``.npz`` file; the same arrays give the same bytes.

    Raises
    ------
    InputError
        The file cannot be written; what stood there before is unchanged.
    """
    with replacing(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """`whole_file` with one kind of error.

    Raises
    ------
    InputError
        The folder or the file cannot be written.
    """
    try:
        with whole_file(path) as stream:
            yield stream
    except OSError as error:
        raise InputError(
            f"{path}: found {one_line(error)}, expected a path that can be written"
        ) from error


def one_line(error: BaseException) -> str:
    """The message of `error` on one line, or its type where it has none."""
    reason = error.strerror if isinstance(error, OSError) else None
    return " ".join((reason or str(error) or type(error).__name__).split())
