"""Resistances of a layer's ReRAM devices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..hdl.config import LayerConfig
from .draws import Domain, DrawStream
from .params import DeviceParameters


def draw_resistances_ohm(
    config: LayerConfig,
    weights: NDArray[np.int8],
    parameters: DeviceParameters,
    chip: int,
    layer: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One draw of every device of a layer, after programming.

    A device's standard normal deviate belongs to its place (macro, row, column, top or bottom), so
    that the draw of a chip does not depend on the weights or on the size of the layer.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        +1: top device (to BL) in the low-resistance state, bottom device (to BLb) in the high; -1
        the reverse [P].
    chip, layer : int
        Keys of the draw.

    Returns
    -------
    top_ohm, bottom_ohm : ndarray of float64, shape (M, n)
    """
    deviates = _draw_deviates(config, chip, layer)
    positive = weights > 0
    return (
        _resistances_ohm(deviates[:, :, 0], positive, parameters),
        _resistances_ohm(deviates[:, :, 1], ~positive, parameters),
    )


def _draw_deviates(config: LayerConfig, chip: int, layer: int) -> NDArray[np.float64]:
    stream = DrawStream(chip, Domain.DEVICE, layer)
    deviates = np.empty((config.neurons, config.fan_in, 2))
    for neuron in range(config.neurons):
        macro, row = divmod(neuron, config.rows_used)
        stream.at(macro, row).standard_normal(out=deviates[neuron])
    return deviates


def _resistances_ohm(
    deviates: NDArray[np.float64], low: NDArray[np.bool_], parameters: DeviceParameters
) -> NDArray[np.float64]:
    sigma_ln = np.where(low, parameters.lrs_sigma_ln, parameters.hrs_sigma_ln)
    median_ln = np.where(
        low, math.log(parameters.lrs_median_ohm), math.log(parameters.hrs_median_ohm)
    )
    return np.exp(median_ln + sigma_ln * deviates)
