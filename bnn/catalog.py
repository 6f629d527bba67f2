"""The networks and test images that come with the package."""

from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path

from ..errors import InputError
from .images import ImageSet, read_images
from .network import Network
from .network_file import read_network

SHIPPED_NETWORKS = ("mnist", "mnist-4bit")
"""Names of the networks in ``shipped/``."""
_TEST_IMAGES: dict[tuple[int, ...], str] = {(28, 28): "mnist_test"}


def find_network(name_or_path: str | Path) -> Network:
    """The shipped network of this name, or else the network in this file.

    Raises
    ------
    InputError
        Neither a shipped name nor a file, or a file that breaks the format.
    """
    if str(name_or_path) in SHIPPED_NETWORKS:
        with _shipped(str(name_or_path)) as path:
            return read_network(path)
    if not Path(name_or_path).exists():
        names = ", ".join(SHIPPED_NETWORKS)
        raise InputError(
            f"{name_or_path}: found no such network or file, "
            f"expected a .npz file or one of: {names}"
        )
    return read_network(name_or_path)


def shipped_test_images(network: Network) -> ImageSet | None:
    """The shipped labelled test images of the network's input shape, if there are any."""
    name = _TEST_IMAGES.get(network.input_shape)
    if name is None:
        return None
    with _shipped(name) as path:
        images = read_images(path, network.input_shape)
    return ImageSet(images.images, images.labels, f"shipped {name}")


def _shipped(name: str) -> AbstractContextManager[Path]:
    return resources.as_file(resources.files(f"{__package__}.shipped") / f"{name}.npz")
