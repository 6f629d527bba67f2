"""Parameters of a bridge: access transistor and inverter."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...field_types import FaradOrNone, SpreadVolt, SupplyVolt, TransistorOhm, WireOhm
from ...record import Record


class BridgeParameters(Record):
    """Divider between BL and BLb, and the inverter that restores its midpoint SL."""

    vdd_v: SupplyVolt = 1.2
    """Supply, and read voltage between BL and BLb, V [E]."""
    access_resistance_ohm: TransistorOhm = 2000.0
    """Access transistor in series with each device, ohm [E]."""
    bitline_wire_ohm: WireOhm = 1.0
    """Wire of BL and of BLb from one row to the next, ohm [E]: row k, counted from 0 at the
    drivers, has k times this in series on each side [D]. 0 switches it off."""
    sl_capacitor_f: FaradOrNone = 50e-15
    """Capacitance of SL, F [E]. 0 switches settling off."""
    inverter_threshold_v: float = 0.6
    """Switching threshold of the inverter on SL, V [E]."""
    inverter_threshold_sigma_v: SpreadVolt = 0.02
    """Mismatch of that threshold between the columns of a macro, V [E]."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.inverter_threshold_v < self.vdd_v:
            raise InputError(
                f"inverter_threshold_v: found {self.inverter_threshold_v!r}, expected above 0 and "
                f"below vdd_v, {self.vdd_v!r}"
            )

    def series_ohm(self, row: int | NDArray[np.int_]) -> float | NDArray[np.floating]:
        """Resistance in series with each device of a row, ohm: access transistor and wire."""
        return self.access_resistance_ohm + row * self.bitline_wire_ohm

    def at_supply(self, vdd_v: float) -> Self:
        """The same bridge at another supply: the inverter's threshold moves in proportion, its
        mismatch in V stays."""
        scaled_v = self.inverter_threshold_v / self.vdd_v * vdd_v
        return self.replace(vdd_v=vdd_v, inverter_threshold_v=scaled_v)

    def without_variation(self) -> Self:
        """The same bridge with equal inverters, settled at once, its wires without resistance."""
        return self.replace(
            inverter_threshold_sigma_v=0.0, sl_capacitor_f=0.0, bitline_wire_ohm=0.0
        )
