"""One layer of a chip as current-summing crossbars."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ..chip.drawn import DrawnLayer
from ..parameters.crossbar import CrossbarParameters
from ..parameters.devices import DeviceParameters
from .lines import fast_transfer_s

GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


def column_order(fan_in: int) -> NDArray[np.intp]:
    """Column of the layer that each word line takes, from the far end of the bit lines on.

    Multiples of the golden ratio, less their integers, in rising order: any columns that follow one
    another in the layer, such as its bias columns or a dark row of an image, lie evenly along the
    bit lines. That helps the crossbar: in the layer's own order the wire weakens some inputs
    against the bias that stands for their threshold. docs/crossbar.md has the numbers.
    """
    return np.argsort(np.arange(fan_in) * GOLDEN_RATIO % 1, kind="stable")


def tiles_s(drawn: DrawnLayer, parameters: CrossbarParameters) -> list[NDArray[np.float64]]:
    """The conductances of a layer's crossbars, of the devices of its bridges.

    The top device of a bridge is the one to the plus bit line, the bottom one that to the minus
    line. A macro's neurons share a tile: word line k has the input of column `column_order`[k], and
    bit lines 2i and 2i + 1 are plus and minus of its neuron i.

    Returns
    -------
    list of ndarray of float64, each (n, 2 * neurons of the macro)
        Device and access transistor, S; 0 where a device is open.
    """
    config = drawn.config
    pairs_ohm = np.stack([drawn.cells.top_ohm, drawn.cells.bottom_ohm], axis=1)
    pairs_s = 1 / (pairs_ohm + parameters.access_resistance_ohm)
    pairs_s = pairs_s[:, :, column_order(config.fan_in)]
    tiles = (pairs_s[list(config.neurons_of_macro(macro))] for macro in range(config.macros))
    return [np.ascontiguousarray(tile.reshape(-1, config.fan_in).T) for tile in tiles]


def unit_siemens(devices: DeviceParameters, parameters: CrossbarParameters) -> float:
    """What one weight adds to the difference of its bit lines, per volt, devices at their medians.

    Raises
    ------
    InputError
        The high-resistance state is not above the low one.
    """
    low_ohm, high_ohm = devices.lrs_median_ohm, devices.hrs_median_ohm
    if high_ohm <= low_ohm:
        raise InputError(
            f"hrs_median_ohm: found {high_ohm:g}, expected above lrs_median_ohm, {low_ohm:g}"
        )
    series_ohm = parameters.access_resistance_ohm
    return 1 / (low_ohm + series_ohm) - 1 / (high_ohm + series_ohm)


class CrossbarLayer:
    """A layer's crossbars, read by an ideal comparison of each pair of currents.

    Parameters
    ----------
    drawn : DrawnLayer
        Of a chip with a number; the medians of its condition give the unit of the scores.
    parameters : CrossbarParameters

    Attributes
    ----------
    gain : ndarray of float64, shape (n, M)
        In the order of the layer's columns: an input adds gain * input to a neuron's score.
    """

    def __init__(self, drawn: DrawnLayer, parameters: CrossbarParameters) -> None:
        self.config = drawn.config
        tiles = tiles_s(drawn, parameters)
        differences_s = [difference_of_pairs(fast_transfer_s(tile, parameters)) for tile in tiles]
        unit_s = unit_siemens(drawn.condition.devices, parameters)
        gain = np.concatenate(differences_s, axis=1) / unit_s
        self.gain = np.empty_like(gain)
        self.gain[column_order(self.config.fan_in)] = gain

    def scores(self, inputs: ArrayLike) -> NDArray[np.float64]:
        """Difference of each neuron's two currents, in those of one nominal weight.

        Parameters
        ----------
        inputs : array_like, shape (..., n)
            +1 or -1, bias columns included.

        Returns
        -------
        ndarray of float64, shape (..., M)
            The sum of products, on a crossbar without variation and wires.
        """
        signs = np.asarray(inputs, dtype=np.float64)
        if signs.ndim == 0 or signs.shape[-1] != self.config.fan_in:
            raise InputError(
                f"inputs: found shape {signs.shape}, expected (..., {self.config.fan_in})"
            )
        return signs @ self.gain

    def signs(self, inputs: ArrayLike) -> NDArray[np.bool_]:
        """The neurons' bits: True where the plus line has the larger current."""
        return self.scores(inputs) > 0


def difference_of_pairs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Plus line less minus line, of values whose last axis is the bit lines."""
    return values[..., 0::2] - values[..., 1::2]
