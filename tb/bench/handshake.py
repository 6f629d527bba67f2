"""The controller alone, its buses driven by hand: nothing wakes Python at every clock edge.

So that long phases take a simulator's time only, and so that each channel of the control bus can
run ahead of the others, as far as its handshake lets it.
"""

from collections.abc import Sequence
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout
from cocotb.utils import get_sim_time

from ...bits import word_of_levels
from ...hdl.bus.registers import WORD_BYTES
from ...hdl.config import STREAM_BITS, NetworkConfig
from .controller import PERIOD_NS, ControllerBench
from .handles import read_number

ANSWER_CYCLES = 40
"""Clock cycles in which a channel of the control bus has to be ready, or to answer."""
PROTECTION_BITS = 3
EVERY_BYTE = (1 << WORD_BYTES) - 1


class HandshakeBench(ControllerBench):
    """A bench with a master of both buses."""

    def __init__(self, dut: Any):
        super().__init__(dut)
        self.begun, self.ended = 0, 0
        """Cycles of the last image's first beat and of the last packet's last."""
        self.slow = 0.0
        """Share of cycles in which a channel of the control bus pauses."""
        self._started_ns = 0.0

    async def start(self) -> None:
        for name in ("s_axis_tvalid", "s_axis_tlast", "m_axis_tready"):
            getattr(self.dut, name).value = 0
        self._started_ns = get_sim_time("ns")
        await super().start()

    def cycle(self) -> int:
        """Clock cycles so far; the second half of one is of it, wherever other tests ended."""
        return round(get_sim_time("ns") - self._started_ns) // PERIOD_NS

    async def pause(self) -> None:
        while self.draw.random() < self.slow:
            await RisingEdge(self.dut.clk)

    async def until(self, name: str, limit_cycles: int = ANSWER_CYCLES) -> None:
        """Wait for a clock edge at which a pin is high."""
        for _ in range(limit_cycles):
            await RisingEdge(self.dut.clk)
            if read_number(getattr(self.dut, name)):
                return
        raise AssertionError(f"{name}: found none in {limit_cycles} cycles")

    def any_protection(self) -> int:
        """A kind of access [AMBA AXI, A4.7]: none matters."""
        return self.draw.getrandbits(PROTECTION_BITS)

    async def transfer(self, port: str, **payload: int) -> None:
        """Offer a beat on a channel until it is taken; afterwards anything may lie there."""
        await self.pause()
        for name, value in payload.items():
            getattr(self.dut, port + name).value = value
        valid = getattr(self.dut, f"{port}valid")
        valid.value = 1
        await self.until(f"{port}ready")
        valid.value = 0
        for name in payload:
            handle = getattr(self.dut, port + name)
            handle.value = self.draw.getrandbits(len(handle))

    async def answer(self, port: str, *names: str) -> list[int]:
        """Take an answer; it has to stay as it is until it is taken."""
        valid, ready = (getattr(self.dut, f"{port}{name}") for name in ("valid", "ready"))
        await self.until(f"{port}valid")
        first = [read_number(getattr(self.dut, port + name)) for name in names]
        await self.pause()
        ready.value = 1
        await RisingEdge(self.dut.clk)
        taken = [read_number(getattr(self.dut, port + name)) for name in names]
        assert read_number(valid) and first == taken, f"{port}: found {taken} after {first}"
        ready.value = 0
        return taken

    async def write_all(self, writes: Sequence[tuple[int, int, int]]) -> list[int]:
        """Write (address, data, strobes) in turn, no channel waiting for another's; responses."""

        async def addresses() -> None:
            for address, _, _ in writes:
                await self.transfer("s_axil_aw", addr=address, prot=self.any_protection())

        async def words() -> None:
            for _, data, strobes in writes:
                await self.transfer("s_axil_w", data=data, strb=strobes)

        parts = [cocotb.start_soon(part) for part in (addresses(), words())]
        responses = [(await self.answer("s_axil_b", "resp"))[0] for _ in writes]
        for part in parts:
            await part
        return responses

    async def read_all(self, addresses: Sequence[int]) -> list[tuple[int, int]]:
        """Data and response of each read; the next is offered before the last is answered."""

        async def offers() -> None:
            for address in addresses:
                await self.transfer("s_axil_ar", addr=address, prot=self.any_protection())

        part = cocotb.start_soon(offers())
        found = [await self.answer("s_axil_r", "data", "resp") for _ in addresses]
        await part
        return [(data, response) for data, response in found]

    async def read(self, name: str) -> int:
        [(data, response)] = await self.read_all([self.registers.address(name)])
        assert response == 0, f"{name}: found response {response}"
        return data

    async def write(self, name: str, value: int) -> None:
        [response] = await self.write_all([(self.registers.address(name), value, EVERY_BYTE)])
        assert response == 0, f"{name}: found response {response}"

    async def flip_is_told(self, register: Any, bit: int, what: str) -> None:
        """One bit of configuration flips: it is told, until it is right again."""
        upset = self.bit("ERRORS", "configuration_upset")
        kept = read_number(register)
        await FallingEdge(self.dut.clk)
        register.value = kept ^ 1 << bit
        await ClockCycles(self.dut.clk, 3)
        assert await self.read("ERRORS") == upset, f"{what}: found no upset told"
        await FallingEdge(self.dut.clk)
        register.value = kept
        await ClockCycles(self.dut.clk, 2)
        await self.write("ERRORS", upset)
        assert await self.read("ERRORS") == 0, f"{what}: found an upset that stays"

    async def frame(self, words: Sequence[int], gap_cycles: int = 0) -> list[int]:
        """Send beats, with a pause after each but the last; the cycles in which they are taken."""
        dut, taken = self.dut, []
        for left, word in zip(reversed(range(len(words))), words, strict=True):
            dut.s_axis_tdata.value = word
            dut.s_axis_tlast.value = left == 0
            dut.s_axis_tvalid.value = 1
            await RisingEdge(dut.clk)
            while not read_number(dut.s_axis_tready):
                await RisingEdge(dut.clk)
            taken.append(self.cycle())
            if gap_cycles and left:
                dut.s_axis_tvalid.value = 0
                await ClockCycles(dut.clk, gap_cycles)
        dut.s_axis_tvalid.value = 0
        return taken

    async def send(self, index: int, gap_cycles: int = 0) -> None:
        """Send an image, with a pause after each beat but the last."""
        word = word_of_levels(self.job.images[index], self.config.layers[0].bits_per_input)
        lowest = range(0, self.config.input_beats * STREAM_BITS, STREAM_BITS)
        beats = [word >> low & (1 << STREAM_BITS) - 1 for low in lowest]
        self.begun = (await self.frame(beats, gap_cycles))[0]

    async def receive(self, limit_cycles: int) -> list[int]:
        """The next packet, as signed numbers."""
        dut, beats = self.dut, []
        dut.m_axis_tready.value = 1
        if not read_number(dut.m_axis_tvalid):
            await with_timeout(RisingEdge(dut.m_axis_tvalid), limit_cycles * PERIOD_NS, "ns")
        for left in reversed(range(self.config.result_beats)):
            await RisingEdge(dut.clk)
            assert read_number(dut.m_axis_tvalid), f"a packet ended {left + 1} beats early"
            word = read_number(dut.m_axis_tdata)
            beats.append(word - (word >> STREAM_BITS - 1 << STREAM_BITS))
            assert read_number(dut.m_axis_tlast) == (left == 0), f"tlast {left} beats too early"
        self.ended = self.cycle()
        dut.m_axis_tready.value = 0
        return beats

    async def image(self, index: int, config: NetworkConfig) -> None:
        """An image's packet is right and comes in the cycles that a configuration declares."""
        await self.send(index)
        self.check_packet(await self.receive(2 * config.latency), index)
        taken = self.ended - self.begun
        assert taken == config.latency, f"found {taken} cycles for {config.latency}"
