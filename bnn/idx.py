"""IDX files, the format of MNIST: plain or gzipped arrays of unsigned bytes."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from ..errors import InputError
from .archive import one_line

UNSIGNED_BYTE = 0x08
"""Code of the element type; the only one that images and labels use."""


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes; a name that ends in ``.gz`` is gzipped.

    The file: two 0 bytes, the type code, the number of dimensions, each size as a big-endian 32-bit
    word, then the elements, last index fastest.

    Returns
    -------
    uint8 array

    Raises
    ------
    InputError
        Not readable, a wrong magic number, data shorter or longer than the sizes say, or more
        dimensions than NumPy has.
    """
    content = _content(path)
    if len(content) < 4 or content[:3] != bytes([0, 0, UNSIGNED_BYTE]) or content[3] == 0:
        raise InputError(
            f"{path}: magic: found {content[:4].hex(' ') or 'an empty file'}, "
            "expected 00 00 08 and the number of dimensions"
        )
    dimensions = content[3]
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise InputError(f"{path}: header: found {len(content)} bytes, expected {header}")
    shape = tuple(np.frombuffer(content, dtype=">u4", count=dimensions, offset=4).tolist())
    if len(content) - header != math.prod(shape):
        raise InputError(
            f"{path}: data: found {len(content) - header} bytes, "
            f"expected {math.prod(shape)} for shape {shape}"
        )
    try:
        return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
    except ValueError as error:
        raise InputError(
            f"{path}: header: found {dimensions} dimensions, expected a shape that NumPy has: "
            f"{one_line(error)}"
        ) from None


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: found {one_line(error)}, expected an IDX file") from error
