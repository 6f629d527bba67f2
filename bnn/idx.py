"""IDX files, the format of MNIST: plain or gzipped arrays of unsigned bytes."""

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import InputError
from .archive import one_line

UNSIGNED_BYTE = 0x08
"""Code of the element type; the only one that images and labels use."""


LARGEST_BYTES = 2**30
"""Of an array; the training images of the largest set in this format take half of it."""
MOST_DIMENSIONS = 32
_CHUNK = 2**20


def read_idx(
    path: Path, accept: Callable[[tuple[int, ...]], None] = lambda shape: None
) -> np.ndarray:
    """Read an IDX file of unsigned bytes; a name that ends in ``.gz`` is gzipped.

    The file: two 0 bytes, the type code, the number of dimensions, each size as a big-endian 32-bit
    word, then the elements, last index fastest. No more is read, or unpacked, than its header
    declares.

    Parameters
    ----------
    path : Path
        The file.
    accept : callable, optional
        Given the shape before anything else is read; raises what is wrong with it.

    Returns
    -------
    uint8 array

    Raises
    ------
    InputError
        Not readable, a wrong magic number, data shorter or longer than the sizes say, more than
        `LARGEST_BYTES`, or more dimensions than `MOST_DIMENSIONS`.
    """
    try:
        with open(path, "rb") as plain:
            stream = gzip.GzipFile(fileobj=plain) if path.suffix == ".gz" else plain
            shape = _shape(path, stream)  # type: ignore[arg-type]
            accept(shape)
            return _data(path, stream, shape)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: found {one_line(error)}, expected an IDX file") from error


def _shape(path: Path, stream: BinaryIO) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != bytes([0, 0, UNSIGNED_BYTE]) or magic[3] == 0:
        raise InputError(
            f"{path}: magic: found {magic.hex(' ') or 'an empty file'}, "
            "expected 00 00 08 and the number of dimensions"
        )
    dimensions = magic[3]
    if dimensions > MOST_DIMENSIONS:
        raise InputError(
            f"{path}: header: found {dimensions} dimensions, expected at most {MOST_DIMENSIONS}"
        )
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        found = 4 + len(sizes)
        raise InputError(f"{path}: header: found {found} bytes, expected {4 + 4 * dimensions}")
    shape: tuple[int, ...] = struct.unpack(f">{dimensions}I", sizes)
    return shape


def _data(path: Path, stream: BinaryIO, shape: tuple[int, ...]) -> np.ndarray:
    expected = math.prod(shape)
    # NumPy refuses sizes that are too large beside a 0, too.
    if math.prod(max(1, size) for size in shape) > LARGEST_BYTES:
        raise InputError(
            f"{path}: data: found shape {shape}, expected at most {LARGEST_BYTES} bytes"
        )
    parts, found = [], 0
    while part := stream.read(min(_CHUNK, expected + 1 - found)):
        parts.append(part)
        found += len(part)
    if found != expected:
        more = f"more than {expected}" if found > expected else f"{found}"
        raise InputError(f"{path}: data: found {more} bytes, expected {expected} for shape {shape}")
    return np.frombuffer(b"".join(parts), dtype=np.uint8).reshape(shape)
