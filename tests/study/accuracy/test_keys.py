"""What a sweep keeps is found again by nothing but what asks for the same."""

import dataclasses

import numpy as np
import pytest
from support.changes import single_changes

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import write_network
from popbridge.hdl.config import MacroConfig
from popbridge.study.accuracy.chip import Point, Study
from popbridge.study.accuracy.study import AccuracyRequest, accuracy
from popbridge.study.accuracy.sweep import point_key

SEED = 20261130


def networks_of_equal_bits():
    """16-9-3 with one and with two bits per input: the same weights and thresholds."""
    draw = np.random.default_rng(SEED)
    signs = np.array([-1, 1], np.int8)
    layers = (
        DenseLayer(draw.choice(signs, (9, 16)), thresholds=np.zeros(9, np.int32)),
        DenseLayer(draw.choice(signs, (3, 9)), offsets=np.zeros(3, np.int32)),
    )
    return [Network("same", (16,), 128, layers, bits) for bits in (1, 2)]


def test_a_network_of_more_bits_per_input_does_not_take_the_journal(tmp_path):
    """Pixels of 255 and 64 are the input 1 of one bit and of two, so that all arrays agree."""
    draw = np.random.default_rng(SEED)
    one, two = networks_of_equal_bits()
    images = {1: draw.integers(0, 2, (300, 16), dtype=np.uint8) * 255}
    images[2] = (images[1] > 0).astype(np.uint8) << 6
    labels = draw.integers(0, 3, 300)

    def ask(network, folder):
        name = tmp_path / f"{network.bits_per_input}"
        write_network(network, name.with_suffix(".npz"))
        np.savez(
            name.with_suffix(".data.npz"), images=images[network.bits_per_input], labels=labels
        )
        request = AccuracyRequest(
            network=str(name.with_suffix(".npz")),
            data=name.with_suffix(".data.npz"),
            condition=("nominal",),
            chips=2,
            workers=1,
            folder=tmp_path / folder,
        )
        return accuracy(request).points[0].chip_accuracies

    fresh = ask(two, "fresh")
    assert ask(one, "shared") != fresh
    assert ask(two, "shared") == fresh


def test_arrays_of_another_shape_do_not_share_a_key():
    """The same bytes, cut into weights and thresholds in another way."""

    def study(inputs, neurons):
        layers = (
            DenseLayer(np.ones((neurons, inputs), np.int8), thresholds=np.zeros(neurons, np.int32)),
            DenseLayer(np.ones((2, neurons), np.int8), offsets=np.zeros(2, np.int32)),
        )
        network = Network("n", (inputs,), 128, layers)
        images = np.zeros((12, inputs), np.uint8)
        return Study(
            network=network, macro=MacroConfig(), images=images, labels=np.zeros(12, int), seed=1
        )

    assert study(4, 6).digest != study(6, 4).digest


def wide_macro():
    """With every option in use, so that each field may change."""
    return MacroConfig(rows=8, columns=64, votes=3)


@pytest.fixture
def study(make_network):
    draw = np.random.default_rng(SEED)
    images = draw.integers(0, 2, (12, 20), dtype=np.uint8)
    labels = draw.integers(0, 3, 12)
    network = make_network((20, 7, 4))
    return Study(network=network, macro=wide_macro(), images=images, labels=labels, seed=5)


def test_every_field_of_a_study_is_in_its_key(study):
    kept = dict(single_changes(study))
    changed = {name: other for name, other in kept.items() if other is not None}
    assert {"network.bits_per_input", "network.layers", "macro.votes", "labels"} <= set(changed)
    # Sizes of a network hang together: its shape changes with its weights, as above.
    assert set(kept) - set(changed) <= {"network.input_shape", "macro.programming"}
    digests = {name: other.digest for name, other in changed.items()}
    assert len({study.digest, *digests.values()}) == len(digests) + 1


def test_every_array_of_every_layer_is_in_the_key(study):
    found = {study.digest}
    count = 0
    for index, layer in enumerate(study.network.layers):
        for _, other in single_changes(layer):
            if other is None:
                continue
            layers = [*study.network.layers]
            layers[index] = other
            network = dataclasses.replace(study.network, layers=tuple(layers))
            found.add(dataclasses.replace(study, network=network).digest)
            count += 1
    assert count == 4 and len(found) == 1 + count


def test_every_field_of_a_point_is_in_its_key():
    point = Point(
        condition="weak", parameters=CONDITIONS["weak"], clock_ns=6.0, bit_error_rate=0.1,
        error_layers=("layer1",),
    )  # fmt: skip
    kept = dict(single_changes(point))
    changed = {name: other for name, other in kept.items() if other is not None}
    assert len(changed) > 50 and set(kept) == set(changed)
    keys = {point_key(point, 1), point_key(point, 2)}
    keys |= {point_key(other, 1) for other in changed.values()}
    assert len(keys) == 2 + len(changed)


CHANGES = {
    "seed": 2, "condition": ("weak",), "clock_ns": (7.0,), "vdd": (1.1,), "ber": (0.1,),
    "first_chip": 2, "calibrate": True, "images": 11,
}  # fmt: skip


def test_every_field_of_a_request_asks_for_something_new(make_network, tmp_path, study):
    """Of a request that changes by one field, at least one line more is kept."""
    write_network(make_network((20, 7, 5, 4)), tmp_path / "n.npz")
    write_network(make_network((20, 7, 5, 4), 1), tmp_path / "other.npz")
    macro = MacroConfig(rows=8, columns=64, trim_bits=6)
    (tmp_path / "macro.toml").write_text(macro.to_toml())
    (tmp_path / "other.toml").write_text(macro.replace(votes=3).to_toml())
    draw = np.random.default_rng(SEED)
    for name in ("data", "other"):
        images = draw.integers(0, 256, (12, 20), dtype=np.uint8)
        np.savez(tmp_path / f"{name}-images.npz", images=images, labels=draw.integers(0, 4, 12))
    request = AccuracyRequest(
        network=str(tmp_path / "n.npz"), macro=str(tmp_path / "macro.toml"), chips=1, workers=1,
        data=tmp_path / "data-images.npz", folder=tmp_path / "kept",
    )  # fmt: skip
    changes = CHANGES | {
        "network": str(tmp_path / "other.npz"),
        "macro": str(tmp_path / "other.toml"),
        "data": tmp_path / "other-images.npz",
    }

    def kept():
        return sum(len(path.read_bytes().splitlines()) for path in request.folder.iterdir())

    accuracy(request)
    assert kept() == 1
    for name, value in changes.items():
        before = kept()
        accuracy(request.replace(**{name: value}))
        assert kept() == before + 1, name
