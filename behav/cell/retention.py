"""Retention: how far the resistance of programmed devices drifts with time and temperature."""

import math

from ..parameters.devices import DeviceParameters, RetentionParameters

BOLTZMANN_EV_PER_K = 8.617333262e-5
"""Boltzmann's constant, eV/K (CODATA 2018)."""


def drift_decades(parameters: RetentionParameters) -> float:
    """Decades of time that drift has gone through.

    D = log10(1 + t a / t0), with a = exp(Ea / k (1/T0 - 1/T)) [E]: 0 at t = 0, then linear in
    log t once t a is well above the reference time t0.
    """
    exponent = (
        parameters.activation_ev
        / BOLTZMANN_EV_PER_K
        * (1 / parameters.reference_temperature_k - 1 / parameters.temperature_k)
    )
    if parameters.time_s == 0:
        return 0.0
    log_ratio = math.log(parameters.time_s / parameters.reference_time_s) + exponent
    # ln(1 + e^x), without overflow.
    soft = max(log_ratio, 0.0) + math.log1p(math.exp(-abs(log_ratio)))
    return soft / math.log(10)


def drift_ln(devices: DeviceParameters) -> tuple[float, float]:
    """Change of ln R of a device in the low and in the high state since it was programmed.

    Low devices rise and high ones fall by their rate times `drift_decades`, alike for every device
    of a state [E]. Each stops where the two medians would meet half way, in ln R: a faded cell
    tells nothing, and drift makes it no better.

    Returns
    -------
    low, high : float
        At least 0, and at most 0.
    """
    decades = drift_decades(devices.retention)
    half_gap = max(0.0, math.log(devices.hrs_median_ohm / devices.lrs_median_ohm) / 2)
    return (
        min(devices.retention.lrs_drift_per_decade * decades, half_gap),
        -min(devices.retention.hrs_drift_per_decade * decades, half_gap),
    )
