"""Resistances of a layer's ReRAM devices."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...hdl.config import ArrayGroup
from ..draws import Domain, LayerKey
from ..parameters.devices import DeviceParameters
from .device_laws import high_ohm, low_ohm


class LayerCells(NamedTuple):
    """The devices that the neurons of a layer sit on."""

    top_ohm: NDArray[np.float64]
    """Shape (M, n): device to BL, infinite if open."""
    bottom_ohm: NDArray[np.float64]
    """Shape (M, n): device to BLb."""
    word_lines: NDArray[np.int_]
    """Shape (M,): the word line that holds each neuron in its macro."""


def draw_cells(
    config: ArrayGroup, weights: NDArray[np.int8], parameters: DeviceParameters, key: LayerKey
) -> LayerCells:
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
    """
    places = [divmod(neuron, config.rows_used) for neuron in range(config.neurons)]
    columns = config.fan_in
    deviates = draw_deviates(places, columns, parameters, key)
    low = np.stack([weights > 0, weights < 0], axis=-1)
    stuck = draw_stuck(places, columns, parameters, key)
    if stuck is None:
        ohm = resistances_ohm(deviates, low, parameters)
    else:
        ohm = resistances_ohm(deviates, (low | stuck.low) & ~stuck.high, parameters)
        ohm[stuck.open] = math.inf
    return LayerCells(ohm[:, :, 0], ohm[:, :, 1], rows_of_neurons(config))


def ideal_cells(
    config: ArrayGroup, weights: NDArray[np.int8], parameters: DeviceParameters
) -> LayerCells:
    """Cells that are exact whatever the condition: one device conducts, the other is open."""
    low_ohm = parameters.lrs_median_ohm
    top_ohm, bottom_ohm = (np.where(weights == sign, low_ohm, math.inf) for sign in (1, -1))
    return LayerCells(top_ohm, bottom_ohm, rows_of_neurons(config))


def rows_of_neurons(config: ArrayGroup) -> NDArray[np.int_]:
    """The word line of each neuron in its macro as mapped, shape (M,)."""
    return np.arange(config.neurons) % config.rows_used


def draw_deviates(
    places: Sequence[tuple[int, int]], columns: int, parameters: DeviceParameters, key: LayerKey
) -> NDArray[np.float64]:
    """Standard normal deviates of the devices at (macro, word line) places, the device's own and
    the programming's, shape (places, columns, 2)."""
    own, cycle = key.stream(Domain.DEVICE), key.stream(Domain.PROGRAMMING)
    share = parameters.cycle_variance_share
    deviates = np.empty((len(places), columns, 2))
    for index, (macro, row) in enumerate(places):
        own.at(macro, row).standard_normal(out=deviates[index])
        if share > 0:
            deviates[index] *= math.sqrt(1 - share)
            of_cycle = cycle.at(macro, key.programming << 32 | row).standard_normal((columns, 2))
            deviates[index] += math.sqrt(share) * of_cycle
    return deviates


class StuckDevices(NamedTuple):
    """Which devices never change, each shape (places, columns, 2)."""

    low: NDArray[np.bool_]
    high: NDArray[np.bool_]
    open: NDArray[np.bool_]


def draw_stuck(
    places: Sequence[tuple[int, int]], columns: int, parameters: DeviceParameters, key: LayerKey
) -> StuckDevices | None:
    """Which devices at (macro, word line) places are stuck low, stuck high and open; None if none
    can be."""
    to_low = parameters.stuck_lrs_fraction
    to_high = to_low + parameters.stuck_hrs_fraction
    to_open = to_high + parameters.open_fraction
    if to_open == 0:
        return None
    stream = key.stream(Domain.STUCK)
    uniform = np.empty((len(places), columns, 2))
    for index, place in enumerate(places):
        stream.at(*place).random(out=uniform[index])
    stuck_low = uniform < to_low
    stuck_high = (uniform < to_high) & ~stuck_low
    return StuckDevices(stuck_low, stuck_high, (uniform < to_open) & (uniform >= to_high))


def resistances_ohm(
    deviates: NDArray[np.float64], low: NDArray[np.bool_], parameters: DeviceParameters
) -> NDArray[np.float64]:
    """Resistances of devices in the low or the high state, drift included, ohm."""
    ohm = np.empty(deviates.shape)
    ohm[low] = low_ohm(deviates[low], parameters)
    high = ~low
    ohm[high] = high_ohm(deviates[high], parameters)
    return ohm
