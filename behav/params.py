"""Every figure of the physics: the parameters of a chip, and the conditions shipped with it.

Sources are marked as in the project's physics notes: [P] Ezzadeen et al. 2024
(doi 10.1038/s44172-024-00226-z) or code of the same group, [R] recovered from the authors'
tables, [D] derived here, [E] an engineering estimate.

Each variation is switched off by a spread (``..._sigma...``) of 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..hdl.config import InputError, Record


def _require_above(owner: object, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not (_is_number(value) and value > 0):
            raise InputError(f"{name}: found {value!r}, expected a finite number above 0")


def _require_within(owner: object, most: float, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not (_is_number(value) and 0 <= value <= most):
            limits = f"from 0 to {most:g}" if most < math.inf else "of at least 0"
            raise InputError(f"{name}: found {value!r}, expected a finite number {limits}")


def _require_magnitude(owner: object, most: float, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not (_is_number(value) and abs(value) <= most):
            raise InputError(
                f"{name}: found {value!r}, expected a finite number from {-most:g} to {most:g}"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, kw_only=True)
class DeviceParameters(Record):
    """Resistance of the two states of a ReRAM device: independent log-normal draws."""

    lrs_median_ohm: float = 6988.0
    """Median of the low-resistance state, ohm [P]."""
    lrs_sigma_ln: float = 381.7 / 6988
    """Spread of ln R in the low-resistance state [P]: the published normal law of the same median,
    whose spread is small enough for the two laws to agree."""
    hrs_median_ohm: float = 114.5e3
    """Median of the high-resistance state, ohm [D]: gives the default chip a bit error rate of
    0.27 %, the paper's group 3, in `bridge.bit_error_rate`."""
    hrs_sigma_ln: float = 1.0
    """Spread of ln R in the high-resistance state [E]."""

    def __post_init__(self) -> None:
        _require_above(self, "lrs_median_ohm", "hrs_median_ohm")
        _require_within(self, math.inf, "lrs_sigma_ln", "hrs_sigma_ln")


@dataclass(frozen=True, kw_only=True)
class BridgeParameters(Record):
    """Divider between BL and BLb, and the inverter that restores its midpoint."""

    vdd_v: float = 1.2
    """Supply, and read voltage between BL and BLb, V [E]."""
    access_resistance_ohm: float = 2000.0
    """Access transistor in series with each device, ohm [E]."""
    inverter_threshold_v: float = 0.6
    """Switching threshold of the inverter on SL, V [E]."""
    inverter_threshold_sigma_v: float = 0.02
    """Mismatch of that threshold between the columns of a macro, V [E]."""

    def __post_init__(self) -> None:
        _require_above(self, "vdd_v")
        _require_within(self, math.inf, "access_resistance_ohm", "inverter_threshold_sigma_v")
        threshold_v = self.inverter_threshold_v
        if not (_is_number(threshold_v) and 0 < threshold_v < self.vdd_v):
            raise InputError(
                f"inverter_threshold_v: found {threshold_v!r}, expected above 0 and below vdd_v, "
                f"{self.vdd_v!r}"
            )


@dataclass(frozen=True, kw_only=True)
class NeuronParameters(Record):
    """The two capacitive lines of a macro."""

    unit_capacitor_f: float = 2e-15
    """Capacitor of a column on each line, and unit of the read-out bank, F [E]."""
    parasitic_fraction: float = 0.05
    """Parasitic of a line to ground, as a fraction of its column capacitors in total [E]."""
    unit_capacitor_sigma: float = 0.01
    """Mismatch of a unit capacitor, relative [E]; 2^k units in parallel have it over 2^(k/2)."""
    precharge_tau_s: float = 0.2e-9
    """Time constant of a line through its precharge switch, s [E]: 80 ohm and the 2.4 pF of 1,152
    columns. 0: precharge is perfect."""
    injection_common_v: float = 0.0
    """What the opening precharge switches leave on both lines alike, V, of either sign [E]."""
    injection_differential_v: float = 0.0
    """What they leave on line P over line N, V, of either sign [E]."""
    injection_conversion: float = 0.0
    """Part of the common mode that appears as a difference, from -1 to 1 [E]: unequal lines."""

    def __post_init__(self) -> None:
        _require_above(self, "unit_capacitor_f")
        _require_within(self, math.inf, "parasitic_fraction", "precharge_tau_s")
        _require_magnitude(self, 1.0, "injection_common_v", "injection_differential_v")
        _require_magnitude(self, 1.0, "injection_conversion")
        # Beyond 10 % the normal law would give capacitors of negative value.
        _require_within(self, 0.1, "unit_capacitor_sigma")


