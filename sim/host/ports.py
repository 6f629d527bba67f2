"""The controller's ports as a host sees them, over any simulator, and its registers by name."""

from collections.abc import Sequence
from typing import Protocol

from ...hdl.config import NetworkConfig
from ...hdl.controller.control_registers import control_registers
from ...hdl.controller.layer_registers import trim_register

SLACK_CYCLES = 16
"""Clock cycles past the declared end before anything counts as stuck."""


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


class RegisterHost:
    """A host that reads and writes registers by their names.

    Parameters
    ----------
    ports : ControllerPorts
    config : NetworkConfig
    """

    def __init__(self, ports: ControllerPorts, config: NetworkConfig) -> None:
        self.ports = ports
        self.config = config
        self.registers = control_registers(config)

    async def read_word(self, register: str) -> int:
        """All of a register."""
        return await self.ports.read(self.registers.address(register))

    async def read(self, register: str, field: str) -> int:
        """A field of a register."""
        lowest, placed = self.registers.field(register, field)
        return await self.read_word(register) >> lowest & placed.mask

    async def read_trim(self, layer: int, macro: int) -> int:
        """The trim of a macro, score units."""
        bits = self.config.layers[layer].trim_bits_in_use
        value = await self.read(trim_register(layer, macro), "trim")
        return value - (value >> bits << bits + 1)

    async def write(self, register: str, word: int) -> None:
        """Write a register."""
        await self.ports.write(self.registers.address(register), word)

    async def write_bits(self, register: str, *fields: str) -> None:
        """Write a register whose fields are 1 where named, else 0."""
        await self.write(register, sum(self.bit(register, field) for field in fields))

    def bit(self, register: str, field: str) -> int:
        """A field of one bit, as a number to write or to mask with."""
        return 1 << self.registers.field(register, field)[0]
