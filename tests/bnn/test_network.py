"""A network checks its parts."""

import numpy as np
import pytest

from popbridge.bnn.network import DenseLayer, Network
from popbridge.errors import InputError

WEIGHTS = np.array([[1, -1, 1], [-1, -1, 1]], dtype=np.int8)
VALUES = np.array([0, 2], dtype=np.int32)

BAD_LAYERS = {
    "list": (dict(weights=[[1]], offsets=VALUES), "weights: found list, expected a NumPy array"),
    "dtype": (
        dict(weights=WEIGHTS.astype(np.int16), offsets=VALUES),
        "weights: found dtype int16, expected int8",
    ),
    "dimensions": (
        dict(weights=WEIGHTS[0], offsets=VALUES),
        "weights: found shape (3,), expected 2 dimensions, none of size 0",
    ),
    "empty": (
        dict(weights=WEIGHTS[:, :0], offsets=VALUES),
        "weights: found shape (2, 0), expected 2 dimensions, none of size 0",
    ),
    "values": (
        dict(weights=WEIGHTS * 0, offsets=VALUES),
        "weights: found values other than -1 and +1, expected only these",
    ),
    "neither": (
        dict(weights=WEIGHTS),
        "layer: found neither, expected either thresholds or offsets",
    ),
    "both": (
        dict(weights=WEIGHTS, thresholds=VALUES, offsets=VALUES),
        "layer: found both, expected either thresholds or offsets",
    ),
    "threshold dtype": (
        dict(weights=WEIGHTS, thresholds=VALUES.astype(np.int64)),
        "thresholds: found dtype int64, expected int32",
    ),
    "offset shape": (
        dict(weights=WEIGHTS, offsets=VALUES[:1]),
        "offsets: found shape (1,), expected (2,)",
    ),
    "offset size": (
        dict(weights=WEIGHTS, offsets=np.array([0, -(2**31)], dtype=np.int32)),
        "offsets: found -2147483648, expected integers from -2147483644 to 2147483644, "
        "so that every score fits 32 bits",
    ),
}


@pytest.mark.parametrize(("fields", "message"), BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_layer_refuses(fields, message):
    with pytest.raises(InputError) as caught:
        DenseLayer(**fields)
    assert str(caught.value) == message


HIDDEN = DenseLayer(WEIGHTS, thresholds=VALUES)
LAST = DenseLayer(WEIGHTS[:, :2], offsets=VALUES)

BAD_NETWORKS = {
    "name": (
        dict(name="two\nlines"),
        "name: found 'two\\nlines', expected one line of printable text",
    ),
    "no name": (dict(name=""), "name: found '', expected one line of printable text"),
    "threshold": (
        dict(input_threshold=256),
        "input.threshold: found 256, expected an integer from 0 to 255",
    ),
    "threshold kind": (
        dict(input_threshold=True),
        "input.threshold: found True, expected an integer from 0 to 255",
    ),
    "no shape": (dict(input_shape=()), "input.shape: found (), expected at least one size"),
    "shape value": (
        dict(input_shape=(3, 0)),
        "input.shape: found 0, expected an integer of at least 1",
    ),
    "many dimensions": (
        dict(input_shape=(1,) * 64 + (3,)),
        "input.shape: found 65 dimensions, expected at most 32",
    ),
    "shape product": (
        dict(input_shape=(2, 2)),
        "input.shape: found [2, 2], 4 pixels, expected 3, the inputs of layer0",
    ),
    "no layers": (dict(layers=()), "layers: found (), expected at least one layer"),
    "chain": (
        dict(layers=(HIDDEN, HIDDEN)),
        "layer1: found 3 inputs, expected 2, the outputs of layer0",
    ),
    "roles": (
        dict(layers=(HIDDEN,)),
        "layer0: found thresholds, expected offsets in the last layer",
    ),
    "hidden role": (
        dict(layers=(DenseLayer(WEIGHTS, offsets=VALUES), LAST)),
        "layer0: found offsets, expected thresholds before the last layer",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD_NETWORKS.values(), ids=BAD_NETWORKS)
def test_network_refuses(changes, message):
    fields = dict(name="n", input_shape=(1, 3), input_threshold=128, layers=(HIDDEN, LAST))
    Network(**fields)
    with pytest.raises(InputError) as caught:
        Network(**{**fields, **changes})
    assert str(caught.value) == message


def test_a_network_keeps_its_own_read_only_arrays():
    weights = WEIGHTS.copy()
    layer = DenseLayer(weights, thresholds=VALUES)
    weights[0, 0] = -1
    assert layer.weights[0, 0] == 1
    with pytest.raises(ValueError):
        layer.weights[0, 0] = -1


def test_sizes_and_names():
    network = Network("n", (3,), 1, (HIDDEN, LAST))
    assert network.layer_names == ("layer0", "layer1")
    assert (network.inputs, network.classes) == (3, 2)
    assert (HIDDEN.inputs, HIDDEN.outputs) == (3, 2)
