"""Parameters of ReRAM devices: how their resistances are distributed, and drift."""

import enum
from dataclasses import field
from typing import Self

from ...errors import InputError
from ...field_types import (
    DeviceOhm,
    ElectronVolt,
    Kelvin,
    LogSpread,
    Positive,
    Share,
    StorageSeconds,
)
from ...record import Record


class LrsLaw(enum.Enum):
    """Distribution of the low-resistance state."""

    LOG_NORMAL = "log-normal"
    """ln R is normal: median `lrs_median_ohm`, spread `lrs_sigma_ln`."""
    TRUNCATED_NORMAL = "truncated-normal"
    """R is normal, cut to `lrs_lowest_ohm` to `lrs_highest_ohm`: mean `lrs_median_ohm` and spread
    `lrs_sigma_ln * lrs_median_ohm` before the cut [P]."""


class RetentionParameters(Record):
    """Drift of both states towards each other, in ln R linear in the logarithm of time [E].

    Acceleration by temperature is Arrhenius's. `time_s` = 0 switches drift off.
    """

    time_s: StorageSeconds = 0.0
    """Time between programming and reading, s."""
    temperature_k: Kelvin = 298.15
    """Storage temperature in that time, K."""
    lrs_drift_per_decade: LogSpread = 0.01
    """Rise of ln R in the low-resistance state per decade of time [E]."""
    hrs_drift_per_decade: LogSpread = 0.05
    """Fall of ln R in the high-resistance state per decade of time [E]."""
    reference_time_s: Positive = 1.0
    """Time at the reference temperature after which drift sets in, s [E]."""
    reference_temperature_k: Kelvin = 398.15
    """Temperature that the reference time is for, K [E]."""
    activation_ev: ElectronVolt = 1.0
    """Activation energy of the acceleration, eV [E]."""


class DeviceParameters(Record):
    """Resistance of the two states of a ReRAM device: independent draws of each device."""

    lrs_law: LrsLaw = LrsLaw.LOG_NORMAL
    """Distribution of the low-resistance state."""
    lrs_median_ohm: DeviceOhm = 6988.0
    """Median of the low-resistance state, ohm [P]; its mean before the cut if truncated normal."""
    lrs_sigma_ln: LogSpread = 381.7 / 6988
    """Spread of ln R in the low-resistance state, or of R over its median [P]: the published law is
    the truncated normal one, whose spread is small enough for the two laws to agree."""
    lrs_lowest_ohm: DeviceOhm = 6252.0
    """Lower cut of the truncated normal law, ohm [P]."""
    lrs_highest_ohm: DeviceOhm = 7897.0
    """Upper cut of the truncated normal law, ohm [P]."""
    hrs_median_ohm: DeviceOhm = 114.5e3
    """Median of the high-resistance state, ohm [D]: gives the default chip a bit error rate of
    0.27 %, the paper's group 3, in `bridge.bit_error_rate`."""
    hrs_sigma_ln: LogSpread = 1.0
    """Spread of ln R in the high-resistance state, which is log-normal [E]."""
    cycle_variance_share: Share = 0.5
    """Part of the variance that each programming draws anew (cycle to cycle); the rest is the
    device's own (device to device). 0: a device returns to the same resistance; 1: all devices are
    alike. The spreads above are the total, whatever the share [E]."""
    stuck_lrs_fraction: Share = 0.0
    """Devices that stay in the low-resistance state whatever is programmed [E]."""
    stuck_hrs_fraction: Share = 0.0
    """Devices that stay in the high-resistance state whatever is programmed [E]."""
    open_fraction: Share = 0.0
    """Devices that do not conduct at all [E]."""
    retention: RetentionParameters = field(default_factory=RetentionParameters)
    """Drift since programming."""

    def __post_init__(self) -> None:
        super().__post_init__()
        defective = self.stuck_lrs_fraction + self.stuck_hrs_fraction + self.open_fraction
        if defective > 1 + 1e-12:
            raise InputError(
                f"open_fraction: found {defective:g} as the sum of the stuck and open fractions, "
                "expected at most 1"
            )
        truncated = self.lrs_law is LrsLaw.TRUNCATED_NORMAL
        if truncated and not self.lrs_lowest_ohm < self.lrs_median_ohm < self.lrs_highest_ohm:
            raise InputError(
                f"lrs_median_ohm: found {self.lrs_median_ohm!r}, expected above lrs_lowest_ohm, "
                f"{self.lrs_lowest_ohm!r}, and below lrs_highest_ohm, {self.lrs_highest_ohm!r}"
            )

    def without_variation(self) -> Self:
        """The same devices at their medians, none stuck, just programmed."""
        return self.replace(
            lrs_sigma_ln=0.0, hrs_sigma_ln=0.0, stuck_lrs_fraction=0.0, stuck_hrs_fraction=0.0,
            open_fraction=0.0, retention=self.retention.replace(time_s=0.0),
        )  # fmt: skip
