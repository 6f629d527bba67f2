"""The images that a command runs on."""

from pathlib import Path

from ..bnn.catalog import shipped_test_images
from ..bnn.images import ImageSet, random_images, read_images, require_labels
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
    """The first images of `data`, an .npz file or a folder of IDX files, in the network's shape.

    Without `data` the shipped test images where they fit, else random ones drawn from `seed`.
    Without `count` there are `default` of them, or all if fewer or if that is None.

    Raises
    ------
    InputError
        A count below 1 or above what there is, images that do not fit the network, or a label,
        whether or not among the first, that is none of its classes.
    """
    if count is not None and count < 1:
        raise InputError(f"images: found {count}, expected at least 1")
    if data is not None:
        images: ImageSet | None = read_images(data, network.input_shape)
    else:
        images = shipped_test_images(network)
    if images is None:
        most = max(1, LARGEST_RANDOM_BYTES // network.inputs)
        if count is not None and count > most:
            raise InputError(f"images: found {count}, expected at most {most} random images")
        return random_images(
            count or min(default or DEFAULT_IMAGES, most), network.input_shape, seed
        )
    require_labels(images, network.classes)
    if count is not None and count > len(images):
        raise InputError(f"images: found {count}, expected at most {len(images)}, all there are")
    return images.first(count or min(default or len(images), len(images)))
