"""The parameters of a whole chip: one condition."""

from dataclasses import field
from typing import Self

from ...record import Record
from .bridge import BridgeParameters
from .comparator import ComparatorParameters
from .devices import DeviceParameters
from .neuron import NeuronParameters
from .programming import ProgrammingParameters


class ChipParameters(Record):
    """A condition: the statistics from which chips are drawn, and how they are read."""

    devices: DeviceParameters = field(default_factory=DeviceParameters)
    bridge: BridgeParameters = field(default_factory=BridgeParameters)
    neuron: NeuronParameters = field(default_factory=NeuronParameters)
    comparator: ComparatorParameters = field(default_factory=ComparatorParameters)
    programming: ProgrammingParameters = field(default_factory=ProgrammingParameters)

    def without_variation(self) -> Self:
        """The same chip with every spread, delay and charge injection at 0 and no error law."""
        return self.replace(
            devices=self.devices.without_variation(),
            bridge=self.bridge.without_variation(),
            neuron=self.neuron.replace(
                unit_capacitor_sigma=0.0,
                precharge_tau_s=0.0,
                share_mismatch_sigma=0.0,
                share_noise_v=0.0,
                injection_common_v=0.0,
                injection_differential_v=0.0,
            ),
            comparator=self.comparator.replace(
                offset_sigma_v=0.0,
                offset_magnitude_v=0.0,
                noise_sigma_v=0.0,
                regeneration_tau_s=0.0,
                error_law=False,
            ),
        )
