"""Archives of plain arrays (.npz): headers first, without pickle; written whole or not at all."""

import io
import math
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ..errors import InputError
from ..whole_file import whole_file

LONGEST_HEADER = 4096
"""Bytes of an array's header; NumPy's have 118 for plain arrays of few dimensions."""
MOST_ARRAYS = 4096
_CHUNK = 2**20
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes; unpacking others may take any amount of memory."""


class Header(NamedTuple):
    """What an array's header declares."""

    dtype: np.dtype
    shape: tuple[int, ...]
    fortran_order: bool
    length: int
    """Bytes of the header itself."""

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize


class Archive:
    """An open ``.npz`` file whose headers are read, and nothing else of it.

    Parameters
    ----------
    path : Path
        For messages.
    file : ZipFile
        The archive.
    only : collection of str, optional
        Other arrays than these are not looked at.
    """

    def __init__(self, path: Path, file: zipfile.ZipFile, only: tuple[str, ...] | None) -> None:
        self._path, self._file = path, file
        members = [(info.filename.removesuffix(".npy"), info) for info in file.infolist()]
        if len(members) > MOST_ARRAYS:
            raise InputError(
                f"{path}: found {len(members)} members, expected at most {MOST_ARRAYS}"
            )
        names = [name for name, _ in members]
        if len(set(names)) < len(names):
            raise InputError(f"{path}: found the members {names}, expected each name once")
        self._members = {name: info for name, info in members if only is None or name in only}
        self.headers = {name: self._header(name) for name in self._members}
        """Name, without ``.npy``, to what the array's header declares."""

    def read(self, name: str) -> np.ndarray:
        """The array of a name in `headers`; no more memory is taken than its header declares.

        Raises
        ------
        InputError
            The member is damaged, or its array longer or shorter than declared.
        """
        header = self.headers[name]
        array = np.empty(math.prod(header.shape), header.dtype)
        try:
            with self._file.open(self._members[name]) as member:
                member.read(header.length)
                left = array.view(np.uint8).data if header.nbytes else memoryview(b"")
                while len(left):
                    part = member.read(min(len(left), _CHUNK))
                    if not part:
                        raise EOFError("an array that ends early")
                    left[: len(part)] = part
                    left = left[len(part) :]
                # The end of a member is where its checksum is looked at.
                if member.read(1):
                    raise EOFError("more bytes than declared")
            return array.reshape(header.shape, order="F" if header.fortran_order else "C")
        except Exception as error:  # foreign bytes: zipfile documents no closed set of errors
            raise self._no_array(name, one_line(error)) from error

    def _header(self, name: str) -> Header:
        info = self._members[name]
        if info.compress_type not in PACKINGS or info.flag_bits & 1:
            raise self._no_array(name, "a member that is encrypted or packed in another way")
        try:
            with self._file.open(info) as member:
                beginning = member.read(LONGEST_HEADER)
            header = _parsed_header(beginning)
        except Exception as error:  # as above
            raise self._no_array(name, one_line(error)) from error
        if header.dtype.hasobject or header.dtype.names or header.dtype.subdtype:
            raise self._no_array(name, "Python objects or records")
        if info.file_size != header.length + header.nbytes:
            raise InputError(
                f"{self._path}: {name}: found {info.file_size - header.length} bytes, expected "
                f"{header.nbytes} for {header.dtype} of shape {header.shape}"
            )
        return header

    def _no_array(self, name: str, found: str) -> InputError:
        return InputError(f"{self._path}: {name}: found {found}, expected an array")


def _parsed_header(beginning: bytes) -> Header:
    """What the first bytes of a ``.npy`` file declare."""
    if not beginning.startswith(np.lib.format.MAGIC_PREFIX):
        raise ValueError("a member without .npy header")
    stream = io.BytesIO(beginning)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    if version > (2, 0):
        raise ValueError(f"a header of version {version[0]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape, fortran_order, dtype = read(stream, max_header_size=LONGEST_HEADER)
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError("a header whose shape has other than sizes")
    return Header(dtype, shape, fortran_order, stream.tell())


@contextmanager
def open_archive(path: Path, only: tuple[str, ...] | None = None) -> Iterator[Archive]:
    """Open a ``.npz`` file and read the headers of its arrays.

    Parameters
    ----------
    path : Path
        The file.
    only : tuple of str, optional
        Look at no other arrays than these; one that is absent is in no header.

    Raises
    ------
    InputError
        No such file, not a zip archive (a truncated one is none), a member that is damaged, of
        another length than it declares, or no plain array, or one name twice.
    """
    if not path.is_file():
        raise InputError(f"{path}: found no such file, expected a .npz file")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: found no complete zip archive, expected a .npz file")
    try:
        file = zipfile.ZipFile(path)
    except Exception as error:  # foreign bytes: zipfile documents no closed set of errors
        raise InputError(f"{path}: found {one_line(error)}, expected a .npz file") from error
    with file:
        yield Archive(path, file, only)


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
