"""Small files that unpack to gigabytes: refused by their headers, within little memory."""

import gzip
import io
import json
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

MEBIBYTE = 2**20
ALLOWED_BYTES = 384 * MEBIBYTE
"""More than the process has when it has imported the readers."""
UNPACKED_BYTES = 2**29

META = {
    "format": "popbridge-bnn",
    "version": 1,
    "name": "bomb",
    "input": {"shape": [8], "threshold": 1},
    "layers": [{"type": "dense", "inputs": 8, "outputs": 2}],
}
NETWORK = {
    "meta": np.frombuffer(json.dumps(META).encode(), np.uint8),
    "layer0_weights": np.zeros((2, 1), np.uint8),
    "layer0_offset": np.zeros(2, np.int32),
}


def zeros(count):
    """Parts of one gigabyte of zeros, that no one needs to hold."""
    part = bytes(MEBIBYTE)
    for _ in range(count // MEBIBYTE):
        yield part


def npy_header(dtype, shape):
    stream = io.BytesIO()
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
    np.lib.format.write_array_header_1_0(stream, header | {"shape": shape})
    return stream.getvalue()


def archive(path, bombs, **arrays):
    """An archive with small arrays, and with members that begin so and go on with zeros."""
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, beginning in bombs.items():
            with packed.open(f"{name}.npy", "w") as member:
                member.write(beginning)
                member.writelines(zeros(UNPACKED_BYTES))


def without(name):
    return {key: array for key, array in NETWORK.items() if key != name}


def declaring(**changes):
    layer = {"type": "dense", "inputs": 8, "outputs": 2} | changes
    meta = META | {"layers": [layer], "input": {"shape": [layer["inputs"]], "threshold": 1}}
    return without("layer0_weights") | {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}


BYTES = (UNPACKED_BYTES,)
BOMBS = {
    # Name: reader, members that are bombs, small members, what the one line has.
    "weights of another shape": (
        "network", {"layer0_weights": npy_header("u1", BYTES)}, without("layer0_weights"),
        "layer0_weights: found uint8 of shape (536870912,), expected uint8 of shape (2, 1)",
    ),
    "weights as declared": (
        "network", {"layer0_weights": npy_header("u1", (2, UNPACKED_BYTES // 2))},
        declaring(inputs=4 * UNPACKED_BYTES),
        "meta.layers: found 4294967296 weights, expected at most",
    ),
    "an extra array": ("network", {"other": npy_header("u1", BYTES)}, NETWORK, "other: found"),
    "a description": (
        "network", {"meta": npy_header("u1", BYTES)}, without("meta"), "meta: found",
    ),
    "a header": ("network", {"meta": b"\x93NUMPY\x02\0\0\0\0\x40"}, without("meta"), "meta: found"),
    "text of gigabytes": ("network", {"meta": b"{"}, without("meta"), "meta: found"),
    "images of another shape": (
        "images", {"images": npy_header("u1", (UNPACKED_BYTES // 64, 8, 8))}, {},
        "found images of shape (8, 8), expected (8,)",
    ),
    "images of another type": (
        "images", {"images": npy_header("f8", (UNPACKED_BYTES // 64, 8))}, {}, "found float64",
    ),
    "more images than can be": (
        "images", {"images": npy_header("u1", (UNPACKED_BYTES, 8))}, {}, "expected 4294967296 for",
    ),
    "labels": (
        "images", {"labels": npy_header("u1", BYTES)}, {"images": np.zeros((2, 8), np.uint8)},
        "labels: found 536870912, expected 2, one per image",
    ),
    "a member longer than its array": (
        "images", {"images": npy_header("u1", (2, 8))}, {}, "images: found",
    ),
}  # fmt: skip
SCRIPT = """
import resource, sys
from pathlib import Path
from popbridge.bnn.images import read_images
from popbridge.bnn.network_file import read_network
resource.setrlimit(resource.RLIMIT_AS, ({allowed}, {allowed}))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
try:
    {{"network": read_network, "images": lambda path: read_images(path, (8,))}}[sys.argv[1]](
        Path(sys.argv[2])
    )
except ValueError as error:
    print(error)
"""


def refusal(reader, path):
    """What a process of little memory and time says."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(allowed=ALLOWED_BYTES), reader, str(path)],
        capture_output=True, text=True, env={"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = done.stdout.splitlines()
    return line


@pytest.mark.parametrize("name", BOMBS)
def test_archives_are_refused_by_their_headers(name, tmp_path):
    reader, bombs, arrays, message = BOMBS[name]
    path = tmp_path / "bomb.npz"
    archive(path, bombs, **arrays)
    assert path.stat().st_size < 16 * MEBIBYTE
    line = refusal(reader, path)
    assert line.startswith(f"{path}: ") and message in line


IDX_BOMBS = {
    "longer than its header says": (struct.pack(">BBBBII", 0, 0, 8, 2, 2, 8), "expected 16"),
    "other images": (struct.pack(">BBBBII", 0, 0, 8, 2, 2**20, 2**10), "found images of shape"),
    "more images than can be": (struct.pack(">BBBBII", 0, 0, 8, 2, 2**30, 8), "expected at most"),
    "shorter than its header says": (
        struct.pack(">BBBBII", 0, 0, 8, 2, 2**27, 8), "for shape (134217728, 8)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IDX_BOMBS)
def test_gzipped_idx_files_are_refused_by_their_headers(name, tmp_path):
    header, message = IDX_BOMBS[name]
    length = 1024 if name.startswith("shorter") else UNPACKED_BYTES
    with gzip.open(tmp_path / "test-images-idx2-ubyte.gz", "wb", compresslevel=1) as file:
        file.write(header)
        file.writelines(zeros(length))
    line = refusal("images", tmp_path)
    assert line.startswith(f"{tmp_path}/test-images-idx2-ubyte.gz: ") and message in line
