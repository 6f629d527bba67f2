"""The controller's ports and the arrays' side while Amaranth's simulator programs a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...behav.chip.cells import MacroCells
from ...behav.pins.programming import ProgrammingArray
from ...errors import SimulationError
from ...hdl.bus.registers import WORD_BYTES
from ...hdl.config.pins import PinSizes, ProgrammingPins
from ...hdl.controller.controller import NetworkController
from ..host.blank_chip import BlankChip
from ..job import Job


class _BlankArray:
    """One macro at its pins, cycle by cycle."""

    def __init__(self, pins: Any, cells: MacroCells) -> None:
        self.array = ProgrammingArray(cells)
        self.names = [pin.name for pin in PinSizes.of_group(cells.config).widths() if pin.to_array]
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


class PysimPorts:
    """A `programming_host.ControllerPorts` in Amaranth's simulator, on a blank chip.

    Parameters
    ----------
    ctx
        The testbench's context.
    controller : NetworkController
    job : Job

    Attributes
    ----------
    chip : BlankChip
        Its cells change as the controller's pins say.
    """

    def __init__(self, ctx: Any, controller: NetworkController, job: Job) -> None:
        self.ctx = ctx
        self.controller = controller
        self.chip = BlankChip(job)
        self._period_s = job.config.clock_period_ps * 1e-12
        self._number = 0
        self._arrays = [
            _BlankArray(getattr(controller, f"{layer.name}_{macro}"), cells)
            for layer, macros in zip(job.config.layers, self.chip.macros, strict=True)
            for macro, cells in zip(layer.macro_names, macros, strict=True)
        ]

    async def _cycle(self) -> None:
        for array in self._arrays:
            array.cycle(self.ctx, self._number, self._period_s)
        await self.ctx.tick()
        self._number += 1

    def _set(self, **values: int) -> None:
        for name, value in values.items():
            self.ctx.set(getattr(self.controller, name), value)

    def _get(self, name: str) -> int:
        return int(self.ctx.get(getattr(self.controller, name)))

    async def write(self, address: int, data: int) -> None:
        self._set(s_axil_awaddr=address, s_axil_awvalid=1, s_axil_bready=1)
        self._set(s_axil_wdata=data, s_axil_wstrb=(1 << WORD_BYTES) - 1, s_axil_wvalid=1)
        # One master: no answer waits, so that address and data are taken together.
        await self._cycle()
        self._set(s_axil_awvalid=0, s_axil_wvalid=0)
        await self._answered("s_axil_bvalid", "s_axil_bresp", address)
        await self._cycle()

    async def read(self, address: int) -> int:
        self._set(s_axil_araddr=address, s_axil_arvalid=1, s_axil_rready=1)
        await self._cycle()
        self._set(s_axil_arvalid=0)
        await self._answered("s_axil_rvalid", "s_axil_rresp", address)
        data = self._get("s_axil_rdata")
        await self._cycle()
        return data

    async def _answered(self, valid: str, response: str, address: int) -> None:
        for _ in range(self.controller.axi_lite.latency + 1):
            if self._get(valid):
                break
            await self._cycle()
        if not self._get(valid) or self._get(response):
            raise SimulationError(f"no good answer on the control bus at address {address:#x}")

    async def send(self, packet: Sequence[int]) -> None:
        for index, beat in enumerate(packet):
            last = int(index == len(packet) - 1)
            self._set(w_axis_tdata=beat, w_axis_tlast=last, w_axis_tvalid=1)
            while not self._get("w_axis_tready"):
                await self._cycle()
            await self._cycle()
        self._set(w_axis_tvalid=0)

    async def interrupt(self, most_cycles: int) -> bool:
        for _ in range(most_cycles):
            if self._get("irq"):
                return True
            await self._cycle()
        return False
