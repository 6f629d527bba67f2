"""The bridge: divider of a 2T2R cell, and what the inverter on its midpoint makes of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..hdl.config import LayerConfig
from .draws import Domain, DrawStream
from .params import BridgeParameters, DeviceParameters


def sl_voltage_v(
    top_ohm: ArrayLike, bottom_ohm: ArrayLike, input_sign: int, parameters: BridgeParameters
) -> NDArray[np.float64]:
    """Settled voltage of SL.

    V_SL = VDD * B' / (T' + B') for input +1 and VDD * T' / (T' + B') for input -1, with the access
    resistance added to top device T and bottom device B [D].

    Parameters
    ----------
    top_ohm, bottom_ohm : array_like
        Resistance of the devices to BL and to BLb, ohm; any shapes that broadcast.
    input_sign : int
        +1: BL at VDD, BLb at 0; -1: the reverse.

    Returns
    -------
    ndarray of float64
        Volts.
    """
    top = np.asarray(top_ohm, dtype=np.float64) + parameters.access_resistance_ohm
    bottom = np.asarray(bottom_ohm, dtype=np.float64) + parameters.access_resistance_ohm
    grounded = bottom if input_sign > 0 else top
    return parameters.vdd_v * grounded / (top + bottom)


def product_bits(
    top_ohm: ArrayLike,
    bottom_ohm: ArrayLike,
    threshold_v: float | NDArray[np.float64],
    parameters: BridgeParameters,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What the restored SL says for either input: True (product +1) where SL is above threshold.

    Parameters
    ----------
    top_ohm, bottom_ohm : array_like
        As in `sl_voltage_v`.
    threshold_v : float or ndarray of float64
        Switching threshold of each inverter, V; broadcasts with the resistances.

    Returns
    -------
    for_plus, for_minus : ndarray of bool
        Product bit for input +1 and for input -1.
    """
    return (
        sl_voltage_v(top_ohm, bottom_ohm, +1, parameters) > threshold_v,
        sl_voltage_v(top_ohm, bottom_ohm, -1, parameters) > threshold_v,
    )


def draw_thresholds_v(
    config: LayerConfig, parameters: BridgeParameters, chip: int, layer: int
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


def bit_error_rate(devices: DeviceParameters, bridge: BridgeParameters) -> float:
    """Probability that a cell's product bit is wrong, for random weights and inputs.

    BER = (Q(z(t)) + Q(z(-t))) / 2 with t = ln(alpha / (1 - alpha)), alpha = V_M / VDD [D]: one term
    for each wanted product. A product is wrong when H is below the critical value
    H_c = e^t (L + R_T) - R_T; z is the distance of ln H from ln H_c in standard deviations, with
    H_c made linear in ln L and in t at the medians. Without access resistance R_T this is
    z = (ln(H / L) - t) / s, s^2 = sigma_H^2 + sigma_L^2 + sigma_t^2, sigma_t = 4 sigma_VM / VDD at
    alpha = 1/2. At alpha = 1/2 the access resistance cancels but for its part in sigma_t.

    Returns
    -------
    float
        A fraction.
    """
    alpha = bridge.inverter_threshold_v / bridge.vdd_v
    sigma_t = bridge.inverter_threshold_sigma_v / (bridge.vdd_v * alpha * (1 - alpha))
    t = math.log(alpha / (1 - alpha))
    errors = [_product_error_rate(devices, bridge, sign * t, sigma_t) for sign in (1, -1)]
    return sum(errors) / 2


def _product_error_rate(
    devices: DeviceParameters, bridge: BridgeParameters, t: float, sigma_t: float
) -> float:
    access_ohm = bridge.access_resistance_ohm
    critical_ohm = math.exp(t) * (devices.lrs_median_ohm + access_ohm) - access_ohm
    if critical_ohm <= 0:
        return 0.0
    low_weight = math.exp(t) * devices.lrs_median_ohm / critical_ohm
    sigma = math.hypot(
        devices.hrs_sigma_ln,
        low_weight * devices.lrs_sigma_ln,
        (1 + access_ohm / critical_ohm) * sigma_t,
    )
    distance = math.log(devices.hrs_median_ohm / critical_ohm)
    if sigma == 0:
        return 0.0 if distance > 0 else 1.0
    return 0.5 * math.erfc(distance / (sigma * math.sqrt(2)))
