"""Parameters and shipped conditions, by the import path that users have."""

from .conditions import CONDITIONS, MEASURED_BITS, MEASURED_WRONG_BITS
from .parameters.bridge import BridgeParameters
from .parameters.chip import ChipParameters
from .parameters.comparator import ComparatorParameters
from .parameters.devices import DeviceParameters, LrsLaw, RetentionParameters
from .parameters.neuron import NeuronParameters
from .parameters.programming import ProgrammingParameters, PulseLaw

__all__ = [
    "CONDITIONS",
    "MEASURED_BITS",
    "MEASURED_WRONG_BITS",
    "BridgeParameters",
    "ChipParameters",
    "ComparatorParameters",
    "DeviceParameters",
    "LrsLaw",
    "NeuronParameters",
    "ProgrammingParameters",
    "PulseLaw",
    "RetentionParameters",
]
