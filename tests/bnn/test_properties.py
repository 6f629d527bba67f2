"""Whatever is written is read back: networks, IDX files, JSON and TOML."""

import gzip
import json
import struct
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from popbridge.bnn.idx import read_idx
from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import read_network, write_network
from popbridge.text_file import parse_json, parse_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FEW = settings(max_examples=60, deadline=None, derandomize=True)


@FEW
@given(PLAIN)
def test_json_comes_back(value):
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@FEW
@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_toml_comes_back(values):
    assert parse_toml(tomli_w.dumps(values).encode()) == values


@FEW
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.booleans(), st.randoms())
def test_idx_files_come_back(shape, packed, draw):
    pixels = draw.randbytes(int(np.prod(shape)))
    content = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + pixels
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.gz" if packed else "a")
        path.write_bytes(gzip.compress(content) if packed else content)
        found = read_idx(path)
    assert found.shape == tuple(shape) and found.tobytes() == pixels


NAMES = st.text(min_size=1, max_size=30).filter(str.isprintable)


@FEW
@given(
    NAMES,
    st.lists(st.integers(1, 20), min_size=2, max_size=4),
    st.sampled_from([1, 2, 8]),
    st.integers(0, 2**32 - 1),
)
def test_networks_come_back(name, sizes, bits, seed):
    draw = np.random.default_rng(seed)
    layers = []
    # Inputs of several bits go into a sign layer, the last one counts.
    bits = bits if len(sizes) > 2 else 1
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        weights = draw.choice(np.array([-1, 1], np.int8), (outputs, inputs))
        kind = "offsets" if index == len(sizes) - 2 else "thresholds"
        layers.append(DenseLayer(weights, **{kind: draw.integers(-9, 9, outputs, np.int32)}))
    network = Network(name, (sizes[0],), 128, tuple(layers), bits)
    with tempfile.TemporaryDirectory() as folder:
        write_network(network, Path(folder) / "n.npz")
        found = read_network(Path(folder) / "n.npz")
    assert (found.name, found.bits_per_input) == (name, bits)
    for one, other in zip(found.layers, layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        for kind in ("thresholds", "offsets"):
            assert np.array_equal(vars(one)[kind], vars(other)[kind])
