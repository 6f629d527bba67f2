"""What comes with the package."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from popbridge.bnn import catalog, software
from popbridge.bnn.images import input_bits
from popbridge.bnn.mapping import map_network
from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import write_network
from popbridge.errors import InputError

MNIST = Path(__file__).parents[2].parent / "shared" / "data" / "mnist"


def small_network(shape):
    inputs = int(np.prod(shape))
    layer = DenseLayer(np.ones((2, inputs), np.int8), offsets=np.zeros(2, np.int32))
    return Network("small", shape, 1, (layer,))


@pytest.mark.parametrize(("name", "bits", "least"), [("mnist", 1, 0.985), ("mnist-4bit", 4, 0.987)])
def test_shipped_network_meets_its_accuracy_without_saturation(name, bits, least):
    network = catalog.find_network(name)
    sizes = [layer.inputs for layer in network.layers] + [network.classes]
    assert sizes == [784, 1025, 1025, 1025, 10]
    assert (network.name, network.bits_per_input) == (name, bits)
    images = catalog.shipped_test_images(network)
    assert len(images) == 10_000
    classes = software.run(network, input_bits(images.images, network)).classes
    assert software.accuracy(classes, images.labels) >= least
    assert [layer.saturated for layer in map_network(network).layers] == [0, 0, 0, 0]


def test_shipped_images_are_the_canonical_test_images():
    images = catalog.shipped_test_images(small_network((28, 28)))
    # Label counts of the MNIST test set, 0 to 9, as published with it.
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(images.labels).tolist() == counts


@pytest.mark.skipif(not MNIST.is_dir(), reason="needs the MNIST files in ../shared/data/mnist")
def test_shipped_images_equal_the_original_files():
    images = catalog.shipped_test_images(small_network((28, 28)))
    pixels = gzip.decompress((MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((MNIST / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    digest = hashlib.sha256(images.images.tobytes()).hexdigest()
    assert digest == hashlib.sha256(pixels).hexdigest()
    assert images.labels.tolist() == list(labels)


def test_no_images_of_another_shape():
    assert catalog.shipped_test_images(small_network((784,))) is None


def test_finds_files(tmp_path):
    write_network(small_network((4,)), tmp_path / "mine.npz")
    for path in (tmp_path / "mine.npz", str(tmp_path / "mine.npz")):
        assert catalog.find_network(path).name == "small"


def test_unknown_name_lists_the_shipped_ones():
    with pytest.raises(InputError) as caught:
        catalog.find_network("mnits")
    message = "mnits: found no such network or file, expected a .npz file or one of: mnist, "
    message += "mnist-4bit"
    assert str(caught.value) == message
