"""Parameters of the current-summing crossbar."""

from typing import Self

from ...field_types import SupplyVolt, TransistorOhm, WireOhm
from ...record import Record
from .bridge import BridgeParameters


class CrossbarParameters(Record):
    """Read-out and wires of a crossbar; its devices are those of the condition."""

    read_v: SupplyVolt = 0.2
    """Size of the voltage on a driven word line, V [E]: usual for reading without disturbing. The
    array being linear, it scales currents and changes no sign."""
    access_resistance_ohm: TransistorOhm
    """Access transistor in series with each device, ohm."""
    wordline_wire_ohm: WireOhm
    """Wire of a word line from one bit line to the next, ohm. 0 switches it off."""
    bitline_wire_ohm: WireOhm
    """Wire of a bit line from one word line to the next, ohm. 0 switches it off."""

    @classmethod
    def like(cls, bridge: BridgeParameters) -> Self:
        """A crossbar in the same technology: transistors and wire per cell are the bridge's."""
        return cls(
            access_resistance_ohm=bridge.access_resistance_ohm,
            wordline_wire_ohm=bridge.bitline_wire_ohm,
            bitline_wire_ohm=bridge.bitline_wire_ohm,
        )
