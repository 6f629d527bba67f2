"""Bit error rate of a cell: of settled bridges in closed form, in time and with defects by
integration; and the device that has a given rate."""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...field_types import MOST_DEVICE_OHM
from ..parameters.bridge import BridgeParameters
from ..parameters.devices import DeviceParameters, LrsLaw
from .device_laws import high_cdf, high_ohm, low_cdf, low_ohm
from .retention import drift_ln

_LARGEST_LN_OHM = math.log(1e15)
"""Beyond this a device counts as open."""


def bit_error_rate(
    devices: DeviceParameters, bridge: BridgeParameters, settle_s: float = math.inf, row: int = 0
) -> float:
    """Probability that a cell's product bit is wrong, for random weights and inputs.

    Settled, with log-normal devices: BER = (Q(z(t)) + Q(z(-t))) / 2 with t = ln(alpha / (1 -
    alpha)), alpha = V_M / VDD [D]: one term for each wanted product. A product is wrong when H is
    below the critical value H_c = e^t (L + R) - R; z is the distance of ln H from the mean of ln
    H_c in standard deviations, with H_c expanded in ln L and in t at the medians: to second order
    for its mean, to first for its spread. Without series resistance R this is z = (ln(H / L) - t)
    / s, s^2 = sigma_H^2 + sigma_L^2 + sigma_t^2, sigma_t = 4 sigma_VM / VDD at alpha = 1/2. At
    alpha = 1/2 the series resistance cancels but for its part in sigma_t.

    After a finite time, or with a truncated law: the critical value is solved for, and the rate
    integrated over L, V_M and the old level of SL, that of a random cell of the same statistics,
    fully settled; to 0.1 % [D]. Stuck and open devices: the mean over the pairs that occur.

    Parameters
    ----------
    settle_s : float
        Time from the word line's rise to the decision, s (`settling.decision_time_s`).
    row : int
        Number of the row in its macro, for the wire.

    Returns
    -------
    float
        A fraction.

    Raises
    ------
    InputError
        A time that is not above 0, or a row below 0.
    """
    if not (isinstance(settle_s, int | float) and settle_s > 0):
        raise InputError(f"settle_s: found {settle_s!r}, expected seconds above 0")
    if row < 0:
        raise InputError(f"row: found {row!r}, expected at least 0")
    if bridge.sl_capacitor_f == 0:
        settle_s = math.inf
    reading = _Reading(devices, bridge, settle_s, row)
    rate = 0.0
    kinds = list(_kind_probabilities(devices).items())
    for (strong, strong_part), (weak, weak_part) in itertools.product(kinds, kinds):
        part = strong_part[0] * weak_part[1]
        if part > 0:
            rate += part * _pair_error_rate(strong, weak, reading)
    return rate


def hrs_median_for(rate: float, devices: DeviceParameters, bridge: BridgeParameters) -> float:
    """Median of the high-resistance state at which `bit_error_rate`, settled, is `rate`; ohm.

    Parameters
    ----------
    rate : float
        Above 0 and below 0.5.

    Raises
    ------
    InputError
        A rate out of range, or one that these devices do not have at any median.
    """
    if not (isinstance(rate, int | float) and 0 < rate < 0.5):
        raise InputError(f"rate: found {rate!r}, expected above 0 and below 0.5")

    def found(median_ln: float) -> float:
        median_ohm = min(math.exp(median_ln), MOST_DEVICE_OHM)
        return bit_error_rate(devices.replace(hrs_median_ohm=median_ohm), bridge)

    low, high = math.log(devices.lrs_median_ohm), math.log(devices.lrs_median_ohm) + 40
    if not found(high) < rate < found(low):
        raise InputError(
            f"rate: found {rate!r}, expected from {found(high):g} to {found(low):g}, which these "
            "devices can have"
        )
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle) > rate else (low, middle)
    return math.exp((low + high) / 2)


