"""Parameters of the current-summing crossbar."""

import math
from typing import Self

from ...record import Record
from .bridge import BridgeParameters
from .checks import require_above, require_within


class CrossbarParameters(Record):
    """Read-out and wires of a crossbar; its devices are those of the condition."""

    read_v: float = 0.2
    """Size of the voltage on a driven word line, V [E]: usual for reading without disturbing. The
    array being linear, it scales currents and changes no sign."""
    access_resistance_ohm: float
    """Access transistor in series with each device, ohm."""
    wordline_wire_ohm: float
    """Wire of a word line from one bit line to the next, ohm. 0 switches it off."""
    bitline_wire_ohm: float
    """Wire of a bit line from one word line to the next, ohm. 0 switches it off."""

    def __post_init__(self) -> None:
        require_above(self, "read_v")
        require_within(
            self, math.inf, "access_resistance_ohm", "wordline_wire_ohm", "bitline_wire_ohm"
        )

    @classmethod
    def like(cls, bridge: BridgeParameters) -> Self:
        """A crossbar in the same technology: transistors and wire per cell are the bridge's."""
        return cls(
            access_resistance_ohm=bridge.access_resistance_ohm,
            wordline_wire_ohm=bridge.bitline_wire_ohm,
            bitline_wire_ohm=bridge.bitline_wire_ohm,
        )
