"""Results on their way out: from codes to classes and scores."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus.axi_stream import axi_stream_members
from ..config import NetworkConfig
from ..config.laws import score_of_code


class ScoreOutput(wiring.Component):
    """Turns the last layer's codes into one packet: the class, then a signed score per class.

    The scores pass one by one through an arg-max, then leave in class order.

    Parameters
    ----------
    config : NetworkConfig
        Its last layer and its offsets.

    Members
    -------
    i : In(stream.Signature(classes * K))
        Codes, class 0 lowest.
    m_axis_tdata, m_axis_tvalid, m_axis_tlast, m_axis_tready
        AXI4-Stream source. The first largest score gives the class.
    busy : Out(1)
        A result is in progress.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self.offsets = config.offsets
        self.count_bits = config.layers[-1].count_bits
        self.classes = config.classes
        reach = (1 << self.count_bits) + max(map(abs, self.offsets))
        self._score_shape = signed(reach.bit_length() + 1)
        super().__init__(
            {"i": In(stream.Signature(self.classes * self.count_bits)), "busy": Out(1)}
            | axi_stream_members("m_axis", Out)
        )

    @property
    def latency(self) -> int:
        """Cycles from the transfer at `i` to the packet's first beat."""
        return self.config.output_latency

    def model(self, codes: int) -> list[int]:
        """The packet's beats, as signed integers, for the word `codes` at `i`."""
        mask = (1 << self.count_bits) - 1
        scores = [
            score_of_code(codes >> k * self.count_bits & mask, self.count_bits) + offset
            for k, offset in enumerate(self.offsets)
        ]
        return [scores.index(max(scores)), *scores]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ring = [Signal(self._score_shape, name=f"score_{k}") for k in range(self.classes)]
        index = Signal(range(max(2, self.classes)))
        offset = Signal(self._score_shape)
        score = Signal(self._score_shape)
        best = Signal(self._score_shape)
        best_class = Signal(range(max(2, self.classes)))
        final = Signal()
        with m.Switch(index):
            for value, constant in enumerate(self.offsets):
                with m.Case(value):
                    m.d.comb += offset.eq(constant)
        m.d.comb += [
            score.eq((ring[0] << 1) + (1 - (1 << self.count_bits)) + offset),
            final.eq(index == self.classes - 1),
        ]

        def rotate(incoming: Signal) -> None:
            m.d.sync += [
                into.eq(come) for into, come in zip(ring, [*ring[1:], incoming], strict=True)
            ]
            m.d.sync += index.eq(Mux(final, 0, index + 1))

        with m.FSM(init="IDLE", name="output") as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid):
                    codes = self.i.payload
                    width = self.count_bits
                    m.d.sync += [
                        register.eq(codes.word_select(k, width)) for k, register in enumerate(ring)
                    ]
                    m.next = "COMPARE"
            with m.State("COMPARE"):
                rotate(score)
                with m.If((index == 0) | (score > best)):
                    m.d.sync += [best.eq(score), best_class.eq(index)]
                with m.If(final):
                    m.next = "CLASS"
            with m.State("CLASS"):
                m.d.comb += [self.m_axis_tvalid.eq(1), self.m_axis_tdata.eq(best_class)]
                with m.If(self.m_axis_tready):
                    m.next = "SCORES"
            with m.State("SCORES"):
                m.d.comb += [
                    self.m_axis_tvalid.eq(1),
                    self.m_axis_tdata.eq(ring[0]),
                    self.m_axis_tlast.eq(final),
                ]
                with m.If(self.m_axis_tready):
                    rotate(ring[0])
                    with m.If(final):
                        m.next = "IDLE"
        return m
