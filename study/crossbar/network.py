"""A whole network on current-summing crossbars, beside `montecarlo` for the bridge."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...behav.crossbar.layer import CrossbarLayer
from ...behav.parameters.crossbar import CrossbarParameters
from ...hdl.config import ArrayGroup, NetworkConfig, Readout
from ...sim.job import Job

SCORE_STEP = 2.0**-12
"""Of a score: far below any current that tells, and far above rounding, which must not break the
ties of equal devices."""


def crossbar_layers(job: Job) -> list[CrossbarLayer]:
    """The layers of a job with a chip as crossbars: its devices, transistors and wire per cell."""
    assert job.chip is not None  # an ideal chip has no devices
    parameters = CrossbarParameters.like(job.parameters.bridge)
    return [CrossbarLayer(drawn, parameters) for drawn in job.drawn_layers]


def driven_signs(config: ArrayGroup, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Inputs of a layer's cells, (K, n) of +1 and -1, from bits (K, N); bias columns are +1."""
    signs = np.ones((len(bits), config.fan_in))
    signs[:, : config.inputs] = 2.0 * bits - 1
    return signs


def crossbar_classes(
    layers: Sequence[CrossbarLayer], config: NetworkConfig, images: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Run images, bits (K, N), through all layers; classes (K,), each the first largest score.

    The last layer's scores are the differences of current in those of one nominal weight, with the
    offsets added: a digitiser without error is assumed, in steps of `SCORE_STEP`.
    """
    bits = images
    for layer in layers:
        inputs = driven_signs(layer.config, bits)
        if layer.config.readout is Readout.COUNT:
            scores = np.round(layer.scores(inputs) / SCORE_STEP) * SCORE_STEP
            return (scores + np.array(config.offsets)).argmax(axis=1)
        bits = layer.signs(inputs).astype(np.uint8)
    raise AssertionError("the last layer of a network reads counts")
