"""The page on the network file: its writer writes what is read."""

import re
from pathlib import Path

import numpy as np
import pytest

from popbridge.bnn.network_file import read_network

PAGE = Path(__file__).parents[2] / "docs" / "network.md"


@pytest.fixture
def write():
    """The page's own function."""
    [code] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    names = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["write"]


def test_the_writer_of_the_page(write, tmp_path):
    draw = np.random.default_rng(1)
    weights = [draw.choice([-1, 1], size) for size in ((5, 12), (4, 5), (2, 4))]
    thresholds, offsets = [[0, 1, -2, 3, 4], [5, -6, 7, 8]], [9, -10]
    write(tmp_path / "own.npz", "own", [3, 4], 77, weights, thresholds, offsets)
    read = read_network(tmp_path / "own.npz")
    assert (read.name, read.input_shape, read.input_threshold) == ("own", (3, 4), 77)
    assert [layer.weights.tolist() for layer in read.layers] == [w.tolist() for w in weights]
    assert [layer.thresholds.tolist() for layer in read.layers[:-1]] == thresholds
    assert read.layers[-1].offsets.tolist() == offsets
