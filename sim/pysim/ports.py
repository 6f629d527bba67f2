"""The controller's ports in Amaranth's simulator."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ...errors import SimulationError
from ...hdl.bus.registers import WORD_BYTES
from ...hdl.controller.controller import NetworkController


class PysimPorts:
    """A `host.ports.ControllerPorts` in Amaranth's simulator.

    Parameters
    ----------
    ctx
        The testbench's context.
    controller : NetworkController
    cycle : callable () -> awaitable
        Goes on by one clock cycle.
    """

    def __init__(
        self, ctx: Any, controller: NetworkController, cycle: Callable[[], Awaitable[None]]
    ) -> None:
        self.ctx = ctx
        self.controller = controller
        self._cycle = cycle

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
        self._set(s_axil_bready=0)

    async def read(self, address: int) -> int:
        self._set(s_axil_araddr=address, s_axil_arvalid=1, s_axil_rready=1)
        await self._cycle()
        self._set(s_axil_arvalid=0)
        await self._answered("s_axil_rvalid", "s_axil_rresp", address)
        word = self._get("s_axil_rdata")
        await self._cycle()
        self._set(s_axil_rready=0)
        return word

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
