"""The arrays behind a controller's pins in Amaranth's simulator, cycle by cycle."""

from collections.abc import Sequence
from typing import Any

from ...behav.chip.cells import MacroCells
from ...behav.chip.layer import LayerChip
from ...behav.pins.programming import ProgrammingArray
from ...errors import PhaseError
from ...hdl.config.pins import ArrayPins, PinSizes, ProgrammingPins
from ...hdl.controller.controller import NetworkController
from ..answers import ArrayAdapter, array_adapters
from ..host.blank_chip import BlankChip
from ..outcome import Outcome


class _Array:
    """Answers for one array in each cycle in which its pins change."""

    def __init__(self, pins: Any, adapter: ArrayAdapter, chip: LayerChip) -> None:
        sizes = PinSizes.of_group(chip.config)
        self.adapter = adapter
        self.names = sizes.inference_inputs()
        self.inputs = [getattr(pins, name) for name in self.names]
        self.drivers = [getattr(pins, name) for name in sizes.drivers()]
        self.outputs = (pins.sense_p, pins.sense_n)
        self.resolving = chip.config.macro.timing.strobe_cycles - 1
        self.seen = [0] * len(self.inputs)
        self.sense = (0, 0)
        self.due = -1

    def cycle(self, ctx: Any, number: int, period_s: float) -> None:
        """The comparator resolves in the last cycle of the strobe, not before."""
        if any(ctx.get(pin) for pin in self.drivers):
            raise PhaseError("found a program driver on in inference, expected it off")
        values = [ctx.get(pin) for pin in self.inputs]
        if values != self.seen:
            self.seen = values
            pins = ArrayPins(**dict(zip(self.names, values, strict=True)))
            sense = self.adapter.observe(number * period_s, pins)
            if sense != self.sense:
                self.sense = sense
                self.due = number + (self.resolving if pins.strobe else 0)
        if number == self.due:
            for pin, value in zip(self.outputs, self.sense, strict=True):
                ctx.set(pin, value)


class _BlankArray:
    """One macro at its pins while it is programmed."""

    def __init__(self, pins: Any, cells: MacroCells) -> None:
        self.array = ProgrammingArray(cells)
        sizes = PinSizes.of_group(cells.config)
        self.names = [pin.name for pin in sizes.widths() if pin.to_array]
        self.pins = pins
        self.inputs = [getattr(pins, name) for name in self.names]
        self.seen = [0] * len(self.names)

    def cycle(self, ctx: Any, number: int, period_s: float) -> None:
        values = [ctx.get(pin) for pin in self.inputs]
        if values != self.seen:
            self.seen = values
            pins = ProgrammingPins(**dict(zip(self.names, values, strict=True)))
            self.array.observe(number * period_s, pins)
        if any(values):
            # What the controller samples at the end of this cycle.
            ctx.set(self.pins.sl_q, self.array.sl_q((number + 1) * period_s))


class _Clocked:
    """Arrays that see every clock cycle.

    Attributes
    ----------
    number : int
        Clock cycles so far.
    """

    def __init__(self, ctx: Any, arrays: Sequence[_Array | _BlankArray], period_s: float) -> None:
        self.ctx = ctx
        self.number = 0
        self._arrays = arrays
        self._period_s = period_s

    def answer(self) -> None:
        """Show the arrays this cycle's pins."""
        for array in self._arrays:
            array.cycle(self.ctx, self.number, self._period_s)

    async def cycle(self) -> None:
        """Go on by one clock cycle."""
        self.answer()
        await self.tick()

    async def tick(self) -> None:
        await self.ctx.tick()
        self.number += 1


class Arrays(_Clocked):
    """All arrays of a chip; they note in the outcome what they see and say."""

    def __init__(
        self, ctx: Any, controller: NetworkController, chips: Sequence[LayerChip], outcome: Outcome
    ) -> None:
        arrays = [
            _Array(getattr(controller, name), adapter, chip)
            for name, adapter, chip in array_adapters(chips, outcome)
        ]
        super().__init__(ctx, arrays, controller.config.clock_period_ps * 1e-12)


class BlankArrays(_Clocked):
    """All arrays of a blank chip, whose cells change as the controller's pins say."""

    def __init__(self, ctx: Any, controller: NetworkController, chip: BlankChip) -> None:
        arrays = [
            _BlankArray(getattr(controller, f"{layer.config.name}_{macro}"), cells)
            for layer in chip.layers
            for macro, cells in zip(layer.config.macro_names, layer.macros, strict=True)
        ]
        super().__init__(ctx, arrays, controller.config.clock_period_ps * 1e-12)
