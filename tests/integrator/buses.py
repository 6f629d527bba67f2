"""AXI4-Lite and AXI4-Stream, from the AMBA specification: who drives, and who takes.

All of it begins and ends right after a rising edge of the clock.
"""

from cocotb.triggers import FallingEdge, RisingEdge

OKAY, SLVERR, DECERR = 0, 2, 3
STREAM_BITS = 32


async def edge(dut):
    """The next rising edge of the clock."""
    await RisingEdge(dut.clk)


class Lite:
    """A manager on `s_axil`, one transfer at a time, by names of registers."""

    def __init__(self, dut, control):
        self.dut = dut
        self.registers = control["registers"]
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready", "awaddr", "wdata",
                     "wstrb", "araddr", "awprot", "arprot"):  # fmt: skip
            self.pin(name).value = 0

    def pin(self, name):
        return getattr(self.dut, f"s_axil_{name}")

    async def _offer(self, channel):
        """Hold valid until ready is seen with it at a rising edge."""
        self.pin(f"{channel}valid").value = 1
        while True:
            await FallingEdge(self.dut.clk)
            ready = int(self.pin(f"{channel}ready").value)
            await RisingEdge(self.dut.clk)
            if ready:
                break
        self.pin(f"{channel}valid").value = 0

    async def _answer(self, channel, *names):
        """Take an answer; its members at the edge of the transfer."""
        self.pin(f"{channel}ready").value = 1
        while True:
            await FallingEdge(self.dut.clk)
            if int(self.pin(f"{channel}valid").value):
                found = [int(self.pin(name).value) for name in names]
                await RisingEdge(self.dut.clk)
                self.pin(f"{channel}ready").value = 0
                return found
            await RisingEdge(self.dut.clk)

    async def write_at(self, address, data, strobes=0b1111):
        """The response of a write."""
        self.pin("awaddr").value, self.pin("wdata").value = address, data
        self.pin("wstrb").value = strobes
        await self._offer("aw")
        await self._offer("w")
        (response,) = await self._answer("b", "bresp")
        return response

    async def read_at(self, address):
        """The data and the response of a read."""
        self.pin("araddr").value = address
        await self._offer("ar")
        return await self._answer("r", "rdata", "rresp")

    def bits(self, register, field):
        """Lowest bit and width of a field."""
        found = self.registers[register]["fields"][field]
        return found["lowest_bit"], found["bits"]

    async def write(self, register, **fields):
        """Write fields, the others 0."""
        data = sum(value << self.bits(register, name)[0] for name, value in fields.items())
        response = await self.write_at(self.registers[register]["address"], data)
        assert response == OKAY, (register, fields, response)

    async def read(self, register, field):
        """A field's value."""
        data, response = await self.read_at(self.registers[register]["address"])
        assert response == OKAY, (register, response)
        lowest, bits = self.bits(register, field)
        return data >> lowest & (1 << bits) - 1


class Stream:
    """One AXI4-Stream port: packets of beats in, or packets of words out."""

    def __init__(self, dut, prefix, draw=None):
        self.dut = dut
        self.prefix = prefix
        self.draw = draw
        """A random generator to pause by; without one, never."""

    def pin(self, name):
        return getattr(self.dut, f"{self.prefix}_{name}")

    async def _pause(self):
        while self.draw is not None and self.draw.random() < 0.3:
            await edge(self.dut)

    async def send(self, beats, last=True):
        """Send beats, tlast on the last one if asked for."""
        for index, beat in enumerate(beats):
            await self._pause()
            self.pin("tdata").value = beat
            self.pin("tlast").value = int(last and index == len(beats) - 1)
            self.pin("tvalid").value = 1
            while True:
                await FallingEdge(self.dut.clk)
                ready = int(self.pin("tready").value)
                await edge(self.dut)
                if ready:
                    break
            self.pin("tvalid").value = 0

    async def receive(self):
        """The words of the next packet, signed."""
        words = []
        while True:
            await self._pause()
            self.pin("tready").value = 1
            while True:
                await FallingEdge(self.dut.clk)
                valid, last = int(self.pin("tvalid").value), int(self.pin("tlast").value)
                data = int(self.pin("tdata").value)
                await edge(self.dut)
                if valid:
                    break
            self.pin("tready").value = 0
            words.append(data - (data >> 31 << 32))
            if last:
                return words


def beats_of(word, bits):
    """The beats of so many bits, bit 0 of the first beat first; ones in the unused bits."""
    beats = -(-bits // STREAM_BITS)
    word |= (1 << beats * STREAM_BITS) - (1 << bits)
    return [word >> STREAM_BITS * k & 0xFFFFFFFF for k in range(beats)]
