"""Geometry and timing of macros, layers and networks: the one source for every size and latency.

Free of Amaranth, so that the physics and the networks can use it too. Import from here; the files
below are this package's own.
"""

from ...errors import InputError
from ...record import Record
from .array_group import ArrayGroup, Readout
from .digital import DigitalLayerConfig
from .layer import LayerConfig
from .macro import MACROS, WIDEST_BUS, MacroConfig
from .network import LARGEST_SCORE, STREAM_BITS, NetworkConfig, largest_offset
from .programming import ProgrammingConfig, ProgrammingOperation
from .timing import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, PhaseTiming

__all__ = [
    "DEAD_TIME_NAMES",
    "LARGEST_SCORE",
    "MACROS",
    "PHASE_BITS",
    "PHASE_NAMES",
    "STREAM_BITS",
    "WIDEST_BUS",
    "ArrayGroup",
    "DigitalLayerConfig",
    "InputError",
    "LayerConfig",
    "MacroConfig",
    "NetworkConfig",
    "PhaseTiming",
    "ProgrammingConfig",
    "ProgrammingOperation",
    "Readout",
    "Record",
    "largest_offset",
]
