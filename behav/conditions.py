"""The conditions shipped with the package.

Sources are marked as in the project's physics notes: [P] Ezzadeen et al. 2024
(doi 10.1038/s44172-024-00226-z) or code of the same group, [R] recovered from the authors'
tables, [D] derived here, [E] an engineering estimate.

Each variation is switched off by a spread (``..._sigma...``) of 0.
"""

from .cell.bit_errors import hrs_median_for
from .parameters.chip import ChipParameters
from .parameters.devices import DeviceParameters


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
