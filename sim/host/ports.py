"""The controller's ports as a host sees them, over any simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ControllerPorts(Protocol):
    """The controller's control bus, stream of weights and interrupt."""

    async def write(self, address: int, data: int) -> None:
        """Write a register."""

    async def read(self, address: int) -> int:
        """Read a register."""

    async def send(self, packet: Sequence[int]) -> None:
        """Send a packet of weights, its last beat with tlast; back when it is taken."""

    async def interrupt(self, most_cycles: int) -> bool:
        """Wait until `irq` is high; False if it is not within so many clock cycles."""
