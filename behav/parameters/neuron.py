"""Parameters of a neuron: its two capacitive lines."""

from typing import Annotated, TypeAlias

from ...field_types import ChargeNoiseVolt, Farad, Limits, Magnitude, TimeConstant
from ...record import Record

# Beyond 10 % the normal law would give capacitors of negative value.
SmallSpread: TypeAlias = Annotated[float, Limits(0, 0.1)]
Signed: TypeAlias = Annotated[float, Limits(-1, 1)]


class NeuronParameters(Record):
    """The two capacitive lines of a macro."""

    unit_capacitor_f: Farad = 2e-15
    """Capacitor of a column on each line, and unit of the read-out bank, F [E]."""
    parasitic_fraction: Magnitude = 0.05
    """Parasitic of a line to ground, as a fraction of its column capacitors in total [E]."""
    unit_capacitor_sigma: SmallSpread = 0.01
    """Mismatch of a unit capacitor, relative [E]; 2^k units in parallel have it over 2^(k/2)."""
    precharge_tau_s: TimeConstant = 0.2e-9
    """Time constant of a line through its precharge switch, s [E]: 80 ohm and the 2.4 pF of 1,152
    columns. 0: precharge is perfect."""
    injection_common_v: Signed = 0.0
    """What the opening precharge switches leave on both lines alike, V, of either sign [E]."""
    injection_differential_v: Signed = 0.0
    """What they leave on line P over line N, V, of either sign [E]."""
    injection_conversion: Signed = 0.0
    """Part of the common mode that appears as a difference, from -1 to 1 [E]: unequal lines."""
    share_mismatch_sigma: SmallSpread = 0.001
    """Spread, between macros, of the part of a holding capacitor's charge that a share keeps; 1/2
    without mismatch [E]: two capacitors of 2 pF."""
    share_noise_v: ChargeNoiseVolt = 60e-6
    """Noise that a share leaves on V_P - V_N, V: kT/C of two holding capacitors of 2.3 pF, those of
    1,152 columns [D]."""
