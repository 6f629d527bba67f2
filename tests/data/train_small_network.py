"""How mnist_784_32_10.npz was made: ``python train_small_network.py FOLDER-OF-MNIST OUTPUT``.

A binarized network small enough that its gates are simulated in seconds, trained on the 60,000
training images with NumPy alone: latent weights and straight-through signs after Courbariaux et
al. 2016 (arXiv 1602.02830), Adam with its usual constants.
"""

import sys
from pathlib import Path

import numpy as np

from popbridge.bnn import software
from popbridge.bnn.idx import read_idx
from popbridge.bnn.images import input_bits
from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import write_network
from popbridge.bnn.thresholds import hidden_bias_columns

HIDDEN, CLASSES, EPOCHS, BATCH, RATE, SEED = 32, 10, 12, 100, 0.003, 1
SCORE_SCALE = 0.4
"""Of the scores before the softmax."""


def signs(values):
    return np.where(values >= 0, np.float32(1), np.float32(-1))


class Adam:
    """Steps of one array's gradient."""

    def __init__(self, values):
        self.values, self.mean, self.square = values, 0 * values, 0 * values
        self.steps = 0

    def step(self, gradient, rate):
        self.steps += 1
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.001 * (gradient**2 - self.square)
        mean = self.mean / (1 - 0.9**self.steps)
        square = self.square / (1 - 0.999**self.steps)
        self.values -= (rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)


def train(inputs, labels):
    """Latent weights, thresholds and offsets from inputs of +-1 and labels."""
    draw = np.random.default_rng(SEED)
    sizes = ((inputs.shape[1], HIDDEN), (HIDDEN, CLASSES))
    first, last = (draw.uniform(-0.1, 0.1, size).astype(np.float32) for size in sizes)
    reach = hidden_bias_columns(inputs.shape[1]) - 1
    thresholds = np.clip(np.median(inputs[:2000] @ signs(first), axis=0), -reach, reach)
    offsets = np.zeros(CLASSES, np.float32)
    slope = np.float32(np.sqrt(inputs.shape[1]))
    steps = [Adam(values) for values in (first, last, thresholds, offsets)]
    for epoch in range(EPOCHS):
        order = draw.permutation(len(inputs))
        rate = RATE * (1 - epoch / EPOCHS)
        for batch in order.reshape(-1, BATCH):
            x, weights, final = inputs[batch], signs(first), signs(last)
            sums = (x @ weights - thresholds) / slope
            hidden = signs(sums)
            scores = SCORE_SCALE * (hidden @ final + offsets)
            share = np.exp(scores - scores.max(axis=1, keepdims=True))
            share /= share.sum(axis=1, keepdims=True)
            share[np.arange(BATCH), labels[batch]] -= 1
            share *= SCORE_SCALE / BATCH
            back = (share @ final.T) * (np.abs(sums) <= 1)
            for adam, gradient, speed in zip(
                steps,
                (x.T @ back, hidden.T @ share, -back.sum(axis=0), share.sum(axis=0)),
                (rate, rate, 100 * rate, 10 * rate),
                strict=True,
            ):
                adam.step(gradient, speed)
            for latent in (first, last):
                np.clip(latent, -1, 1, out=latent)
            np.clip(thresholds, -reach, reach, out=thresholds)
    return first, last, thresholds, offsets


def main(folder, output):
    pixels = read_idx(folder / "train-images-idx3-ubyte.gz")
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz")
    bits = (pixels.reshape(len(pixels), -1) >= 128).view(np.uint8)
    first, last, thresholds, offsets = train(2 * bits.astype(np.float32) - 1, labels)
    network = Network(
        "mnist-784-32-10",
        pixels.shape[1:],
        128,
        (
            DenseLayer(
                signs(first.T).astype(np.int8), thresholds=np.rint(thresholds).astype(np.int32)
            ),
            DenseLayer(signs(last.T).astype(np.int8), offsets=np.rint(offsets).astype(np.int32)),
        ),
    )
    for kind in ("train", "t10k"):
        images = read_idx(folder / f"{kind}-images-idx3-ubyte.gz")
        found = software.run(network, input_bits(images, network))
        wanted = read_idx(folder / f"{kind}-labels-idx1-ubyte.gz")
        print(f"{kind}: {software.accuracy(found.classes, wanted):.2%}")
    write_network(network, output)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
