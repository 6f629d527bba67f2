"""The bench's network: written and read as docs/network.md has it, and its dot products.

Like all of this folder it imports nothing of the package: an integrator has the documents only.
"""

import json
from dataclasses import dataclass

import numpy as np


def write_network(path, shape, kind, weights, thresholds, offsets):
    """Write a network file; `kind` is its threshold or bits, as a dict."""
    layers = [{"type": "dense", "inputs": w.shape[1], "outputs": w.shape[0]} for w in weights]
    meta = {"format": "popbridge-bnn", "version": 1, "name": "integrated",
            "input": {"shape": shape, **kind}, "layers": layers}  # fmt: skip
    arrays = {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}
    for i, matrix in enumerate(weights):
        arrays[f"layer{i}_weights"] = np.packbits(matrix > 0, axis=1, bitorder="little")
    for i, values in enumerate(thresholds):
        arrays[f"layer{i}_threshold"] = np.asarray(values, np.int32)
    arrays[f"layer{len(weights) - 1}_offset"] = np.asarray(offsets, np.int32)
    np.savez(path, **arrays)


@dataclass(frozen=True)
class Reference:
    """What a network file says."""

    bits: int
    threshold: int
    weights: list
    thresholds: list
    offsets: np.ndarray

    @property
    def inputs(self):
        return self.weights[0].shape[1]

    def image_word(self, pixels):
        """The image as one number, its bit 0 first on the stream."""
        if self.bits == 1:
            values = [int(pixel >= self.threshold) for pixel in pixels]
        else:
            values = [int(pixel) >> (8 - self.bits) for pixel in pixels]
        return sum(value << self.bits * j for j, value in enumerate(values))

    def packet(self, pixels):
        """The result of an image: class, then scores."""
        if self.bits == 1:
            x = np.where(np.asarray(pixels) >= self.threshold, 1, -1)
        else:
            x = 2 * (np.asarray(pixels, dtype=int) >> (8 - self.bits)) - (2**self.bits - 1)
        for matrix, thresholds in zip(self.weights, self.thresholds, strict=False):
            x = np.where(matrix @ x >= thresholds, 1, -1)
        scores = self.weights[-1] @ x + self.offsets
        return [int(np.argmax(scores)), *map(int, scores)]


def read_network(path):
    """Read a network file."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    meta = json.loads(arrays["meta"].tobytes().decode())
    layers, given = meta["layers"], meta["input"]
    weights = [
        2 * np.unpackbits(arrays[f"layer{i}_weights"], axis=1, count=layer["inputs"],
                          bitorder="little").astype(int) - 1
        for i, layer in enumerate(layers)
    ]  # fmt: skip
    return Reference(
        bits=given.get("bits", 1),
        threshold=given.get("threshold", 0),
        weights=weights,
        thresholds=[arrays[f"layer{i}_threshold"] for i in range(len(layers) - 1)],
        offsets=arrays[f"layer{len(layers) - 1}_offset"],
    )
