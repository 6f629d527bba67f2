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
from .bit_errors import hrs_median_for
from .cell_parameters import BridgeParameters as BridgeParameters
from .cell_parameters import DeviceParameters as DeviceParameters
from .cell_parameters import LrsLaw as LrsLaw
from .cell_parameters import RetentionParameters as RetentionParameters
from .cell_parameters import is_number as _is_number
from .cell_parameters import require_above as _require_above
from .cell_parameters import require_within as _require_within
from .programming_parameters import ProgrammingParameters as ProgrammingParameters
from .programming_parameters import PulseLaw as PulseLaw


def _require_magnitude(owner: object, most: float, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not (_is_number(value) and abs(value) <= most):
            raise InputError(
                f"{name}: found {value!r}, expected a finite number from {-most:g} to {most:g}"
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

    share_mismatch_sigma: float = 0.001
    """Spread, between macros, of the part of a holding capacitor's charge that a share keeps; 1/2
    without mismatch [E]: two capacitors of 2 pF."""
    share_noise_v: float = 60e-6
    """Noise that a share leaves on V_P - V_N, V: kT/C of two holding capacitors of 2.3 pF, those of
    1,152 columns [D]."""

    def __post_init__(self) -> None:
        _require_above(self, "unit_capacitor_f")
        _require_within(self, 0.1, "share_mismatch_sigma")
        _require_within(self, math.inf, "share_noise_v")
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
    offset_magnitude_v: float = 0.0
    """With more than 0, every comparator has an offset of this size beside its draw, V: of the
    draw's sign, so that half of them have either one. For what-if questions."""
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
        _require_within(self, math.inf, "offset_magnitude_v")
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
    programming: ProgrammingParameters = field(default_factory=ProgrammingParameters)

    def without_variation(self) -> ChipParameters:
        """The same chip with every spread, delay and charge injection at 0 and no error law."""
        return self.replace(
            devices=self.devices.without_variation(),
            bridge=self.bridge.without_variation(),
            neuron=self.neuron.replace(
                unit_capacitor_sigma=0.0,
                precharge_tau_s=0.0,
                share_mismatch_sigma=0.0,
                share_noise_v=0.0,
                injection_common_v=0.0,
                injection_differential_v=0.0,
            ),
            comparator=self.comparator.replace(
                offset_sigma_v=0.0,
                offset_magnitude_v=0.0,
                noise_sigma_v=0.0,
                regeneration_tau_s=0.0,
                error_law=False,
            ),
        )


def _error_law_condition(clock_s: float) -> ChipParameters:
    ideal = ChipParameters().without_variation()
    return ideal.replace(
        comparator=ideal.comparator.replace(error_law=True, error_law_clock_s=clock_s)
    )


MEASURED_WRONG_BITS: dict[int, tuple[int, ...]] = {
    1: (10, 5, 4, 1),
    2: (20, 3, 4, 2),
    3: (128, 39, 36, 37),
    4: (1078, 373, 316, 328, 343),
}
"""Wrong bits of 13,800 on the authors' test chip, per group and index of their list of bit error
rates [P], whose values are all multiples of 1/13,800 [R]. That groups are programming strengths,
and a group's index a rising read supply, is our reading of the list."""

MEASURED_BITS = 13_800
"""Bits that each of `MEASURED_WRONG_BITS` is out of [R]."""


def _measured_condition(wrong_bits: int) -> ChipParameters:
    """The default chip, its high-resistance state weakened or strengthened to the measured rate."""
    chip = ChipParameters()
    median_ohm = hrs_median_for(wrong_bits / MEASURED_BITS, chip.devices, chip.bridge)
    return chip.replace(devices=chip.devices.replace(hrs_median_ohm=median_ohm))


CONDITIONS: dict[str, ChipParameters] = {
    "nominal": ChipParameters(),
    "weak": ChipParameters(devices=DeviceParameters(hrs_median_ohm=51.0e3)),
    **{
        f"measured-{group}-{index}": _measured_condition(wrong_bits)
        for group, rates in MEASURED_WRONG_BITS.items()
        for index, wrong_bits in enumerate(rates, 1)
    },
    "error-law-6ns": _error_law_condition(6e-9),
    "error-law-8ns": _error_law_condition(8e-9),
    "error-law-20ns": _error_law_condition(20e-9),
}
"""Condition presets. ``nominal`` and ``weak`` have the bit error rates of two of the paper's
programming conditions, 0.27 % (its group 3) and 2.4 %, by `bridge.bit_error_rate`: the medians of
the high-resistance state are solved for those rates [D]. ``measured-<group>-<index>`` are the 17
bit error rates measured on the authors' test chip, by rising index of `MEASURED_WRONG_BITS`; the
median of the high-resistance state is solved for each in `bit_errors.bit_error_rate`, spreads and
supply being those of ``nominal`` [D]. ``error-law-...`` are ideal devices and
circuits whose comparator follows the published law at that clock [P]."""
