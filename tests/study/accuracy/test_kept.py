"""A sweep whose journal was tampered with gives what a fresh one gives."""

import json

import numpy as np
import pytest

from popbridge.bnn import software
from popbridge.bnn.network_file import write_network
from popbridge.study.accuracy.study import AccuracyRequest, accuracy


@pytest.fixture
def request_kept(tmp_path, make_network):
    network = make_network((20, 7, 4))
    images = np.random.default_rng(2).integers(0, 256, (30, 20), dtype=np.uint8)
    labels = software.run(network, (images >= 128).view(np.uint8)).classes
    write_network(network, tmp_path / "net.npz")
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    return AccuracyRequest(
        network=str(tmp_path / "net.npz"), data=tmp_path / "images.npz", chips=2, workers=1,
        condition=("weak",), folder=tmp_path / "kept",
    )  # fmt: skip


WRONG = {
    "more right than there are": {"correct": 31},
    "negative": {"correct": -1},
    "a share for a count": {"correct": 0.5},
    "a flag for a count": {"correct": True},
    "no images": {"images": 0},
    "of other images": {"images": 29, "correct": 3},
    "one layer less": {"wrong": [0]},
    "more wrong than there are": {"wrong": [0, 121]},
    "of another network": {"evaluated": [240, 120]},
    "a field more": {"later": 1},
    "no counts": {"wrong": None},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_a_result_that_cannot_be_is_computed_anew(request_kept, changes, capsys):
    fresh = accuracy(request_kept)
    [path] = request_kept.folder.iterdir()
    first, second = map(json.loads, path.read_text().splitlines())
    first["result"] |= changes
    path.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    assert accuracy(request_kept) == fresh
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "found 1 line that holds no result" in told
    assert len(path.read_text().splitlines()) == 4
    assert accuracy(request_kept) == fresh
    assert capsys.readouterr().err == ""
