"""Resistances of a layer's ReRAM devices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..hdl.config import InputError, LayerConfig
from .cell_parameters import DeviceParameters
from .device_laws import high_ohm, low_ohm
from .draws import Domain, DrawStream

_PROGRAMMING_LIMIT = 2**32


def draw_resistances_ohm(
    config: LayerConfig,
    weights: NDArray[np.int8],
    parameters: DeviceParameters,
    chip: int,
    layer: int,
    programming: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One draw of every device of a layer, after programming and drift.

    A device's standard normal deviate is sqrt(1 - c) times its own plus sqrt(c) times that of the
    programming, c being `cycle_variance_share`; the resistance is the quantile of its state's law
    at that deviate, so that c does not change the law. Both deviates belong to the device's place
    (macro, row, column, top or bottom): the draw of a chip does not depend on the weights or on
    the size of the layer. A device that is stuck is so in every programming.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        +1: top device (to BL) in the low-resistance state, bottom device (to BLb) in the high; -1
        the reverse [P].
    chip, layer : int
        Keys of the draw.
    programming : int
        Number of the programming, 0 to 2^32 - 1: key of what cycles change.

    Returns
    -------
    top_ohm, bottom_ohm : ndarray of float64, shape (M, n)
        Infinite where a device is open.

    Raises
    ------
    InputError
        Chip, layer or programming out of range.
    """
    if not 0 <= programming < _PROGRAMMING_LIMIT:
        raise InputError(
            f"programming: found {programming!r}, expected 0 to {_PROGRAMMING_LIMIT - 1}"
        )
    deviates = _draw_deviates(config, parameters, chip, layer, programming)
    low = np.stack([weights > 0, weights < 0], axis=-1)
    stuck = _draw_stuck(config, parameters, chip, layer)
    if stuck is None:
        resistances_ohm = _resistances_ohm(deviates, low, parameters)
    else:
        stuck_low, stuck_high, is_open = stuck
        resistances_ohm = _resistances_ohm(deviates, (low | stuck_low) & ~stuck_high, parameters)
        resistances_ohm[is_open] = math.inf
    return resistances_ohm[:, :, 0], resistances_ohm[:, :, 1]


def _draw_deviates(
    config: LayerConfig, parameters: DeviceParameters, chip: int, layer: int, programming: int
) -> NDArray[np.float64]:
    """Standard normal, shape (M, n, 2)."""
    share = parameters.cycle_variance_share
    own = DrawStream(chip, Domain.DEVICE, layer)
    cycle = DrawStream(chip, Domain.PROGRAMMING, layer)
    shape = (config.fan_in, 2)
    deviates = np.empty((config.neurons, *shape))
    for neuron in range(config.neurons):
        macro, row = divmod(neuron, config.rows_used)
        own.at(macro, row).standard_normal(out=deviates[neuron])
        if share > 0:
            deviates[neuron] *= math.sqrt(1 - share)
            of_cycle = cycle.at(macro, programming << 32 | row).standard_normal(shape)
            deviates[neuron] += math.sqrt(share) * of_cycle
    return deviates


def _draw_stuck(
    config: LayerConfig, parameters: DeviceParameters, chip: int, layer: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which devices are stuck low, stuck high and open, each (M, n, 2); None if none can be."""
    to_low = parameters.stuck_lrs_fraction
    to_high = to_low + parameters.stuck_hrs_fraction
    to_open = to_high + parameters.open_fraction
    if to_open == 0:
        return None
    stream = DrawStream(chip, Domain.STUCK, layer)
    uniform = np.empty((config.neurons, config.fan_in, 2))
    for neuron in range(config.neurons):
        stream.at(*divmod(neuron, config.rows_used)).random(out=uniform[neuron])
    stuck_low = uniform < to_low
    stuck_high = (uniform < to_high) & ~stuck_low
    return stuck_low, stuck_high, (uniform < to_open) & (uniform >= to_high)


def _resistances_ohm(
    deviates: NDArray[np.float64], low: NDArray[np.bool_], parameters: DeviceParameters
) -> NDArray[np.float64]:
    resistances_ohm = np.empty(deviates.shape)
    resistances_ohm[low] = low_ohm(deviates[low], parameters)
    high = ~low
    resistances_ohm[high] = high_ohm(deviates[high], parameters)
    return resistances_ohm
