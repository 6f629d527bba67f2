"""A bench with masters on the control bus and on the streams."""

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge, with_timeout
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

from ...hdl.bus.registers import WORD_BYTES
from .controller import LONGEST, PERIOD_NS, ControllerBench
from .handles import read_number
from .stream import image_frame, packets_hold, pauses


class BusMonitor:
    """Counts clock cycles and keeps in which of them transfers and waits were."""

    def __init__(self, dut: Any):
        self.dut = dut
        self.cycle = 0
        self.image_begins: list[int] = []
        self.result_ends: list[int] = []
        self.register_reads: list[int] = []
        self.result_stalls = 0
        self.input_stalls = 0
        self.in_image = False
        """The last beat taken was not an image's last."""
        self.at_write = (0, 0, False)
        """Images begun, results ended and `in_image`, after the cycle in which the last write was
        in force."""

    def _handshake(self, port: str, channel: str = "t") -> tuple[int, int]:
        return tuple(  # type: ignore[return-value]
            read_number(getattr(self.dut, f"{port}_{channel}{name}")) for name in ("valid", "ready")
        )

    async def run(self) -> None:
        answered = 0
        while True:
            await RisingEdge(self.dut.clk)  # what is seen is the cycle that ends
            if read_number(self.dut.rst):
                self.in_image = False
                continue
            image, result = self._handshake("s_axis"), self._handshake("m_axis")
            if image == (1, 1):
                if not self.in_image:
                    self.image_begins.append(self.cycle)
                self.in_image = not read_number(self.dut.s_axis_tlast)
            if result == (1, 1) and read_number(self.dut.m_axis_tlast):
                self.result_ends.append(self.cycle)
            if self._handshake("s_axil", "ar") == (1, 1):
                self.register_reads.append(self.cycle)
            self.input_stalls += image == (1, 0)
            self.result_stalls += result == (1, 0)
            answer = read_number(self.dut.s_axil_bvalid)
            if answer and not answered:
                self.at_write = len(self.image_begins), len(self.result_ends), self.in_image
            answered = answer
            self.cycle += 1


class ControlBench(ControllerBench):
    """A bench with a master on the control bus, a source and a sink, all of cocotbext-axi."""

    def __init__(self, dut: Any, source_share: float = 0.0, sink_share: float = 0.0):
        super().__init__(dut)
        self.monitor = BusMonitor(dut)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)
        self.set_pauses(source_share, sink_share)
        cycles = LONGEST * (self.config.latency + 4 * self.config.interval)
        slowest = 1 - max(source_share, sink_share)
        self.limit_ns = round(2 * PERIOD_NS * cycles / slowest) + 5000

    def set_pauses(self, source: float, sink: float) -> None:
        """From now on the stream's ends pause in the given shares of cycles."""
        for end, share in ((self.source, source), (self.sink, sink)):
            end.set_pause_generator(pauses(self.draw, share) if share else None)
            end.pause = False

    async def start(self) -> None:
        await super().start()
        await RisingEdge(self.dut.clk)
        self.hold = cocotb.start_soon(packets_hold(self.dut))
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(self.dut, "s_axil"), self.dut.clk)
        cocotb.start_soon(self.monitor.run())

    async def read_at(self, address: int) -> tuple[int, AxiResp]:
        answer = await with_timeout(self.master.read(address, WORD_BYTES), self.limit_ns, "ns")
        return int.from_bytes(answer.data, "little"), answer.resp

    async def write_at(self, address: int, data: bytes) -> AxiResp:
        answer = await with_timeout(self.master.write(address, data), self.limit_ns, "ns")
        return answer.resp

    async def read(self, name: str) -> int:
        value, response = await self.read_at(self.registers.address(name))
        assert response == AxiResp.OKAY, f"{name}: {response}"
        return value

    async def write(self, name: str, value: int) -> None:
        response = await self.offer(name, value)
        assert response == AxiResp.OKAY, f"{name}: {response}"

    async def offer(self, name: str, value: int) -> AxiResp:
        """Write what a register may refuse."""
        data = value.to_bytes(WORD_BYTES, "little")
        return await self.write_at(self.registers.address(name), data)

    async def send(self, *indices: int) -> None:
        """Have the source send images."""
        for index in indices:
            frame = image_frame(self.job, self.job.images[index], self.draw)
            await self.source.send(AxiStreamFrame(frame))

    async def packet(self) -> list[int]:
        """The next packet's beats, as signed numbers."""
        frame = await with_timeout(self.sink.recv(), self.limit_ns, "ns")
        return np.frombuffer(bytes(frame.tdata), dtype="<i4").tolist()

    async def expect(self, *indices: int) -> None:
        """The next packets are those of images."""
        for index in indices:
            self.check_packet(await self.packet(), index)
