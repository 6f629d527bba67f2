"""The pins of a bridge array as signatures, made from the table in `config.pins`."""

from __future__ import annotations

import dataclasses

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .config import ArrayGroup
from .config.pins import PinGroup, PinSizes


def _members(sizes: PinSizes, *groups: PinGroup) -> dict[str, wiring.Member]:
    return {
        pin.name: (Out if pin.to_array else In)(width)
        for pin, width in sizes.widths(*groups).items()
    }


class ArraySignature(wiring.Signature):
    """Pins of one bridge array or of a chain of them, as its controller sees them.

    Arrays chained on the same capacitive lines look like one array of all their columns, array 0's
    lowest. The members are those of `config.pins` that an array of these sizes has.

    Parameters
    ----------
    sizes : PinSizes
    """

    def __init__(self, sizes: PinSizes):
        super().__init__(_members(sizes))

    @classmethod
    def of_layer(cls, config: ArrayGroup) -> ArraySignature:
        """The pins of each macro of a layer."""
        return cls(PinSizes.of_group(config))

    @classmethod
    def of_evaluation(cls, config: ArrayGroup) -> ArraySignature:
        """The pins of each macro of a layer that inference drives, those of programming aside."""
        return cls(dataclasses.replace(PinSizes.of_group(config), level_bits=0))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArraySignature) and self.members == other.members


class ProgrammingSignature(wiring.Signature):
    """Pins of one macro while it is programmed, as its controller sees them.

    Parameters
    ----------
    config : ArrayGroup
        The macro's layer.

    Members
    -------
    wl, bl, blb
        As in `config.pins`; bit lines are for reading back, 0 around and in a pulse.
    prog_op, prog_device, prog_level, prog_mask, prog_pulse, sl_q
        As in `config.pins`.
    """

    def __init__(self, config: ArrayGroup):
        self.config = config
        sizes = PinSizes(
            rows=config.macro.rows,
            columns=config.line_columns,
            level_bits=config.macro.programming.level_bits,
        )
        super().__init__(_members(sizes, PinGroup.LINES, PinGroup.PROGRAMMING))
