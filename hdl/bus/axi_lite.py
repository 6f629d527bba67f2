"""AXI4-Lite: the subordinate's end of the bus."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .register_bank import RESPONSE_BITS, RegisterBusSignature
from .registers import WORD_BITS, WORD_BYTES

PROT_BITS = 3


def axi_lite_members(address_bits: int) -> dict[str, wiring.Member]:
    """The members of a subordinate's AXI4-Lite port, ``s_axil_awaddr`` and so on."""
    members = {
        "awaddr": In(address_bits),
        "awprot": In(PROT_BITS),
        "awvalid": In(1),
        "awready": Out(1),
        "wdata": In(WORD_BITS),
        "wstrb": In(WORD_BYTES),
        "wvalid": In(1),
        "wready": Out(1),
        "bresp": Out(RESPONSE_BITS),
        "bvalid": Out(1),
        "bready": In(1),
        "araddr": In(address_bits),
        "arprot": In(PROT_BITS),
        "arvalid": In(1),
        "arready": Out(1),
        "rdata": Out(WORD_BITS),
        "rresp": Out(RESPONSE_BITS),
        "rvalid": Out(1),
        "rready": In(1),
    }
    return {f"s_axil_{name}": member for name, member in members.items()}


def forward_axi_lite(m: Module, outer: wiring.Component, inner: wiring.Component) -> None:
    """Join a component's AXI4-Lite port to that of a component inside of it."""
    for name, member in inner.signature.members.items():
        if name.startswith("s_axil_"):
            ends = getattr(outer, name), getattr(inner, name)
            m.d.comb += ends[1].eq(ends[0]) if member.flow is In else ends[0].eq(ends[1])


class AxiLiteEndpoint(wiring.Component):
    """Takes one write and one read at a time, and holds each answer until it is taken.

    A write's address and data are taken in either order or together, each into its own register;
    once both are there the bank is written, in one cycle, and answered for in the next. Neither is
    taken while an answer waits: a master that has not seen how its write went has not had it
    overtaken. A read's address is taken into a register, too, so that the bank's decoding starts
    and ends at registers and no path leads through the endpoint from port to port.

    Protection (``awprot``, ``arprot``) and the lowest two bits of an address do not count.

    Whether a write's address and data are held is kept twice, the second time inverted: where an
    upset has them differ, none is held, lest every later write take the data of the one before.

    Parameters
    ----------
    address_bits : int
        Width of a byte address.

    Members
    -------
    s_axil_* : as in `axi_lite_members`
    bus : Out(RegisterBusSignature(address_bits))
        To the registers.
    upset : Out(1)
        In this cycle the two differ.
    """

    def __init__(self, address_bits: int):
        bus = Out(RegisterBusSignature(address_bits))
        super().__init__(axi_lite_members(address_bits) | {"bus": bus, "upset": Out(1)})

    @property
    def latency(self) -> int:
        """Cycles from a read's address, or from the later of a write's two, to the answer."""
        return 2

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._write(m)
        self._read(m)
        return m

    def _write(self, m: Module) -> None:
        bus = self.bus
        address_held = Signal()
        data_held = Signal()
        address_free = Signal(init=1)
        data_free = Signal(init=1)
        m.d.comb += [
            self.upset.eq((address_held == address_free) | (data_held == data_free)),
            self.s_axil_awready.eq(~address_held & ~self.s_axil_bvalid),
            self.s_axil_wready.eq(~data_held & ~self.s_axil_bvalid),
            bus.write.eq(address_held & data_held & ~address_free & ~data_free),
        ]
        with m.If(self.s_axil_awvalid & self.s_axil_awready):
            m.d.sync += [
                address_held.eq(1),
                address_free.eq(0),
                bus.write_address.eq(self.s_axil_awaddr[-len(bus.write_address) :]),
            ]
        with m.If(self.s_axil_wvalid & self.s_axil_wready):
            m.d.sync += [
                data_held.eq(1),
                data_free.eq(0),
                bus.write_data.eq(self.s_axil_wdata),
                bus.write_strobes.eq(self.s_axil_wstrb),
            ]
        with m.If(bus.write | self.upset):
            m.d.sync += [address_held.eq(0), data_held.eq(0), address_free.eq(1), data_free.eq(1)]
        with m.If(bus.write):
            m.d.sync += [self.s_axil_bvalid.eq(1), self.s_axil_bresp.eq(bus.write_response)]
        with m.If(self.s_axil_bvalid & self.s_axil_bready):
            m.d.sync += self.s_axil_bvalid.eq(0)

    def _read(self, m: Module) -> None:
        bus = self.bus
        m.d.comb += self.s_axil_arready.eq(~bus.read & ~self.s_axil_rvalid)
        m.d.sync += bus.read.eq(self.s_axil_arvalid & self.s_axil_arready)
        with m.If(self.s_axil_arvalid & self.s_axil_arready):
            m.d.sync += bus.read_address.eq(self.s_axil_araddr[-len(bus.read_address) :])
        with m.If(bus.read):
            m.d.sync += [
                self.s_axil_rvalid.eq(1),
                self.s_axil_rdata.eq(bus.read_data),
                self.s_axil_rresp.eq(bus.read_response),
            ]
        with m.If(self.s_axil_rvalid & self.s_axil_rready):
            m.d.sync += self.s_axil_rvalid.eq(0)
