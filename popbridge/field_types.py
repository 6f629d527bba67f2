"""What a field of a record may hold: its type, the limits of numbers, and words for messages."""

import enum
import math
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from .errors import InputError

LONGEST_SHOWN = 40
"""Characters of a wrong value that a message repeats."""
LARGEST = 2**64 - 1
"""Magnitude of an integer: JSON and TOML have them of any length."""


@dataclass(frozen=True)
class Limits:
    """Range of a number; `least` itself is out of it if `open`, 0 is in it besides if `zero`."""

    least: float
    most: float = math.inf
    open: bool = False
    zero: bool = False

    def hold(self, value: float) -> bool:
        """Whether a value is within."""
        if self.zero and value == 0:
            return True
        return self.least <= value <= self.most and not (self.open and value == self.least)

    def __str__(self) -> str:
        zero = "0 or " if self.zero else ""
        if self.open:
            return f"{zero}above {self.least:g}" + f", at most {self.most:g}" * (
                self.most < math.inf
            )
        if self.most < math.inf:
            return f"{zero}from {self.least:g} to {self.most:g}"
        return f"{zero}of at least {self.least:g}"


Count: TypeAlias = Annotated[int, Limits(0)]
Size: TypeAlias = Annotated[int, Limits(1)]
Share: TypeAlias = Annotated[float, Limits(0, 1)]
Magnitude: TypeAlias = Annotated[float, Limits(0)]
Positive: TypeAlias = Annotated[float, Limits(0, open=True)]

# Physical quantities. Their limits hold every device that somebody might build, and leave out what
# the same device comes to in the next unit: a value that is meant in kilo-ohm, femtofarad,
# millivolt or nanoseconds is refused, not computed with.
MOST_DEVICE_OHM = 1e13
DeviceOhm: TypeAlias = Annotated[float, Limits(100, MOST_DEVICE_OHM)]
"""A memory device: even phase-change and magnetic ones have kilo-ohms when on, and above 10^13 ohm
no read-out finds a current. In kilo-ohm: below 100 for anything up to 100 kilo-ohm."""
BridgeOhm: TypeAlias = Annotated[float, Limits(1e3, MOST_DEVICE_OHM, zero=True)]
"""Both devices of a bridge, of which the one that is off has kilo-ohms; 0 where the chip's own
hold."""
TransistorOhm: TypeAlias = Annotated[float, Limits(50, 1e9, zero=True)]
"""An access transistor: 20 micrometres of width have some 50 ohm, minimum ones kilo-ohms, below
threshold megohms. In kilo-ohm: tens at most. 0 for none."""
WireOhm: TypeAlias = Annotated[float, Limits(0, 1e4)]
"""Wire of one cell: ohms, thousands for nanometres of barrier metal; beyond, a line of a hundred
cells is worse than its devices."""
Farad: TypeAlias = Annotated[float, Limits(1e-18, 1e-10)]
"""A capacitor on a chip: between the corner of a via and a tenth of a square millimetre. In
femtofarad or picofarad: above 10^-4."""
FaradOrNone: TypeAlias = Annotated[float, Limits(1e-18, 1e-10, zero=True)]
"""As `Farad`; 0 for none."""
SupplyVolt: TypeAlias = Annotated[float, Limits(1e-3, 20)]
"""A supply, or a difference of logic levels: superconducting logic has millivolts,
junctions break at 20 V. In millivolt: hundreds."""
SupplyVoltOrNone: TypeAlias = Annotated[float, Limits(1e-3, 20, zero=True)]
"""As `SupplyVolt`; 0 where another one holds."""
SpreadVolt: TypeAlias = Annotated[float, Limits(0, 1)]
"""Mismatch or noise: as large as a supply at the most. In millivolt: above 1 for most."""
ChargeNoiseVolt: TypeAlias = Annotated[float, Limits(0, 0.1)]
"""kT/C noise: 64 mV on an attofarad. In millivolt or microvolt: tenths and tens."""
ClockSeconds: TypeAlias = Annotated[float, Limits(0, 1e-3, open=True)]
"""Period of a clock: a kilohertz is slower than any. In ns or us: above it."""
ClockNanoseconds: TypeAlias = Annotated[float, Limits(1e-3, 1e6)]
"""The same in ns: from the period of a terahertz on. In seconds: below it."""
ClockSecondsOrNone: TypeAlias = Annotated[float, Limits(0, 1e-3)]
"""As `ClockSeconds`; 0 where another one holds."""
TimeConstant: TypeAlias = Annotated[float, Limits(0, 1e-6)]
"""Of a line or a latch: a gigaohm on a femtofarad has a microsecond. In ns or us: above it."""
SwitchingSeconds: TypeAlias = Annotated[float, Limits(0, 1, open=True)]
"""Mean time in which a pulse switches a device: slower ones cannot be programmed. In ns: above
it."""
StorageSeconds: TypeAlias = Annotated[float, Limits(0, 1e12)]
"""Thirty thousand years."""
Kelvin: TypeAlias = Annotated[float, Limits(1, 2000)]
"""From liquid helium to what metals of a chip melt at."""
ElectronVolt: TypeAlias = Annotated[float, Limits(0, 10)]
"""An activation energy; atoms are bound by less."""
Joule: TypeAlias = Annotated[float, Limits(0, 1e-6)]
"""Of one event on a chip. In femtojoule or picojoule: above it."""
LogSpread: TypeAlias = Annotated[float, Limits(0, 10)]
"""Spread or drift of ln R: ten are four decades, and conductances leave a float's usefulness."""


def shown(value: object) -> str:
    """A wrong value, as messages show it."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; an integer of too many digits
        return f"{type(value).__name__} of no end"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def bare(expected: Any) -> Any:
    """A type without its limits."""
    return typing.get_args(expected)[0] if typing.get_origin(expected) is Annotated else expected


def fits(expected: Any, value: Any) -> bool:
    """Whether a value is of a simple type: a number within its limits, text, flag or word."""
    kind = bare(expected)
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    if not isinstance(value, int | float if kind is float else kind):
        return False
    if isinstance(value, bool) or kind not in (int, float):
        return isinstance(value, bool) == (kind is bool)
    whole = isinstance(value, int)
    if (whole and abs(value) > LARGEST) or (not whole and not math.isfinite(value)):
        return False
    return all(limits.hold(value) for limits in typing.get_args(expected)[1:])


_WORDS = {str: "text", bool: "true or false", int: "an integer", float: "a finite number"}


def words(expected: Any) -> str:
    """What a message calls a type."""
    kind, inner = typing.get_origin(expected), typing.get_args(expected)
    if kind is Annotated:
        return " ".join([words(inner[0]), *map(str, inner[1:])])
    if kind is typing.Literal:
        return " or ".join(map(repr, inner))
    if kind in (types.UnionType, typing.Union):
        return " or ".join(words(each) for each in inner if each is not types.NoneType)
    if isinstance(expected, type) and issubclass(expected, enum.Enum):
        return f"one of {[item.value for item in expected]}"
    return _WORDS.get(expected, "a table of fields" if kind is dict else "another value")


def wrong(path: str, value: object, expected: Any) -> InputError:
    return InputError(f"{path}: found {shown(value)}, expected {words(expected)}")
