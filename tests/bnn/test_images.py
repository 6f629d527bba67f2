"""Images from files written byte by byte."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

from popbridge.bnn.archive import open_archive
from popbridge.bnn.idx import read_idx
from popbridge.bnn.images import ImageSet, input_bits, random_images, read_images
from popbridge.bnn.network import DenseLayer, Network
from popbridge.errors import InputError

PIXELS = bytes(range(12))
IMAGES = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 2, 3) + PIXELS
LABELS = struct.pack(">BBBBI", 0, 0, 8, 1, 2) + bytes([9, 4])
EXPECTED = [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]


def folder(tmp_path, **files):
    for name, content in files.items():
        path = tmp_path / name.replace("__gz", ".gz").replace("__dot", ".").replace("_", "-")
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return tmp_path


FOLDERS = {
    "plain": dict(t10k_images_idx3_ubyte=IMAGES, t10k_labels_idx1_ubyte=LABELS),
    "gzipped": dict(t10k_images_idx3_ubyte__gz=IMAGES, t10k_labels_idx1_ubyte__gz=LABELS),
    "mixed": dict(t10k_images_idx3_ubyte__gz=IMAGES, t10k_labels_idx1_ubyte=LABELS),
    "dots": dict(t10k_images__dotidx3_ubyte=IMAGES, t10k_labels__dotidx1_ubyte=LABELS),
    "training only": dict(train_images_idx3_ubyte=IMAGES, train_labels_idx1_ubyte=LABELS),
    "test preferred": dict(
        t10k_images_idx3_ubyte=IMAGES,
        t10k_labels_idx1_ubyte=LABELS,
        train_images_idx3_ubyte=b"",
        train_labels_idx1_ubyte=b"",
    ),
}


@pytest.mark.parametrize("files", FOLDERS.values(), ids=FOLDERS)
def test_idx_folder(tmp_path, files):
    found = read_images(folder(tmp_path, **files), (2, 3))
    assert found.images.tolist() == EXPECTED
    assert found.labels.tolist() == [9, 4]


def test_idx_folder_without_labels(tmp_path):
    found = read_images(folder(tmp_path, t10k_images_idx3_ubyte=IMAGES), (2, 3))
    assert found.labels is None and len(found) == 2


GOOD = dict(t10k_images_idx3_ubyte=IMAGES, t10k_labels_idx1_ubyte=LABELS)

BAD_FOLDERS = {
    "nothing": ({}, "found no IDX images, expected t10k-images-idx3-ubyte[.gz] or test-images"),
    "magic": (
        GOOD | dict(t10k_images_idx3_ubyte=b"\0\0\x0d\x03" + IMAGES[4:]),
        "magic: found 00 00 0d 03, expected 00 00 08 and the number of dimensions",
    ),
    "empty": (GOOD | dict(t10k_images_idx3_ubyte=b""), "magic: found an empty file"),
    "header": (
        GOOD | dict(t10k_images_idx3_ubyte=IMAGES[:10]),
        "header: found 10 bytes, expected 16",
    ),
    "truncated": (
        GOOD | dict(t10k_images_idx3_ubyte=IMAGES[:-1]),
        "data: found 11 bytes, expected 12 for shape (2, 2, 3)",
    ),
    "too long": (
        GOOD | dict(t10k_images_idx3_ubyte=IMAGES + b"0"),
        "data: found more than 12 bytes, expected 12 for shape (2, 2, 3)",
    ),
    "shape": (
        GOOD | dict(t10k_images_idx3_ubyte=struct.pack(">IIII", 0x803, 2, 3, 2) + PIXELS),
        "images: found images of shape (3, 2), expected (2, 3), the network's input shape",
    ),
    "no images": (
        GOOD | dict(t10k_images_idx3_ubyte=struct.pack(">IIII", 0x803, 0, 2, 3)),
        "images: found 0 images, expected at least one",
    ),
    "label count": (
        GOOD | dict(t10k_labels_idx1_ubyte=struct.pack(">II", 0x801, 1) + b"\3"),
        "labels: found 1, expected 2, one per image",
    ),
    "label shape": (
        GOOD | dict(t10k_labels_idx1_ubyte=struct.pack(">III", 0x802, 2, 1) + b"\3\4"),
        "labels: found uint8 of shape (2, 1), expected integers of one dimension",
    ),
}


HUGE = 2**31
"""A size that is no other size's beside a 0, where there is nothing to read."""


def test_idx_of_no_elements_and_huge_sizes(tmp_path):
    path = tmp_path / "empty-idx4-ubyte"
    path.write_bytes(struct.pack(">IIIII", 0x804, 0, HUGE, HUGE, HUGE))
    with pytest.raises(InputError, match=r"data: found shape .* expected at most"):
        read_idx(path)


def test_an_array_of_no_elements_and_huge_sizes(tmp_path):
    described = io.BytesIO()
    shape = (0, HUGE, HUGE, HUGE)
    np.lib.format.write_array_header_1_0(
        described, {"shape": shape, "fortran_order": False, "descr": "|u1"}
    )
    with zipfile.ZipFile(tmp_path / "images.npz", "w") as file:
        file.writestr("images.npy", described.getvalue())
    with (
        open_archive(tmp_path / "images.npz") as archive,
        pytest.raises(InputError, match="expected an array"),
    ):
        archive.read("images")


