"""Reads and writes of a controller's registers in Amaranth's simulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ...hdl.bus.registers import WORD_BYTES
from ...hdl.controller.control_registers import trim_register
from ...hdl.controller.controller import NetworkController

__all__ = ["RegisterAccess", "field_bit"]


def field_bit(controller: NetworkController, register: str, field: str) -> int:
    """A field of one bit, as the number to write."""
    placed = controller.registers.registers[register].placed_fields
    return next(1 << lowest for lowest, found in placed if found.name == field)


class RegisterAccess:
    """The bus master of a controller.

    Parameters
    ----------
    ctx
        Of the testbench that it is used in.
    controller : NetworkController
    step : callable () -> awaitable
        Goes on by one clock cycle.
    """

    def __init__(
        self, ctx: Any, controller: NetworkController, step: Callable[[], Awaitable[None]]
    ):
        self.ctx = ctx
        self.controller = controller
        self.step = step

    def _set(self, **values: int) -> None:
        for name, value in values.items():
            self.ctx.set(getattr(self.controller, f"s_axil_{name}"), value)

    def _get(self, name: str) -> int:
        return int(self.ctx.get(getattr(self.controller, f"s_axil_{name}")))

    async def write(self, name: str, value: int) -> None:
        """Write a register, whose answer is taken."""
        address = self.controller.registers.registers.address(name)
        self._set(awaddr=address, awvalid=1, wdata=value, wstrb=(1 << WORD_BYTES) - 1, wvalid=1)
        self._set(bready=1)
        waiting = {"aw", "w"}
        while waiting or not self._get("bvalid"):
            taken = {channel for channel in waiting if self._get(f"{channel}ready")}
            await self.step()
            waiting -= taken
            self._set(**{f"{channel}valid": 0 for channel in taken})
        await self.step()
        self._set(bready=0)

    async def read(self, name: str) -> int:
        """What a register holds."""
        address = self.controller.registers.registers.address(name)
        self._set(araddr=address, arvalid=1, rready=1)
        while not self._get("arready"):
            await self.step()
        await self.step()
        self._set(arvalid=0)
        while not self._get("rvalid"):
            await self.step()
        value = self._get("rdata")
        await self.step()
        self._set(rready=0)
        return value

    async def command(self, field: str) -> None:
        """Write one bit of CONTROL."""
        await self.write("CONTROL", field_bit(self.controller, "CONTROL", field))

    async def trim(self, layer: int, macro: int) -> int:
        """The trim of a macro, score units."""
        bits = self.controller.config.layers[layer].trim_bits_in_use
        value = await self.read(trim_register(layer, macro))
        return value - (value >> bits << bits + 1)