class _Reading(NamedTuple):
    """How cells are read; fields as in `bit_error_rate`."""

    devices: DeviceParameters
    bridge: BridgeParameters
    settle_s: float
    row: int

    @property
    def series_ohm(self) -> float:
        return float(self.bridge.series_ohm(self.row))


def _kind_probabilities(devices: DeviceParameters) -> dict[str, tuple[float, float]]:
    """Probability that a device is low, high or open, if programmed low and if programmed high."""
    to_low, to_high = devices.stuck_lrs_fraction, devices.stuck_hrs_fraction
    to_open = devices.open_fraction
    free = max(0.0, 1 - to_low - to_high - to_open)
    return {
        "low": (free + to_low, to_low),
        "high": (to_high, free + to_high),
        "open": (to_open, to_open),
    }


def _pair_error_rate(strong: str, weak: str, reading: _Reading) -> float:
    """Error rate of cells whose device to the right rail is of kind `strong`, the other `weak`."""
    bridge = reading.bridge
    if strong == weak:
        return 0.5  # alike on both sides: right for one product is wrong for the other
    if reading.settle_s == math.inf:
        if "open" in (strong, weak):
            return 1.0 if strong == "open" else 0.0
        if reading.devices.lrs_law is LrsLaw.LOG_NORMAL:
            settled = _settled_error_rate(reading)
            return settled if strong == "low" else 1 - settled
    centre_v = bridge.inverter_threshold_v
    centres = [centre_v, bridge.vdd_v - centre_v]  # product +1, and -1 seen upside down
    if math.isclose(*centres, rel_tol=1e-9):
        centres.pop()
    rates = [_integrated_error_rate(strong, weak, reading, centre) for centre in centres]
    return sum(rates) / len(rates)


def _settled_error_rate(reading: _Reading) -> float:
    bridge = reading.bridge
    alpha = bridge.inverter_threshold_v / bridge.vdd_v
    sigma_t = bridge.inverter_threshold_sigma_v / (bridge.vdd_v * alpha * (1 - alpha))
    t = math.log(alpha / (1 - alpha))
    errors = [_product_error_rate(reading, sign * t, sigma_t) for sign in (1, -1)]
    return sum(errors) / 2


def _product_error_rate(reading: _Reading, t: float, sigma_t: float) -> float:
    devices, series_ohm = reading.devices, reading.series_ohm
    drift_low, drift_high = drift_ln(devices)
    low_median_ohm = devices.lrs_median_ohm * math.exp(drift_low)
    critical_ohm = math.exp(t) * (low_median_ohm + series_ohm) - series_ohm
    if critical_ohm <= 0:
        return 0.0
    low_weight = math.exp(t) * low_median_ohm / critical_ohm
    series_part = series_ohm / critical_ohm
    of_low, of_t = low_weight * devices.lrs_sigma_ln, (1 + series_part) * sigma_t
    sigma = math.hypot(devices.hrs_sigma_ln, of_low, of_t)
    bend_of_low = low_weight * (1 - low_weight) * devices.lrs_sigma_ln**2 / 2
    bend_of_t = series_part * (1 + series_part) * sigma_t**2 / 2
    distance = math.log(devices.hrs_median_ohm / critical_ohm) + drift_high
    distance += bend_of_t - bend_of_low
    if sigma == 0:
        return 0.0 if distance > 0 else 1.0
    return 0.5 * math.erfc(distance / (sigma * math.sqrt(2)))


