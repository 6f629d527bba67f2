"""Parameters of a comparator."""

from ...field_types import ClockSeconds, SpreadVolt, SupplyVolt, TimeConstant
from ...record import Record


class ComparatorParameters(Record):
    """The clocked comparator of a macro: its own offset and noise, or the published error law.

    The defaults are for a latch of a few square micrometres in 130 nm: an input pair of 4 um^2 at
    about 4 mV um of threshold matching has 2 mV of offset, and such latches have input noise of
    a few tenths of a millivolt. The authors' law, as a voltage 4.1 mV (20 ns) to 5.9 mV (6 ns),
    is their total with everything that a short clock adds; the defaults model the comparator
    alone, and the error law is there for the total.
    """

    offset_sigma_v: SpreadVolt = 2e-3
    """Spread of the input offset between comparators, V [E]."""
    offset_magnitude_v: SpreadVolt = 0.0
    """With more than 0, every comparator has an offset of this size beside its draw, V: of the
    draw's sign, so that half of them have either one. For what-if questions."""
    noise_sigma_v: SpreadVolt = 0.5e-3
    """Spread of the input noise between decisions, V [E]."""
    regeneration_tau_s: TimeConstant = 0.1e-9
    """Time constant of the latch's regeneration, s [E]: in a strobe of 5 ns it grows an input by
    e^50, so that only an input below 1e-21 V stays unresolved. 0: every input is resolved."""
    logic_level_v: SupplyVolt = 1.2
    """Difference of the latch's outputs that counts as resolved, V [E]: the supply."""
    error_law: bool = False
    """Decide by the published error law, in place of offset, noise, charge injection and
    regeneration [P]."""
    error_law_clock_s: ClockSeconds = 6e-9
    """Clock period that the error law is for, s; `error_law.error_law` tells which periods were
    published."""
