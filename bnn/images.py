"""Images with labels: from files, or random."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from ..errors import InputError
from .archive import open_archive
from .idx import LARGEST_BYTES, read_idx
from .network import Network, require_integer

LARGEST_LABEL = 2**31 - 1
"""More classes than any network has."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """K images.

    Parameters
    ----------
    images : uint8 (K, *shape)
        At least one.
    labels : integer (K,) or None
        Classes, from 0; kept as int64.
    source : str
        Where they are from, for people.

    Raises
    ------
    InputError
        An array of another type or shape, no images, or a label beyond `LARGEST_LABEL`.
    """

    images: np.ndarray
    labels: np.ndarray | None
    source: str

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        require_images(self.source, images, labels)
        if labels is None:
            return
        for label in (int(labels.min()), int(labels.max())):
            if not 0 <= label <= LARGEST_LABEL:
                raise InputError(
                    f"{self.source}: labels: found {label}, expected from 0 to {LARGEST_LABEL}"
                )
        object.__setattr__(self, "labels", labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image."""
        return self.images.shape[1:]

    def first(self, count: int) -> Self:
        """The first `count` images; InputError unless there are that many."""
        require_integer(f"{self.source}: images", count, 1, len(self))
        labels = None if self.labels is None else self.labels[:count]
        return replace(self, images=self.images[:count], labels=labels)


class _Declared(Protocol):
    """An array, or what is known of it before it is read."""

    @property
    def dtype(self) -> np.dtype: ...
    @property
    def shape(self) -> tuple[int, ...]: ...


def require_images(source: str, images: _Declared, labels: _Declared | None) -> None:
    """Raise InputError unless arrays of these types and shapes are images, and their labels."""
    if images.dtype != np.uint8 or len(images.shape) < 2:
        raise _refused(source, "images", images, "uint8 of shape (images, *image shape)")
    count = images.shape[0]
    if count == 0:
        raise InputError(f"{source}: images: found 0 images, expected at least one")
    if labels is None:
        return
    if labels.dtype.kind not in "iu" or len(labels.shape) != 1:
        raise _refused(source, "labels", labels, "integers of one dimension")
    if labels.shape[0] != count:
        raise InputError(
            f"{source}: labels: found {labels.shape[0]}, expected {count}, one per image"
        )


def _refused(source: str, name: str, array: _Declared, expected: str) -> InputError:
    return InputError(
        f"{source}: {name}: found {array.dtype} of shape {array.shape}, expected {expected}"
    )


def read_images(path: Path | str, shape: tuple[int, ...]) -> ImageSet:
    """Read images for a network.

    Parameters
    ----------
    path : Path or str
        A ``.npz`` file with ``images`` uint8 (K, `*shape`) and optionally ``labels`` (K,); other
        arrays in it are ignored. Or a folder of IDX files as MNIST has them,
        ``<part>-images-idx3-ubyte`` and optionally ``<part>-labels-idx1-ubyte``, each with or
        without ``.gz``, the digit behind ``idx`` being the number of dimensions, a dot in place of
        the dash before it being allowed; ``<part>`` is ``t10k``, ``test`` or ``train``, the first
        of these that is there.
    shape : tuple of int
        Shape of one image: the network's input shape.

    Raises
    ------
    InputError
        Anything missing, damaged, or of another type or shape; no images; another number of labels
        than images. The message is one line: file, field, what was found, what was expected.
    """
    path = Path(path)
    if path.is_dir():
        return read_image_folder(path, shape)
    if not path.exists():
        raise InputError(f"{path}: found nothing there, expected a .npz file or a folder")
    with open_archive(path, only=("images", "labels")) as archive:
        images, labels = archive.headers.get("images"), archive.headers.get("labels")
        if images is None:
            raise InputError(f"{path}: images: found no such array, expected one")
        require_images(str(path), images, labels)
        _require_fitting(str(path), shape, images.shape)
        values = None if labels is None else archive.read("labels")
        return ImageSet(archive.read("images"), values, str(path))


def read_image_folder(
    folder: Path, shape: tuple[int, ...], parts: Sequence[str] = ("t10k", "test", "train")
) -> ImageSet:
    """Read the first of `parts` that an IDX folder holds; see `read_images`.

    Raises
    ------
    InputError
        As `read_images`.
    """
    for part in parts:
        images = _idx_file(folder, f"{part}-images", len(shape) + 1)
        if images is not None:
            labels = _idx_file(folder, f"{part}-labels", 1)
            source = str(images)
            fits = partial(_require_fitting, source, shape)
            pixels = read_idx(images, fits)
            values = None if labels is None else read_idx(labels)
            return ImageSet(pixels, values, source)
    names = " or ".join(f"{part}-images-idx{len(shape) + 1}-ubyte[.gz]" for part in parts)
    raise InputError(f"{folder}: found no IDX images, expected {names}")


def _idx_file(folder: Path, stem: str, dimensions: int) -> Path | None:
    for mark in ("-", "."):
        for suffix in ("", ".gz"):
            path = folder / f"{stem}{mark}idx{dimensions}-ubyte{suffix}"
            if path.is_file():
                return path
    return None


def _require_fitting(source: str, shape: tuple[int, ...], found: tuple[int, ...]) -> None:
    if found[1:] != tuple(shape):
        raise InputError(
            f"{source}: images: found images of shape {found[1:]}, "
            f"expected {tuple(shape)}, the network's input shape"
        )
    if math.prod(found) > LARGEST_BYTES:
        raise InputError(
            f"{source}: images: found {math.prod(found)} bytes, expected at most {LARGEST_BYTES}"
        )


def require_labels(images: ImageSet, classes: int) -> None:
    """Raise InputError unless every label, if there are any, is one of `classes` classes from 0."""
    if images.labels is None:
        return
    largest = int(images.labels.max())
    if largest >= classes:
        shifted = ", counted from 0" if images.labels.min() > 0 else ""
        raise InputError(
            f"{images.source}: labels: found {largest}, expected at most {classes - 1}: the "
            f"network has {classes} classes{shifted}"
        )


def random_images(count: int, shape: tuple[int, ...], seed: int) -> ImageSet:
    """Uniform random pixels without labels, the same for the same seed on every machine.

    Raises
    ------
    InputError
        `count` below 1 or `seed` below 0.
    """
    require_integer("images", count, 1)
    require_integer("seed", seed, 0)
    generator = np.random.Generator(np.random.Philox(seed))
    pixels = generator.integers(0, 256, size=(count, *shape), dtype=np.uint8)
    return ImageSet(pixels, None, f"random images of seed {seed}")


def input_bits(images: np.ndarray, network: Network) -> np.ndarray:
    """The network's inputs: uint8 (K, N).

    Bits, 1 iff pixel >= its input threshold; or, for k bits per input, the k most significant bits
    of each pixel as a number.

    Parameters
    ----------
    images : uint8 (K, *input shape)
        Pixels.
    network : Network
        Gives shape, bits per input and threshold.

    Raises
    ------
    InputError
        `images` has another type or shape.
    """
    if images.dtype != np.uint8 or images.shape[1:] != network.input_shape:
        raise InputError(
            f"images: found {images.dtype} of shape {images.shape}, "
            f"expected uint8 of shape (images, *{network.input_shape})"
        )
    pixels = images.reshape(len(images), network.inputs)
    if network.bits_per_input > 1:
        return pixels >> np.uint8(8 - network.bits_per_input)
    return (pixels >= network.input_threshold).view(np.uint8)