@dataclass(frozen=True, kw_only=True)
class ComparatorParameters(Record):
    """The clocked comparator of a macro: its own offset and noise, or the published error law.

    The defaults are for a latch of a few square micrometres in 130 nm: an input pair of 4 um^2 at
    about 4 mV um of threshold matching has 2 mV of offset, and such latches have input noise of
    a few tenths of a millivolt. The authors' law, as a voltage 4.1 mV (20 ns) to 5.9 mV (6 ns),
    is their total with everything that a short clock adds; the defaults model the comparator
    alone, and the error law is there for the total.
    """

    offset_sigma_v: float = 2e-3
    """Spread of the input offset between comparators, V [E]."""
    noise_sigma_v: float = 0.5e-3
    """Spread of the input noise between decisions, V [E]."""
    regeneration_tau_s: float = 0.1e-9
    """Time constant of the latch's regeneration, s [E]: in a strobe of 5 ns it grows an input by
    e^50, so that only an input below 1e-21 V stays unresolved. 0: every input is resolved."""
    logic_level_v: float = 1.2
    """Difference of the latch's outputs that counts as resolved, V [E]: the supply."""
    error_law: bool = False
    """Decide by the published error law, in place of offset, noise, charge injection and
    regeneration [P]."""
    error_law_clock_s: float = 6e-9
    """Clock period that the error law is for, s; `error_law.error_law` tells which periods were
    published."""

    def __post_init__(self) -> None:
        _require_within(self, math.inf, "offset_sigma_v", "noise_sigma_v", "regeneration_tau_s")
        _require_above(self, "logic_level_v")
        if not isinstance(self.error_law, bool):
            raise InputError(f"error_law: found {self.error_law!r}, expected true or false")
        _require_above(self, "error_law_clock_s")


@dataclass(frozen=True, kw_only=True)
class ChipParameters(Record):
    """A condition: the statistics from which chips are drawn, and how they are read."""

    devices: DeviceParameters = field(default_factory=DeviceParameters)
    bridge: BridgeParameters = field(default_factory=BridgeParameters)
    neuron: NeuronParameters = field(default_factory=NeuronParameters)
    comparator: ComparatorParameters = field(default_factory=ComparatorParameters)

    def without_variation(self) -> ChipParameters:
        """The same chip with every spread, delay and charge injection at 0 and no error law."""
        return self.replace(
            devices=self.devices.replace(lrs_sigma_ln=0.0, hrs_sigma_ln=0.0),
            bridge=self.bridge.replace(inverter_threshold_sigma_v=0.0),
            neuron=self.neuron.replace(
                unit_capacitor_sigma=0.0,
                precharge_tau_s=0.0,
                injection_common_v=0.0,
                injection_differential_v=0.0,
            ),
            comparator=self.comparator.replace(
                offset_sigma_v=0.0, noise_sigma_v=0.0, regeneration_tau_s=0.0, error_law=False
            ),
        )


def _error_law_condition(clock_s: float) -> ChipParameters:
    ideal = ChipParameters().without_variation()
    return ideal.replace(
        comparator=ideal.comparator.replace(error_law=True, error_law_clock_s=clock_s)
    )


CONDITIONS: dict[str, ChipParameters] = {
    "nominal": ChipParameters(),
    "weak": ChipParameters(devices=DeviceParameters(hrs_median_ohm=51.0e3)),
    "error-law-6ns": _error_law_condition(6e-9),
    "error-law-8ns": _error_law_condition(8e-9),
    "error-law-20ns": _error_law_condition(20e-9),
}
"""Condition presets. ``nominal`` and ``weak`` have the bit error rates of two of the paper's
programming conditions, 0.27 % (its group 3) and 2.4 %, by `bridge.bit_error_rate`: the medians of
the high-resistance state are solved for those rates [D]. ``error-law-...`` are ideal devices and
circuits whose comparator follows the published law at that clock [P]."""