def refusal(path, shape=(2, 3)):
    with pytest.raises(InputError) as caught:
        read_images(path, shape)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message and "expected" in message
    return message


@pytest.mark.parametrize(("files", "message"), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
def test_refuses_bad_folders(tmp_path, files, message):
    assert message in refusal(folder(tmp_path, **files))


@pytest.mark.parametrize("length", [0, 5, 25, -9, -1])
def test_refuses_truncated_gzip(tmp_path, length):
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(IMAGES)[:length])
    message = refusal(tmp_path)
    assert path.name in message


def test_idx_reads_any_number_of_dimensions(tmp_path):
    (tmp_path / "a").write_bytes(LABELS)
    assert read_idx(tmp_path / "a").tolist() == [9, 4]
    with pytest.raises(InputError, match="b: found No such file or directory, expected an IDX"):
        read_idx(tmp_path / "b")


def test_idx_of_too_many_dimensions(tmp_path):
    (tmp_path / "a").write_bytes(bytes([0, 0, 8, 255]) + bytes([0, 0, 0, 1]) * 255 + b"x")
    with pytest.raises(InputError, match="a: header: found 255 dimensions, expected"):
        read_idx(tmp_path / "a")


STACK = np.array(EXPECTED, dtype=np.uint8)

BAD_ARCHIVES = {
    "no images": (dict(x=STACK), "images: found no such array, expected one"),
    "dtype": (dict(images=STACK.astype(float)), "images: found float64 of shape (2, 2, 3)"),
    "object": (dict(images=np.array([{}])), "images: found Python objects or records"),
    "shape": (dict(images=STACK[:, :1]), "images: found images of shape (1, 3), expected (2, 3)"),
    "no image": (dict(images=STACK[:0]), "images: found 0 images, expected at least one"),
    "scalar": (dict(images=STACK[0, 0, 0]), "images: found uint8 of shape (), expected uint8"),
    "label kind": (dict(images=STACK, labels=np.zeros(2)), "labels: found float64 of shape (2,)"),
    "label count": (
        dict(images=STACK, labels=np.zeros(3, int)),
        "labels: found 3, expected 2, one per image",
    ),
    "label sign": (
        dict(images=STACK, labels=np.array([0, -2])),
        "labels: found -2, expected from 0 to 2147483647",
    ),
}


@pytest.mark.parametrize(("arrays", "message"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_refuses_bad_archives(tmp_path, arrays, message):
    path = tmp_path / "i.npz"
    np.savez(path, **arrays)
    assert message in refusal(path)


def test_archive_with_and_without_labels(tmp_path):
    path = tmp_path / "i.npz"
    np.savez(path, images=STACK, labels=np.array([1, 2], np.uint8), other=np.array([None]))
    found = read_images(path, (2, 3))
    assert found.images.tolist() == EXPECTED and found.labels.tolist() == [1, 2]
    assert found.labels.dtype == np.int64
    np.savez(path, images=STACK)
    assert read_images(path, (2, 3)).labels is None


def test_refuses_no_file(tmp_path):
    message = refusal(tmp_path / "none")
    assert message.endswith("found nothing there, expected a .npz file or a folder")


def test_first():
    images = ImageSet(STACK, np.array([5, 6]), "here")
    assert images.first(1).labels.tolist() == [5] and len(images.first(1)) == 1
    with pytest.raises(InputError, match="here: images: found 3, expected an integer from 1 to 2"):
        images.first(3)


def test_random_images_depend_on_the_seed_only():
    one, same, other = (random_images(50, (4, 5), seed).images for seed in (1, 1, 2))
    assert one.shape == (50, 4, 5) and one.dtype == np.uint8
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    # 1000 uniform pixels: mean 127.5 with a standard error of 73.9 / sqrt(1000) = 2.3.
    assert abs(one.mean() - 127.5) < 4 * 2.3
    assert np.array_equal(random_images(20, (4, 5), 1).images, one[:20])


def test_random_images_refuse():
    with pytest.raises(InputError, match="images: found 0, expected"):
        random_images(0, (2,), 1)
    with pytest.raises(InputError, match="seed: found -1, expected"):
        random_images(1, (2,), -1)


def network(threshold):
    layer = DenseLayer(np.ones((1, 6), np.int8), offsets=np.zeros(1, np.int32))
    return Network("n", (2, 3), threshold, (layer,))


@pytest.mark.parametrize("threshold", [0, 1, 5, 11, 255])
def test_input_bits(threshold):
    bits = input_bits(STACK, network(threshold))
    assert bits.dtype == np.uint8
    flat = [[pixel for row in image for pixel in row] for image in EXPECTED]
    assert bits.tolist() == [[int(pixel >= threshold) for pixel in image] for image in flat]


def test_input_bits_refuse():
    with pytest.raises(InputError, match=r"images: found uint8 of shape \(2, 3, 2\), expected"):
        input_bits(STACK.reshape(2, 3, 2), network(1))
    with pytest.raises(InputError, match="images: found int64 of shape"):
        input_bits(STACK.astype(np.int64), network(1))
