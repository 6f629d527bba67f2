"""Geometry and timing of macros, layers and networks: the one source for every size and latency.

Free of Amaranth, so that the physics and the networks can use it too. Import from here; the files
below are this package's own.
"""

from .array_group import ArrayGroup, Readout
from .digital import DigitalLayerConfig
from .layer import LayerConfig
from .macro import MACROS, MOST_TRIM_BITS, MOST_TRIM_STROBES, WIDEST_BUS, MacroConfig
from .network import BLOCK_NAMES, LARGEST_SCORE, STREAM_BITS, NetworkConfig
from .programming import ProgrammingConfig, ProgrammingOperation
from .timing import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, PhaseTiming

__all__ = [
    "BLOCK_NAMES",
    "DEAD_TIME_NAMES",
    "LARGEST_SCORE",
    "MACROS",
    "MOST_TRIM_BITS",
    "MOST_TRIM_STROBES",
    "PHASE_BITS",
    "PHASE_NAMES",
    "STREAM_BITS",
    "WIDEST_BUS",
    "ArrayGroup",
    "DigitalLayerConfig",
    "LayerConfig",
    "MacroConfig",
    "NetworkConfig",
    "PhaseTiming",
    "ProgrammingConfig",
    "ProgrammingOperation",
    "Readout",
]
