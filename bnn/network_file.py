"""The network file: a ``.npz`` archive with packed weights and a JSON description.

Format, version 1. ``meta``: UTF-8 JSON in a uint8 array,
``{"format": "popbridge-bnn", "version": 1, "name": str, "input": {"shape": [28, 28],
"threshold": 128}, "layers": [{"type": "dense", "inputs": N, "outputs": M}, ...]}``. Inputs of k
bits each, 2 to 8, have ``"bits": k`` in place of the threshold: see `Network`.
Per layer i: ``layer<i>_weights`` uint8 (M, ceil(N/8)), bit ``j % 8`` of byte ``j // 8`` is the
weight of input j (1 is +1, 0 is -1), the unused high bits of the last byte are 0; hidden layers
``layer<i>_threshold`` int32 (M,), the last layer ``layer<i>_offset`` int32 (M,). Nothing else: an
unknown field or array would mean something that this version does not compute.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..field_types import shown
from ..text_file import parse_json
from .archive import Archive, Header, open_archive, write_arrays
from .network import DenseLayer, Network, require_integer

FORMAT = "popbridge-bnn"
VERSION = 1
UNUSED_THRESHOLD = 128
"""Of a network whose inputs have several bits."""
MOST_WEIGHTS = 2**28
"""Of a file's network; each is a byte in memory."""
LARGEST_META_BYTES = 2**20


def write_network(network: Network, path: Path | str) -> None:
    """Write `network` to `path`, whole or not at all; the same network gives the same bytes.

    Raises
    ------
    InputError
        The file cannot be written; what stood there before is unchanged.
    """
    several = network.bits_per_input > 1
    kind = {"bits": network.bits_per_input} if several else {"threshold": network.input_threshold}
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "name": network.name,
        "input": {"shape": list(network.input_shape), **kind},
        "layers": [
            {"type": "dense", "inputs": layer.inputs, "outputs": layer.outputs}
            for layer in network.layers
        ],
    }
    arrays = {"meta": np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)}
    for name, layer in zip(network.layer_names, network.layers, strict=True):
        bits = (layer.weights > 0).astype(np.uint8)
        arrays[f"{name}_weights"] = np.packbits(bits, axis=1, bitorder="little")
        if layer.thresholds is not None:
            arrays[f"{name}_threshold"] = layer.thresholds
        if layer.offsets is not None:
            arrays[f"{name}_offset"] = layer.offsets
    write_arrays(Path(path), arrays)


def read_network(path: Path | str) -> Network:
    """Read and check a network file.

    Raises
    ------
    InputError
        Anything that breaks the format of this module's docstring. The message is one line: file,
        field, what was found, what was expected.
    """
    path = Path(path)
    with open_archive(path) as archive:
        try:
            return _network(archive)
        except InputError as error:
            place = "" if str(error).startswith(f"{path}: ") else f"{path}: "
            raise InputError(f"{place}{error}") from None


def _network(archive: Archive) -> Network:
    """The network of an open archive; no array is read before all that is declared fits."""
    meta = _checked_meta(archive)
    kinds = ["threshold"] * (len(meta["layers"]) - 1) + ["offset"]
    _require_names(archive, kinds)
    described = [*zip(meta["layers"], kinds, strict=True)]
    for i, (layer, kind) in enumerate(described):
        _require_layer(archive, f"layer{i}", kind, layer)
    layers = [
        _layer(archive, f"layer{i}", kind, layer["inputs"])
        for i, (layer, kind) in enumerate(described)
    ]
    given = meta["input"]
    threshold, bits = given.get("threshold", UNUSED_THRESHOLD), given.get("bits", 1)
    return Network(meta["name"], tuple(given["shape"]), threshold, tuple(layers), bits)


