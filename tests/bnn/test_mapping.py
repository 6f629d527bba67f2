"""Mapping: what the array computes, by brute force over small networks."""

import itertools

import numpy as np
import pytest

from popbridge.bnn import software
from popbridge.bnn.mapping import map_network
from popbridge.bnn.network import DenseLayer, Network
from popbridge.errors import InputError
from popbridge.hdl.config import MACROS, MacroConfig, Readout


def network(sizes, seed=1, spread=None):
    random = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        weights = random.choice(np.array([-1, 1], np.int8), size=(outputs, inputs))
        reach = inputs + 2 if spread is None else spread
        values = random.integers(-reach, reach + 1, outputs, dtype=np.int32)
        last = len(layers) == len(sizes) - 2
        kind = "offsets" if last else "thresholds"
        layers.append(DenseLayer(weights, **{kind: values}))
    return Network("n", (sizes[0],), 1, tuple(layers))


def array_scores(mapped, image):
    """Row by row: count agreeing columns, compare with half, or read the count."""
    bits = list(image)
    for layer in mapped.layers:
        columns = bits + [1] * layer.config.bias_columns
        n = layer.config.fan_in
        counts = [
            sum((w > 0) == (bit > 0) for w, bit in zip(row, columns, strict=True))
            for row in layer.weights.tolist()
        ]
        bits = [int(2 * m - n > 0) for m in counts]
        scores = [2 * m - n for m in counts]
    return [s + offset for s, offset in zip(scores, mapped.config.offsets, strict=True)]


def all_images(inputs):
    return np.array(list(itertools.product([0, 1], repeat=inputs)), np.uint8)


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (1, 2, 2), (6, 5, 3), (5, 4, 4, 2)])
def test_array_gives_the_networks_scores(sizes):
    given = network(sizes)
    mapped = map_network(given)
    assert mapped.saturated == 0
    images = all_images(sizes[0])
    expected = software.run(given, images).scores
    for image, scores in zip(images.tolist(), expected.tolist(), strict=True):
        assert array_scores(mapped, image) == scores


@pytest.mark.parametrize("bias_columns", [0, 2, 4])
def test_software_view_is_what_a_saturated_array_gives(bias_columns):
    given = network((7, 12, 3), seed=5)
    mapped = map_network(given, bias_columns={"layer0": bias_columns})
    images = all_images(7)
    wanted = software.run(given, images).layer_bits[0]
    effective = software.run(mapped.software_view, images)
    for image, scores in zip(images.tolist(), effective.scores.tolist(), strict=True):
        assert array_scores(mapped, image) == scores
    differing = np.any(wanted != effective.layer_bits[0], axis=0)
    assert mapped.saturated == mapped.layers[0].saturated > 0
    assert differing.sum() == mapped.saturated  # a brute-force count: every image was tried
    assert mapped.network is given


def test_configuration():
    mapped = map_network(network((784, 1025, 1025, 10), spread=3), MacroConfig())
    first, second, last = mapped.config.layers
    assert [layer.name for layer in mapped.config.layers] == ["layer0", "layer1", "layer2"]
    assert (first.bias_columns, second.bias_columns, last.bias_columns) == (79, 102, 0)
    assert (first.fan_in, second.fan_in, last.fan_in) == (863, 1127, 1025)
    assert first.readout is second.readout is Readout.SIGN and last.readout is Readout.COUNT
    assert [layer.weights.shape for layer in mapped.layers] == [
        (1025, 863),
        (1025, 1127),
        (10, 1025),
    ]
    assert all(layer.weights.dtype == np.int8 for layer in mapped.layers)


@pytest.mark.parametrize(("inputs", "lowered"), [(5, 0), (6, 1)])
def test_offsets_make_up_for_the_parity_column(inputs, lowered):
    given = network((inputs, 3))
    offsets = map_network(given).config.offsets
    assert offsets == tuple(offset - lowered for offset in given.layers[0].offsets.tolist())


def test_arrays_of_the_test_chip_are_chained():
    mapped = map_network(network((16, 12, 4)), MACROS["test-chip"])
    assert mapped.saturated == 0
    assert [layer.config.fan_in for layer in mapped.layers] == [33, 13]
    assert [layer.config.chain for layer in mapped.layers] == [2, 1]
    assert [layer.weights.shape for layer in mapped.layers] == [(12, 33), (4, 13)]


def test_the_papers_widest_layer_maps():
    """25,137 inputs and the authors' 2,512 bias columns."""
    mapped = map_network(network((25_137, 3, 2), spread=3))
    wide = mapped.config.layers[0]
    assert (wide.fan_in, wide.chain, wide.macros, wide.arrays) == (27_649, 25, 1, 25)
    assert mapped.saturated == 0


def test_refuses():
    given = network((5, 4, 2))
    # 60,000 inputs and 6,001 bias columns are more than 57 arrays hold.
    with pytest.raises(
        InputError, match=r"^layer0: bit lines of 58 arrays: found 66816 bits on a bus, expected at"
    ):
        map_network(network((60_000, 1, 1)))
    with pytest.raises(InputError, match="layer0: bias_columns: found 3, expected an even integer"):
        map_network(given, bias_columns={"layer0": 3})
    for name in ("layer1", "first"):
        with pytest.raises(InputError, match=f"bias_columns: found '{name}', expected one of"):
            map_network(given, bias_columns={name: 2})


def test_weights_of_a_job_are_those_of_the_layers():
    mapped = map_network(network((7, 20, 3), seed=5))
    for layer, weights in zip(mapped.config.layers, mapped.weights, strict=True):
        assert weights.shape == (layer.neurons, layer.fan_in)
        assert set(np.unique(weights)) == {-1, 1}
