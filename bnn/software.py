"""The software reference: what a network gives on bits, in exact integers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .network import DenseLayer, Network

CHUNK = 512
"""Images at a time: bounds the memory of the float copies of a layer's inputs and sums, and keeps
them in the cache."""


def layer_sums(layer: DenseLayer, bits: np.ndarray, input_top: int = 1) -> np.ndarray:
    """The sums s of all neurons, without threshold or offset.

    Parameters
    ----------
    layer : DenseLayer
        M neurons of N inputs.
    bits : uint8 (K, N)
        K images; 1 means +1, 0 means -1. In general v counts 2v - `input_top`.
    input_top : int
        `Network.input_top` in the first layer, 1 in the others.

    Returns
    -------
    int32 (K, M)

    Raises
    ------
    InputError
        `bits` has another type or shape.
    """
    sums = np.empty((len(bits), layer.outputs), dtype=np.int32)
    for part, chunk in _chunks(layer, bits, input_top):
        sums[part] = chunk
    return sums


def layer_outputs(layer: DenseLayer, bits: np.ndarray, input_top: int = 1) -> np.ndarray:
    """The outputs of a hidden layer: uint8 (K, M), 1 iff s >= threshold; see `layer_sums`.

    Raises
    ------
    InputError
        `bits` has another type or shape, or the layer has no thresholds.
    """
    if layer.thresholds is None:
        raise InputError("layer: found no thresholds, expected a hidden layer")
    # Clipped to just beyond every sum, a threshold keeps its meaning and is exact as a float.
    reach = input_top * layer.inputs + 1
    thresholds = np.clip(layer.thresholds, -reach, reach).astype(layer.float_weights.dtype)
    outputs = np.empty((len(bits), layer.outputs), dtype=np.bool_)
    for part, chunk in _chunks(layer, bits, input_top):
        np.greater_equal(chunk, thresholds, out=outputs[part])
    return outputs.view(np.uint8)


def layer_scores(layer: DenseLayer, bits: np.ndarray, input_top: int = 1) -> np.ndarray:
    """The scores of a last layer: int32 (K, M), s + offset; see `layer_sums`.

    Raises
    ------
    InputError
        `bits` has another type or shape, or the layer has no offsets.
    """
    if layer.offsets is None:
        raise InputError("layer: found no offsets, expected a last layer")
    return layer_sums(layer, bits, input_top) + layer.offsets


def _chunks(
    layer: DenseLayer, bits: np.ndarray, input_top: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """The sums of consecutive images (float), in a buffer that the next chunk overwrites."""
    if bits.dtype != np.uint8 or bits.ndim != 2 or bits.shape[1] != layer.inputs:
        raise InputError(
            f"bits: found {bits.dtype} of shape {bits.shape}, "
            f"expected uint8 of shape (images, {layer.inputs})"
        )
    # Exact: every product is an integer of magnitude at most T, so each partial sum, in whatever
    # order and with or without fused multiply-add, is one of at most T N. `float_weights` has a
    # type in which all integers up to 255 N are representable (float32 up to 2^24): nothing rounds.
    kind = layer.float_weights.dtype
    most = min(CHUNK, len(bits))
    inputs = np.empty((most, layer.inputs), dtype=kind)
    sums = np.empty((most, layer.outputs), dtype=kind)
    for first in range(0, len(bits), CHUNK):
        part = slice(first, min(first + CHUNK, len(bits)))
        count = part.stop - first
        np.multiply(bits[part], 2, out=inputs[:count], dtype=kind)
        inputs[:count] -= input_top
        np.matmul(inputs[:count], layer.float_weights, out=sums[:count])
        yield part, sums[:count]


@dataclass(frozen=True, eq=False)
class SoftwareResult:
    """What the reference gives on K images."""

    layer_bits: tuple[np.ndarray, ...]
    """Per hidden layer uint8 (K, M)."""
    scores: np.ndarray
    """int32 (K, classes)."""
    classes: np.ndarray
    """intp (K,), the first largest score."""


def run(network: Network, bits: np.ndarray) -> SoftwareResult:
    """Run `network` on input bits, uint8 (K, N).

    Raises
    ------
    InputError
        `bits` has another type or shape.
    """
    layer_bits = []
    input_top = network.input_top
    for layer in network.layers[:-1]:
        bits = layer_outputs(layer, bits, input_top)
        layer_bits.append(bits)
        input_top = 1
    scores = layer_scores(network.layers[-1], bits, input_top)
    return SoftwareResult(tuple(layer_bits), scores, np.argmax(scores, axis=1))


def neurons_differing(
    network: Network,
    inputs: Sequence[np.ndarray],
    answers: Sequence[np.ndarray],
    scores: np.ndarray,
) -> list[np.ndarray]:
    """How often each neuron differs from the reference fed with the same inputs.

    Parameters
    ----------
    network : Network
    inputs : sequence of uint8 (K, N)
        Per layer, the bits that it was given.
    answers : sequence of integer (K, M)
        Per hidden layer, its bits; further entries are not looked at.
    scores : integer (K, classes)
        The last layer's, offsets included.

    Returns
    -------
    list of int64 (M,)
        Per layer.
    """
    tops = [network.input_top, *[1] * (len(network.layers) - 1)]
    counts = [
        np.count_nonzero(layer_outputs(layer, bits, top) != given, axis=0)
        for layer, bits, given, top in zip(network.layers[:-1], inputs, answers, tops, strict=False)
    ]
    last = layer_scores(network.layers[-1], inputs[-1], tops[-1])
    return [*counts, np.count_nonzero(last != scores, axis=0)]


def accuracy(classes: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of `classes` (K,) that equal `labels` (K,)."""
    return float(np.mean(classes == labels))
