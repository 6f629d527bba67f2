"""A component behind two pins, so that it fits any FPGA's package and is timed on every path."""

from amaranth.hdl import Cat, ClockDomain, ClockSignal, DomainRenamer, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

FOLDED_BITS = 4
"""Bits of one parity: what a look-up table of an FPGA takes."""


class BehindRegisters(wiring.Component):
    """Feeds a component from a shift register and folds what it gives, register to register.

    A macro's controller has more pins than any FPGA's package. Its inputs come from a chain of
    registers, its outputs end in registers, whose parity leaves through a pipelined tree: nothing
    of the component can be optimised away, and none of its paths begins or ends at a pin. Its
    reset comes from a register, too.

    Parameters
    ----------
    component : wiring.Component
        What is to be timed, in the domain ``sync``.

    Members
    -------
    serial_in : In(1)
        What is shifted in.
    serial_out : Out(1)
        Parity of all outputs of the component.
    """

    def __init__(self, component: wiring.Component):
        self.component = component
        super().__init__({"serial_in": In(1), "serial_out": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.component = ClockDomain(local=True)
        m.submodules.component = DomainRenamer("component")(self.component)
        reset = Signal(reset_less=True)
        m.d.sync += reset.eq(ResetSignal())
        m.d.comb += [ClockSignal("component").eq(ClockSignal()), ResetSignal("component").eq(reset)]
        ports = list(self.component.signature.flatten(self.component))
        inputs = Cat(value for _, member, value in ports if member.flow == In)
        chain = Signal(max(1, len(inputs)), reset_less=True)
        m.d.sync += chain.eq(Cat(self.serial_in, chain))
        m.d.comb += inputs.eq(chain)
        bits = Cat(value for _, member, value in ports if member.flow == Out)
        while True:
            held = Signal(len(bits), name=f"held_{len(bits)}", reset_less=True)
            m.d.sync += held.eq(bits)
            if len(held) == 1:
                break
            groups = range(0, len(held), FOLDED_BITS)
            bits = Cat(held[first : first + FOLDED_BITS].xor() for first in groups)
        m.d.comb += self.serial_out.eq(held)
        return m
