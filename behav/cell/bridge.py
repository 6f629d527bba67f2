"""The bridge: divider of a 2T2R cell, and what the inverter on its midpoint makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...hdl.config import ArrayGroup
from ..draws import Domain, DrawStream
from ..parameters.bridge import BridgeParameters
from .settling import sl_pull


def sl_voltage_v(
    top_ohm: ArrayLike,
    bottom_ohm: ArrayLike,
    input_sign: int,
    parameters: BridgeParameters,
    row: int = 0,
) -> NDArray[np.float64]:
    """Settled voltage of SL.

    V_SL = VDD * B' / (T' + B') for input +1 and VDD * T' / (T' + B') for input -1, with access
    transistor and bit-line wire added to top device T and bottom device B [D]. An open device does
    not pull; with both open SL has no settled voltage, and the value is without meaning.

    Parameters
    ----------
    top_ohm, bottom_ohm : array_like
        Resistance of the devices to BL and to BLb, ohm, infinite if open; any shapes that
        broadcast.
    input_sign : int
        +1: BL at VDD, BLb at 0; -1: the reverse.
    row : int
        Number of the row in its macro, for the wire.

    Returns
    -------
    ndarray of float64
        Volts.
    """
    settled_v = sl_pull(top_ohm, bottom_ohm, parameters, row).settled_v
    return settled_v if input_sign > 0 else parameters.vdd_v - settled_v


def product_bits(
    top_ohm: ArrayLike,
    bottom_ohm: ArrayLike,
    threshold_v: float | NDArray[np.float64],
    parameters: BridgeParameters,
    row: int = 0,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What the restored SL says for either input once it has settled: True (product +1) where it
    is above threshold. `settling.scan_products` has the bits in time.

    Parameters
    ----------
    top_ohm, bottom_ohm, row
        As in `sl_voltage_v`.
    threshold_v : float or ndarray of float64
        Switching threshold of each inverter, V; broadcasts with the resistances.

    Returns
    -------
    for_plus, for_minus : ndarray of bool
        Product bit for input +1 and for input -1.
    """
    return (
        sl_voltage_v(top_ohm, bottom_ohm, +1, parameters, row) > threshold_v,
        sl_voltage_v(top_ohm, bottom_ohm, -1, parameters, row) > threshold_v,
    )


def draw_thresholds_v(
    config: ArrayGroup, parameters: BridgeParameters, chip: int, layer: int
) -> NDArray[np.float64]:
    """One draw of the inverter thresholds of a layer.

    Returns
    -------
    ndarray of float64, shape (macros, n)
        Volts; an inverter belongs to a column of a macro and serves all its rows.
    """
    stream = DrawStream(chip, Domain.INVERTER, layer)
    deviates = [stream.at(macro).standard_normal(config.fan_in) for macro in range(config.macros)]
    return parameters.inverter_threshold_v + parameters.inverter_threshold_sigma_v * np.array(
        deviates
    )
