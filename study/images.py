"""Images that a study takes."""

from __future__ import annotations

from pathlib import Path

from ..bnn.catalog import shipped_test_images
from ..bnn.images import ImageSet, random_images, read_images
from ..bnn.network import Network
from ..errors import InputError

DEFAULT_IMAGES = 100
LARGEST_RANDOM_BYTES = 2**30
"""Of all random images together."""


def select_images(
    network: Network,
    data: Path | None,
    count: int | None,
    seed: int,
    default: int | None = DEFAULT_IMAGES,
) -> ImageSet:
    """The first `count` images of `data`, or of what stands in for it.

    Without a count, `default` images, or all if fewer; all with None.
    """
    if count is not None and count < 1:
        raise InputError(f"--images: found {count}, expected at least 1")
    if data is not None:
        images: ImageSet | None = read_images(data, network.input_shape)
    else:
        images = shipped_test_images(network)
    if images is None:
        most = max(1, LARGEST_RANDOM_BYTES // network.inputs)
        if count is not None and count > most:
            raise InputError(f"--images: found {count}, expected at most {most} random images")
        return random_images(
            count or min(default or DEFAULT_IMAGES, most), network.input_shape, seed
        )
    if count is not None and count > len(images):
        raise InputError(f"--images: found {count}, expected at most {len(images)}, all there are")
    return images.first(count or min(default or len(images), len(images)))