def _nodes(reach: float, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of a trapezoidal rule over a normal deviate, and their weights (sum 1)."""
    deviates = np.linspace(-reach, reach, count)
    weights = np.exp(-(deviates**2) / 2)
    return deviates, weights / weights.sum()


def _integrated_error_rate(strong: str, weak: str, reading: _Reading, centre_v: float) -> float:
    """Mean over the strong device, the threshold and the old level of the weak one's failure.

    The strong device pulls SL up to VDD, the weak one down. A larger weak device leaves SL higher
    at every instant, so it fails below one critical value.
    """
    (deviates, of_strong), (threshold_deviates, of_threshold) = _nodes(6, 49), _nodes(6, 25)
    strong_ohm = _KINDS[strong](deviates, reading.devices) + reading.series_ohm
    sigma_v = reading.bridge.inverter_threshold_sigma_v
    threshold_v = centre_v + sigma_v * threshold_deviates
    start_v, of_start = _old_levels(reading)
    critical_ohm = _critical_ohm(
        strong_ohm[:, np.newaxis, np.newaxis], threshold_v[:, np.newaxis], start_v, reading
    )
    fails = _fails_below(critical_ohm - reading.series_ohm, weak, reading.devices)
    return float(np.einsum("ijk,i,j,k->", fails, of_strong, of_threshold, of_start))


_KINDS: dict[str, Callable[[NDArray[np.float64], DeviceParameters], NDArray[np.float64]]] = {
    "low": low_ohm,
    "high": high_ohm,
    "open": lambda deviates, _: np.full(deviates.shape, math.inf),
}


def _fails_below(
    critical_ohm: NDArray[np.float64], weak: str, devices: DeviceParameters
) -> NDArray[np.float64]:
    """Probability that the weak device is below its critical value."""
    always = critical_ohm == math.inf
    possible = (critical_ohm > 0) & ~always
    fails = always.astype(np.float64)
    if weak != "open":
        cdf = low_cdf if weak == "low" else high_cdf
        fails[possible] = cdf(critical_ohm[possible], devices)
    return fails


def _old_levels(reading: _Reading) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Levels that a cell of random product leaves on SL, low devices at their median, V; and their
    weights."""
    deviates, weights = _nodes(4.5, 19)
    vdd_v, series_ohm = reading.bridge.vdd_v, reading.series_ohm
    low = low_ohm(np.zeros(1), reading.devices) + series_ohm
    down_v = vdd_v * low / (low + high_ohm(deviates, reading.devices) + series_ohm)
    levels_v = np.concatenate([down_v, vdd_v - down_v])
    return levels_v, np.tile(weights / 2, 2)


def _critical_ohm(
    strong_ohm: NDArray[np.float64],
    threshold_v: NDArray[np.float64],
    start_v: NDArray[np.float64],
    reading: _Reading,
) -> NDArray[np.float64]:
    """Resistance of the weak path at which SL is at the threshold as it is read; broadcast.

    Infinite where SL is too low even without a weak path; 0 where no device could lower it enough.
    """
    bridge, settle_s = reading.bridge, reading.settle_s
    shape = np.broadcast_shapes(strong_ohm.shape, threshold_v.shape, start_v.shape)
    if settle_s == math.inf:
        with np.errstate(divide="ignore"):
            ratio = np.where(
                threshold_v < bridge.vdd_v, threshold_v / (bridge.vdd_v - threshold_v), math.inf
            )
        return np.broadcast_to(strong_ohm * np.maximum(ratio, 0), shape)

    def is_high(weak_ohm: NDArray[np.float64] | float) -> NDArray[np.bool_]:
        strong_s = 1 / strong_ohm
        total_s = strong_s + 1 / weak_ohm
        decay = np.exp(-settle_s * total_s / bridge.sl_capacitor_f)
        level_v = bridge.vdd_v * strong_s / total_s * (1 - decay) + start_v * decay
        return np.broadcast_to(level_v > threshold_v, shape)

    least_ln, most_ln = math.log(max(reading.series_ohm, 1e-3)), _LARGEST_LN_OHM
    low, high = np.full(shape, least_ln), np.full(shape, most_ln)
    for _ in range(32):
        middle = (low + high) / 2
        above = is_high(np.exp(middle))
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    critical_ohm = np.exp((low + high) / 2)
    critical_ohm[~is_high(math.exp(most_ln))] = math.inf
    critical_ohm[is_high(math.exp(least_ln))] = 0.0
    return critical_ohm
