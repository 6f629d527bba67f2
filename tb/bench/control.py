"""A bench with masters on the control bus and on the streams."""

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamFrame

from ...hdl.bus.registers import WORD_BYTES
from ...hdl.config import PHASE_NAMES, NetworkConfig
from ...hdl.controller.control_registers import control_registers
from ...hdl.controller.layer_registers import layer_register
from .handles import read_number
from .stream import StreamBench, expected_packet, image_frame

LONGEST = 9
"""Cycles of the longest phase that is drawn."""


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


class ControlBench(StreamBench):
    """A bench with a master on the control bus."""

    def __init__(self, dut: Any, sink_share: float = 0.0):
        super().__init__(dut, 0.0, sink_share)
        self.config = self.job.config
        self.registers = control_registers(self.config)
        self.monitor = BusMonitor(dut)
        self.limit_ns *= LONGEST

    async def start(self) -> None:
        await super().start()
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

    async def write(self, name: str, value: int) -> AxiResp:
        return await self.write_at(
            self.registers.address(name), value.to_bytes(WORD_BYTES, "little")
        )

    def bit(self, register: str, field: str) -> int:
        """A field of one bit, as a number to write or to mask with."""
        return 1 << self.registers.field(register, field)[0]

    async def command(self, field: str) -> None:
        assert await self.write("CONTROL", self.bit("CONTROL", field)) == AxiResp.OKAY

    async def send(self, index: int) -> None:
        await self.source.send(
            AxiStreamFrame(image_frame(self.job, self.job.images[index], self.draw))
        )

    async def expect(self, index: int) -> None:
        found, expected = await self.packet(), expected_packet(self.job, self.job.images[index])
        assert found == expected, f"image {index}: found {found}, expected {expected}"

    def random_times(self, longest: int = LONGEST) -> NetworkConfig:
        """The configuration with other phase times, down to the least that are allowed."""
        layers = []
        for index, layer in enumerate(self.config.layers):
            times = {}
            for name in PHASE_NAMES:
                [field] = self.registers[layer_register(index, name)].fields
                times[name] = self.draw.randint(field.minimum or 0, longest)
            timing = layer.macro.timing.replace(**times)
            layers.append(layer.replace(macro=layer.macro.replace(timing=timing)))
        return self.config.replace(layers=tuple(layers))

    async def set_times(self, config: NetworkConfig, layers: range | None = None) -> None:
        for index in layers or range(len(config.layers)):
            for name in PHASE_NAMES:
                value = getattr(config.layers[index].macro.timing, name)
                assert await self.write(layer_register(index, name), value) == AxiResp.OKAY


async def started(dut: Any, **settings: float) -> ControlBench:
    """A bench after reset."""
    bench = ControlBench(dut, **settings)
    await bench.start()
    return bench
