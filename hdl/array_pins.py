"""The pins of a bridge array as signatures, made from the table in `config.pins`."""

import dataclasses
from typing import Self

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .config import ArrayGroup
from .config.pins import PinGroup, PinSizes


class ArraySignature(wiring.Signature):
    """Pins of one bridge array or of a chain of them, as its controller sees them.

    Arrays chained on the same capacitive lines look like one array of all their columns, array 0's
    lowest. The members are those of `config.pins` that an array of these sizes has.

    Parameters
    ----------
    sizes : PinSizes
    *groups : PinGroup
        Pins of these only; of all without.
    """

    def __init__(self, sizes: PinSizes, *groups: PinGroup):
        widths = sizes.widths(*groups)
        super().__init__(
            {pin.name: (Out if pin.to_array else In)(width) for pin, width in widths.items()}
        )

    @classmethod
    def of_layer(cls, config: ArrayGroup) -> Self:
        """The pins of each macro of a layer."""
        return cls(PinSizes.of_group(config))

    @classmethod
    def of_evaluation(cls, config: ArrayGroup) -> Self:
        """The pins of each macro of a layer that inference drives, those of programming aside."""
        return cls(dataclasses.replace(PinSizes.of_group(config), level_bits=0))

    @classmethod
    def of_programming(cls, config: ArrayGroup) -> Self:
        """The pins of each macro of a layer while it is programmed.

        Bit lines are for reading back, 0 around and in a pulse.
        """
        levels = config.macro.programming.level_bits
        sizes = dataclasses.replace(PinSizes.of_group(config), level_bits=levels)
        return cls(sizes, PinGroup.LINES, PinGroup.PROGRAMMING)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArraySignature) and self.members == other.members
