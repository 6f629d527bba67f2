"""The network file, against bytes written by hand."""

import io
import json
import re
import stat
import zipfile

import numpy as np
import pytest

from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import read_network, write_network
from popbridge.errors import InputError

META = {
    "format": "popbridge-bnn",
    "version": 1,
    "name": "by hand",
    "input": {"shape": [3, 3], "threshold": 7},
    "layers": [
        {"type": "dense", "inputs": 9, "outputs": 2},
        {"type": "dense", "inputs": 2, "outputs": 3},
    ],
}
# Row 0: inputs 0, 3 and 8 are +1. Row 1: inputs 1, 2, 4, 5, 6, 7 are +1.
PACKED = {
    "layer0_weights": np.array([[0b00001001, 1], [0b11110110, 0]], dtype=np.uint8),
    "layer0_threshold": np.array([3, -1], dtype=np.int32),
    "layer1_weights": np.array([[0], [1], [2]], dtype=np.uint8),
    "layer1_offset": np.array([-5, 0, 5], dtype=np.int32),
}
WEIGHTS = [
    [[1, -1, -1, 1, -1, -1, -1, -1, 1], [-1, 1, 1, -1, 1, 1, 1, 1, -1]],
    [[-1, -1], [1, -1], [-1, 1]],
]


def meta_array(meta):
    text = meta if isinstance(meta, bytes) else json.dumps(meta).encode()
    return np.frombuffer(text, dtype=np.uint8)


def contents(meta=None, **changes):
    arrays = {"meta": meta_array(META if meta is None else meta), **PACKED, **changes}
    return {name: array for name, array in arrays.items() if array is not None}


def changed(**changes):
    return contents(meta={**META, **changes})


def changed_layer(**changes):
    return changed(layers=[{**META["layers"][0], **changes}, META["layers"][1]])


def test_reads_bytes_written_by_hand(tmp_path):
    path = tmp_path / "n.npz"
    np.savez(path, **contents())
    network = read_network(path)
    assert (network.name, network.input_shape, network.input_threshold) == ("by hand", (3, 3), 7)
    assert [layer.weights.tolist() for layer in network.layers] == WEIGHTS
    assert network.layers[0].thresholds.tolist() == [3, -1]
    assert network.layers[1].offsets.tolist() == [-5, 0, 5]
    assert network.layers[0].offsets is None and network.layers[1].thresholds is None


def by_hand():
    hidden = DenseLayer(np.array(WEIGHTS[0], np.int8), thresholds=PACKED["layer0_threshold"])
    last = DenseLayer(np.array(WEIGHTS[1], np.int8), offsets=PACKED["layer1_offset"])
    return Network("by hand", (3, 3), 7, (hidden, last))


def test_writes_the_same_arrays(tmp_path):
    write_network(by_hand(), tmp_path / "n.npz")
    written = dict(np.load(tmp_path / "n.npz", allow_pickle=False))
    assert json.loads(written.pop("meta").tobytes()) == META
    assert written.keys() == PACKED.keys()
    for name, array in PACKED.items():
        assert written[name].dtype == array.dtype and np.array_equal(written[name], array), name


