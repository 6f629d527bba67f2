"""Parameters of the energy: what the circuits around the devices weigh, in two technologies.

Sources are marked as in `conditions`.
"""

from ...field_types import BridgeOhm, ClockSecondsOrNone, FaradOrNone, Joule, SupplyVoltOrNone
from ...record import Record


class EnergyParameters(Record):
    """Loads that the bits of an evaluation do not depend on, and overrides of those that matter.

    The first five fields override the condition and the macro: 0 means "as they have it". A
    projection to another technology sets them; it then tells what the same evaluations would cost
    there, not what they would decide.
    """

    vdd_v: SupplyVoltOrNone = 0.0
    """Supply, V; 0: that of the condition."""
    bridge_ohm: BridgeOhm = 0.0
    """L' + H' of every bridge, access resistances included, ohm; 0: the chip's own devices."""
    unit_capacitor_f: FaradOrNone = 0.0
    """Unit capacitor of the lines, F; 0: that of the condition."""
    sl_capacitor_f: FaradOrNone = 0.0
    """Capacitance of an SL, F; 0: that of the condition."""
    clock_period_s: ClockSecondsOrNone = 0.0
    """Clock period, s; 0: that of the macro."""
    inverter_node_f: FaradOrNone = 0.5e-15
    """Each of the three nodes behind an SL: its inverters' outputs with what they drive inside the
    cell, F [E]: about the gate of one minimum inverter at 130 nm."""
    switch_gate_f: FaradOrNone = 0.3e-15
    """Gate of one of the four plate switches of a column, F [E]: a minimum transistor at 130 nm."""
    word_line_f: FaradOrNone = 1.0e-15
    """Word line per column: two access gates and the wire between them, F [E]."""
    bit_line_f: FaradOrNone = 0.5e-15
    """BL or BLb per row: a drain and the wire between rows, F [E]."""
    comparator_j: Joule = 100e-15
    """One strobe of the comparator, latch and its clock, J [E]: about 70 fF charged to 1.2 V."""


ENERGY: dict[str, EnergyParameters] = {
    "130nm": EnergyParameters(),
    "22nm": EnergyParameters(
        vdd_v=0.8,
        bridge_ohm=300e3,
        unit_capacitor_f=0.5e-15,
        sl_capacitor_f=5e-15,
        clock_period_s=0.2e-9,
        inverter_node_f=0.1e-15,
        switch_gate_f=0.05e-15,
        word_line_f=0.2e-15,
        bit_line_f=0.1e-15,
        comparator_j=5e-15,
    ),
}
"""Energy presets. ``130nm`` is the paper's technology [P] with the condition's own supply, devices
and capacitors. ``22nm`` is a projection: 0.8 V, 300 kohm and 1 ns per evaluation are the physics
notes' [D], the 1 ns as five phases of 0.2 ns, which needs an array that times itself; each
capacitance is [E], scaled from 130 nm by the drawn length (1/6), the unit capacitor to what
1 % of matching still allows, the SL to a short local wire; the comparator by C V^2."""
