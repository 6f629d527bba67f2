"""What several requests ask for: a network on a macro, and a chip of it."""

from ..bnn.catalog import find_network
from ..bnn.images import ImageSet, input_bits
from ..bnn.mapping import MappedNetwork, map_network
from ..field_types import Count
from ..record import Record
from ..sim.job import Job
from .presets import find_condition, find_macro


class NetworkRequest(Record):
    """A network on a macro."""

    network: str = "mnist"
    """A shipped network's name or a network file."""
    macro: str = "default"
    """A preset's name or a TOML file."""

    def mapped(self) -> MappedNetwork:
        """The network, mapped onto the macro."""
        return map_network(find_network(self.network), find_macro(self.macro))


class ChipRequest(NetworkRequest):
    """A network on a chip."""

    condition: str = "nominal"
    """A preset's name or a TOML file."""
    chip: Count | None = 1
    """The number that every device and mismatch is drawn from; None for the ideal chip."""
    seed: Count = 1
    """Of the comparators' noise and of random images."""

    def job(self, mapped: MappedNetwork, images: ImageSet, **steps: bool) -> Job:
        """Images through the chip; `steps` are those of the job that come before them."""
        return Job(
            config=mapped.config,
            weights=mapped.weights,
            parameters=find_condition(self.condition),
            chip=self.chip,
            seed=self.seed,
            images=input_bits(images.images, mapped.network),
            **steps,
        )