def test_same_network_same_bytes_and_ordinary_permissions(tmp_path):
    paths = [tmp_path / "first", tmp_path / "second"]
    for path in paths:
        write_network(by_hand(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(paths[0].stat().st_mode) == stat.S_IMODE(
        (tmp_path / "plain").stat().st_mode
    )


def test_writing_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "n.npz"
    path.write_bytes(b"before")

    def fail(stream, **arrays):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(InputError, match=r"n\.npz: found No space left on device, expected a path"):
        write_network(by_hand(), path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_into_no_folder(tmp_path):
    with pytest.raises(InputError, match="found No such file or directory, expected a path"):
        write_network(by_hand(), tmp_path / "none" / "n.npz")


FOUND_LAYERS = "meta.layers[0]: found the fields ['inputs', 'outputs', 'stride', 'type']"

BROKEN = {
    "no meta": (contents() | {"meta": None}, "meta: found only ['layer0_threshold', "),
    "meta dtype": (
        contents() | {"meta": np.zeros(3)},
        "meta: found float64 of shape (3,), expected uint8 of one dimension",
    ),
    "meta no text": (contents(meta=b"\xff\xfe"), "meta: found bytes that are no UTF-8"),
    "meta no JSON": (contents(meta=b"{"), "meta: found no whole JSON (Expecting property name"),
    "meta deep": (contents(meta=b"[" * 100_000), "meta: found "),
    "meta a list": (contents(meta=[1]), "meta.format: found None, expected 'popbridge-bnn'"),
    "format": (changed(format="other"), "meta.format: found 'other', expected 'popbridge-bnn'"),
    "version": (changed(version=2), "meta.version: found 2, expected 1"),
    "version kind": (changed(version=True), "meta.version: found True, expected 1"),
    "unknown field": (changed(extra=0), "meta: found the fields ['extra', 'format', "),
    "name": (changed(name=3), "name: found 3, expected one line of printable text"),
    "input": (changed(input=[3, 3]), "meta.input: found [3, 3], expected an object"),
    "input field": (changed(input={"shape": [9]}), "meta.input: found the fields ['shape']"),
    "shape kind": (
        changed(input={"shape": 9, "threshold": 1}),
        "meta.input.shape: found 9, expected a list of integers",
    ),
    "shape value": (
        changed(input={"shape": [3, 3.0], "threshold": 1}),
        "input.shape: found 3.0, expected an integer of at least 1",
    ),
    "shape product": (
        changed(input={"shape": [3, 4], "threshold": 1}),
        "input.shape: found [3, 4], 12 pixels, expected 9, the inputs of layer0",
    ),
    "threshold": (
        changed(input={"shape": [9], "threshold": 1.5}),
        "input.threshold: found 1.5, expected an integer from 0 to 255",
    ),
    "no layers": (changed(layers=[]), "meta.layers: found [], expected a list of at least one"),
    "layers kind": (changed(layers={}), "meta.layers: found {}, expected a list of at least one"),
    "layer kind": (changed(layers=["dense"]), "meta.layers[0]: found 'dense', expected an object"),
    "layer type": (
        changed_layer(type="conv"),
        "meta.layers[0].type: found 'conv', expected 'dense'",
    ),
    "layer field": (changed_layer(stride=1), FOUND_LAYERS),
    "inputs kind": (
        changed_layer(inputs="9"),
        "meta.layers[0].inputs: found '9', expected an integer of at least 1",
    ),
    "outputs": (
        changed_layer(outputs=0),
        "meta.layers[0].outputs: found 0, expected an integer of at least 1",
    ),
    "no weights": (
        contents(layer1_weights=None),
        "layer1_weights: found no such array, expected one",
    ),
    "no offset": (contents(layer1_offset=None), "layer1_offset: found no such array, expected one"),
    "extra array": (
        contents(layer1_threshold=np.zeros(3, np.int32)),
        "layer1_threshold: found this array, expected only ['meta', ",
    ),
    "weights dtype": (
        contents(layer1_weights=np.zeros((3, 1), np.int8)),
        "layer1_weights: found int8 of shape (3, 1), expected uint8 of shape (3, 1)",
    ),
    "weights shape": (
        contents(layer0_weights=np.zeros((2, 9), np.uint8)),
        "layer0_weights: found uint8 of shape (2, 9), expected uint8 of shape (2, 2)",
    ),
    "threshold dtype": (
        contents(layer0_threshold=np.zeros(2)),
        "layer0_threshold: found float64 of shape (2,), expected int32 of shape (2,)",
    ),
    "threshold order": (
        contents(layer0_threshold=np.zeros(2, ">i4")),
        "layer0_threshold: found >i4 of shape (2,), expected int32 of shape (2,)",
    ),
    "offset shape": (
        contents(layer1_offset=np.zeros((3, 1), np.int32)),
        "layer1_offset: found int32 of shape (3, 1), expected int32 of shape (3,)",
    ),
    "offset size": (
        contents(layer1_offset=np.full(3, 2**31 - 1, np.int32)),
        "layer1: offsets: found 2147483647, expected integers from -2147483643 to 2147483645",
    ),
    "padding": (
        contents(layer0_weights=np.array([[9, 0x81], [0, 0]], np.uint8)),
        "layer0_weights: found ones in the unused high bits of a row's last byte, expected 0",
    ),
    "chain": (
        changed(layers=[META["layers"][0], {"type": "dense", "inputs": 3, "outputs": 3}]),
        "layer1: found 3 inputs, expected 2, the outputs of layer0",
    ),
}


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_network(path)
    message = str(caught.value)
    assert "\n" not in message and "expected" in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("arrays", "message"), BROKEN.values(), ids=BROKEN)
def test_refuses_broken_content(tmp_path, arrays, message):
    path = tmp_path / "n.npz"
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    assert refusal(path).startswith(message)


def good_bytes():
    stream = io.BytesIO()
    np.savez(stream, **contents())
    return stream.getvalue()


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def damaged_member():
    content = bytearray(good_bytes())
    place = content.find(b"\x93NUMPY") + 100
    content[place] ^= 0xFF
    return bytes(content)


NO_ARCHIVES = {
    "empty": (b"", "found no complete zip archive, expected a .npz file"),
    "text": (b"no network", "found no complete zip archive"),
    "truncated": (good_bytes()[:-30], "found no complete zip archive"),
    "damaged": (damaged_member(), "meta: found "),
    "no array": (zipped(meta=b"{}"), "meta: found a member without .npy header"),
    "bad header": (zipped(meta__npy=b"\x93NUMPY\x01\x00\x05\x00{'a'\n"), "meta: found "),
}


@pytest.mark.parametrize(("content", "message"), NO_ARCHIVES.values(), ids=NO_ARCHIVES)
def test_refuses_what_is_no_archive(tmp_path, content, message):
    path = tmp_path / "n.npz"
    path.write_bytes(content)
    assert refusal(path).startswith(message)


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "n.npz"
    content = good_bytes()
    for length in range(0, len(content), 17):
        path.write_bytes(content[:length])
        refusal(path)


def test_refuses_pickled_arrays(tmp_path):
    path = tmp_path / "n.npz"
    np.savez(path, **contents(layer0_threshold=np.array([1, "two"], dtype=object)))
    assert refusal(path).startswith("layer0_threshold: found Python objects or records")


def test_refuses_one_name_twice(tmp_path):
    path = tmp_path / "n.npz"
    np.savez(path, **contents())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("meta.npy", b"")
    assert "expected each name once" in refusal(path)


def test_refuses_no_file(tmp_path):
    assert refusal(tmp_path / "none.npz") == "found no such file, expected a .npz file"
    assert refusal(tmp_path) == "found no such file, expected a .npz file"


@pytest.mark.parametrize("inputs", [1, 7, 8, 9, 16, 17])
def test_round_trip(tmp_path, inputs):
    random = np.random.default_rng(inputs)
    weights = random.choice(np.array([-1, 1], np.int8), size=(5, inputs))
    offsets = random.integers(-9, 9, 5, dtype=np.int32)
    layer = DenseLayer(weights, offsets=offsets)
    write_network(Network("n", (inputs,), 0, (layer,)), tmp_path / "n.npz")
    (found,) = read_network(tmp_path / "n.npz").layers
    assert np.array_equal(found.weights, weights) and np.array_equal(found.offsets, offsets)


def test_inputs_of_several_bits(tmp_path):
    path = tmp_path / "n.npz"
    np.savez(path, **changed(input={"shape": [3, 3], "bits": 4}))
    network = read_network(path)
    assert (network.bits_per_input, network.input_top) == (4, 15)
    write_network(network, tmp_path / "again.npz")
    written = np.load(tmp_path / "again.npz", allow_pickle=False)["meta"]
    assert json.loads(written.tobytes())["input"] == {"shape": [3, 3], "bits": 4}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shape": [3, 3], "bits": 1}, "meta.input.bits: found 1, expected an integer from 2 to 8"),
        ({"shape": [3, 3], "bits": 9}, "meta.input.bits: found 9, expected an integer from 2 to 8"),
        ({"shape": [3, 3], "bits": "4"}, "meta.input.bits: found '4', expected an integer from 2"),
        ({"shape": [3, 3], "bits": 4, "threshold": 7}, "meta.input: found the fields"),
    ],
)
def test_bad_bits_of_inputs(tmp_path, given, message):
    path = tmp_path / "n.npz"
    np.savez(path, **changed(input=given))
    with pytest.raises(InputError, match=re.escape(message)):
        read_network(path)
