"""Parameters of programming pulses: how likely a pulse switches a device.

Sources are marked as in `conditions`.
"""

import math
from dataclasses import field

from ...field_types import DeviceOhm, LogSpread, SwitchingSeconds
from ...hdl.config import ProgrammingOperation
from ...record import Record


class PulseLaw(Record):
    """Switching of a device by one kind of pulse [E].

    Switching is a Poisson event whose mean time falls exponentially with the amplitude, as is
    commonly found for filamentary devices:

        P(width, level) = 1 - exp(-width / tau),   tau = tau_0 10^(-level * decades_per_level).
    """

    time_at_level_0_s: SwitchingSeconds
    """tau_0, the mean time to switch at amplitude code 0, s [E]."""
    decades_per_level: LogSpread = 0.1
    """Decades of the mean time per step of the amplitude code [E]."""

    def success(self, width_s: float, level: int) -> float:
        """Probability that a pulse of `width_s` at amplitude code `level` switches a device."""
        exponent = math.log10(width_s / self.time_at_level_0_s) + level * self.decades_per_level
        # Beyond e^-1000 a float has no difference from certainty.
        return -math.expm1(-(10 ** min(exponent, 3.0)))


class ProgrammingParameters(Record):
    """Blank devices, and the laws of the three kinds of pulse.

    With the default macro (code 8 first, 100 ns of SET and RESET, 1 us of FORM) a first pulse
    switches 96 % to 98 % of the devices.
    """

    unformed_ohm: DeviceOhm = 1e9
    """Resistance of a device that was never formed, ohm [E]."""
    form: PulseLaw = field(default_factory=lambda: PulseLaw(time_at_level_0_s=1.6e-6))
    """Forming [E]."""
    set: PulseLaw = field(default_factory=lambda: PulseLaw(time_at_level_0_s=160e-9))
    """SET [E]."""
    reset: PulseLaw = field(default_factory=lambda: PulseLaw(time_at_level_0_s=200e-9))
    """RESET [E]."""

    def law(self, operation: ProgrammingOperation) -> PulseLaw:
        """The law of an operation's pulse."""
        return {
            ProgrammingOperation.FORM: self.form,
            ProgrammingOperation.SET: self.set,
            ProgrammingOperation.RESET: self.reset,
        }[operation]