def _checked_meta(archive: Archive) -> dict[str, Any]:
    meta = _decoded_meta(archive)
    # Format and version first: another version may have other fields.
    for name, wanted in (("format", FORMAT), ("version", VERSION)):
        found = meta.get(name) if isinstance(meta, dict) else None
        if type(found) is not type(wanted) or found != wanted:
            raise InputError(f"meta.{name}: found {shown(found)}, expected {wanted!r}")
    _require_fields("meta", meta, ("format", "version", "name", "input", "layers"))
    kind = "bits" if isinstance(meta["input"], dict) and "bits" in meta["input"] else "threshold"
    _require_fields("meta.input", meta["input"], ("shape", kind))
    if kind == "bits":
        require_integer("meta.input.bits", meta["input"]["bits"], 2, 8)
    if not isinstance(meta["input"]["shape"], list):
        found = shown(meta["input"]["shape"])
        raise InputError(f"meta.input.shape: found {found}, expected a list of integers")
    if not isinstance(meta["layers"], list) or not meta["layers"]:
        found = shown(meta["layers"])
        raise InputError(f"meta.layers: found {found}, expected a list of at least one layer")
    for i, layer in enumerate(meta["layers"]):
        _check_layer_meta(f"meta.layers[{i}]", layer)
    weights = sum(layer["inputs"] * layer["outputs"] for layer in meta["layers"])
    if weights > MOST_WEIGHTS:
        raise InputError(f"meta.layers: found {weights} weights, expected at most {MOST_WEIGHTS}")
    return meta


def _decoded_meta(archive: Archive) -> Any:
    header = archive.headers.get("meta")
    if header is None:
        raise InputError(f"meta: found only {sorted(archive.headers)}, expected this array too")
    if header.dtype != np.uint8 or len(header.shape) != 1:
        raise InputError(
            f"meta: found {header.dtype} of shape {header.shape}, expected uint8 of one dimension"
        )
    if header.nbytes > LARGEST_META_BYTES:
        raise InputError(
            f"meta: found {header.nbytes} bytes, expected at most {LARGEST_META_BYTES}"
        )
    try:
        return parse_json(archive.read("meta").tobytes())
    except InputError as error:
        raise InputError(f"meta: {error}, expected UTF-8 JSON") from None


def _require_fields(where: str, value: Any, names: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where}: found {shown(value)}, expected an object")
    if set(value) != set(names):
        raise InputError(f"{where}: found the fields {sorted(value)}, expected {sorted(names)}")


def _check_layer_meta(where: str, layer: Any) -> None:
    kind = layer.get("type") if isinstance(layer, dict) else layer
    if kind != "dense":
        raise InputError(f"{where}.type: found {shown(kind)}, expected 'dense'")
    _require_fields(where, layer, ("type", "inputs", "outputs"))
    require_integer(f"{where}.inputs", layer["inputs"], 1)
    require_integer(f"{where}.outputs", layer["outputs"], 1)


def _require_names(archive: Archive, kinds: list[str]) -> None:
    expected = ["meta"]
    for i, kind in enumerate(kinds):
        expected += [f"layer{i}_weights", f"layer{i}_{kind}"]
    for name in expected:
        if name not in archive.headers:
            raise InputError(f"{name}: found no such array, expected one")
    extra = sorted(set(archive.headers) - set(expected))
    if extra:
        raise InputError(f"{extra[0]}: found this array, expected only {expected}")


def _require_layer(archive: Archive, name: str, kind: str, described: dict[str, int]) -> None:
    """The arrays of a layer are declared as the layer is described."""
    inputs, outputs = described["inputs"], described["outputs"]
    expected: dict[str, tuple[np.dtype, tuple[int, ...]]] = {
        f"{name}_{kind}": (np.dtype(np.int32), (outputs,)),
        f"{name}_weights": (np.dtype(np.uint8), (outputs, -(-inputs // 8))),
    }
    for array, (dtype, shape) in expected.items():
        _require_kind(array, archive.headers[array], dtype, shape)


def _require_kind(name: str, header: Header, kind: np.dtype, shape: tuple[int, ...]) -> None:
    if header.dtype != kind or header.shape != shape:
        raise InputError(
            f"{name}: found {header.dtype} of shape {header.shape}, expected {kind} of shape "
            f"{shape}"
        )


def _layer(archive: Archive, name: str, kind: str, inputs: int) -> DenseLayer:
    values = archive.read(f"{name}_{kind}")
    weights = _unpacked(f"{name}_weights", archive.read(f"{name}_weights"), inputs)
    try:
        return DenseLayer(weights, **{f"{kind}s": values})
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _unpacked(name: str, packed: np.ndarray, inputs: int) -> np.ndarray:
    if inputs % 8 and np.any(packed[:, -1] >> (inputs % 8)):
        raise InputError(
            f"{name}: found ones in the unused high bits of a row's last byte, expected 0 "
            "(bits are packed little-endian)"
        )
    bits = np.unpackbits(packed, axis=1, count=inputs, bitorder="little")
    signs: np.ndarray = bits.view(np.int8)
    signs *= 2
    signs -= 1
    return signs
