"""The ports of a network's controller."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..array_pins import ArraySignature
from ..bus.axi_lite import axi_lite_members
from ..bus.axi_stream import axi_stream_members
from ..config import NetworkConfig
from .control_registers import control_registers

COUNTER_BITS = 32


class StatusSignature(wiring.Signature):
    """Event counters; each stays at its largest value once there.

    Members
    -------
    dropped : Out(32)
        Frames dropped for their length.
    unresolved : Out(32)
        Comparator decisions that were not resolved at the end of their strobe.
    """

    def __init__(self) -> None:
        super().__init__({"dropped": Out(COUNTER_BITS), "unresolved": Out(COUNTER_BITS)})


class NetworkSignature(wiring.Signature):
    """The ports of a network's controller.

    Members
    -------
    s_axis_*, m_axis_*
        AXI4-Stream image input and result output, see `PacketInput` and `ScoreOutput`.
    s_axil_*
        AXI4-Lite control, see `AxiLiteEndpoint`; `control_registers` has the registers.
    irq : Out(1)
        High while an enabled bit of INTERRUPT_STATUS is 1, from a register.
    status : Out(StatusSignature())
        Event counters.
    w_axis_*
        AXI4-Stream input of weights, see `NetworkProgrammer`; only with programmable macros.
    <layer>_macro<k> : Out(ArraySignature)
        The pins of each array.
    """

    def __init__(self, config: NetworkConfig):
        members = axi_stream_members("s_axis", In) | axi_stream_members("m_axis", Out)
        members |= axi_lite_members(control_registers(config).address_bits)
        members |= {"irq": Out(1), "status": Out(StatusSignature())}
        if config.programmable:
            members |= axi_stream_members("w_axis", In)
        for layer in config.layers:
            pins = Out(ArraySignature.of_layer(layer))
            members |= {f"{layer.name}_{macro}": pins for macro in layer.macro_names}
        super().__init__(members)
