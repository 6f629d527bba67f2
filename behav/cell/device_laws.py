"""Distributions of the two states of a device, as functions of a standard normal deviate."""

import functools
import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..parameters.devices import DeviceParameters, LrsLaw
from .retention import drift_ln

_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_cdf(deviates: ArrayLike) -> NDArray[np.float64]:
    """Standard normal distribution function, to 1e-15 relative in the lower tail."""
    scaled = np.asarray(deviates, dtype=np.float64) / -math.sqrt(2)
    return 0.5 * np.asarray(_erfc(scaled), dtype=np.float64)


def low_ohm(deviates: NDArray[np.float64], devices: DeviceParameters) -> NDArray[np.float64]:
    """Resistance of low devices, drift included, ohm; rises with the deviate."""
    if devices.lrs_law is LrsLaw.LOG_NORMAL:
        programmed_ohm = devices.lrs_median_ohm * np.exp(devices.lrs_sigma_ln * deviates)
    else:
        programmed_ohm = np.interp(deviates, *_truncated_table(devices))
    return programmed_ohm * math.exp(drift_ln(devices)[0])


def high_ohm(deviates: NDArray[np.float64], devices: DeviceParameters) -> NDArray[np.float64]:
    """Resistance of high devices, drift included, ohm; rises with the deviate."""
    median_ln = math.log(devices.hrs_median_ohm) + drift_ln(devices)[1]
    return np.exp(median_ln + devices.hrs_sigma_ln * deviates)


def low_cdf(resistances_ohm: NDArray[np.float64], devices: DeviceParameters) -> NDArray[np.float64]:
    """Probability that a low device is below a resistance, for resistances above 0."""
    programmed_ohm = resistances_ohm / math.exp(drift_ln(devices)[0])
    if devices.lrs_law is LrsLaw.LOG_NORMAL:
        return _log_normal_cdf(programmed_ohm, devices.lrs_median_ohm, devices.lrs_sigma_ln)
    if devices.lrs_sigma_ln == 0:
        return (programmed_ohm > devices.lrs_median_ohm).astype(np.float64)
    below, above = _cut_probabilities(devices)
    whole = normal_cdf((programmed_ohm / devices.lrs_median_ohm - 1) / devices.lrs_sigma_ln)
    return np.clip((whole - below) / (above - below), 0, 1)


def high_cdf(
    resistances_ohm: NDArray[np.float64], devices: DeviceParameters
) -> NDArray[np.float64]:
    """Probability that a high device is below a resistance, for resistances above 0."""
    programmed_ohm = resistances_ohm / math.exp(drift_ln(devices)[1])
    return _log_normal_cdf(programmed_ohm, devices.hrs_median_ohm, devices.hrs_sigma_ln)


def _log_normal_cdf(
    resistances_ohm: NDArray[np.float64], median_ohm: float, sigma_ln: float
) -> NDArray[np.float64]:
    distance = np.log(resistances_ohm / median_ohm)
    if sigma_ln == 0:
        return (distance > 0).astype(np.float64)
    return normal_cdf(distance / sigma_ln)


def _cut_probabilities(devices: DeviceParameters) -> tuple[float, float]:
    """Parts of the uncut law below the lower and below the upper cut."""
    sigma_ohm = devices.lrs_sigma_ln * devices.lrs_median_ohm
    uncut = NormalDist(devices.lrs_median_ohm, sigma_ohm)
    return uncut.cdf(devices.lrs_lowest_ohm), uncut.cdf(devices.lrs_highest_ohm)


@functools.lru_cache(maxsize=16)
def _truncated_table(devices: DeviceParameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Deviate to resistance: the quantile of the cut law at the deviate's probability.

    Linear between 8,193 points from -9 to 9, which is right to 1e-5 sigma.
    """
    deviates = np.linspace(-9, 9, 8193)
    median_ohm = devices.lrs_median_ohm
    if devices.lrs_sigma_ln == 0:
        return deviates, np.full(deviates.shape, median_ohm)
    below, above = _cut_probabilities(devices)
    uncut = NormalDist(median_ohm, devices.lrs_sigma_ln * median_ohm)
    parts = below + (above - below) * normal_cdf(deviates)
    resistances_ohm = [uncut.inv_cdf(part) for part in np.clip(parts, 1e-300, 1 - 1e-16)]
    return deviates, np.clip(resistances_ohm, devices.lrs_lowest_ohm, devices.lrs_highest_ohm)
