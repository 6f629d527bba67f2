"""AXI4-Stream: its members, and a packet's beats."""

from collections.abc import Iterable

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import STREAM_BITS


def axi_stream_members(prefix: str, flow: type[In] | type[Out]) -> dict[str, wiring.Member]:
    """The members of an AXI4-Stream port named ``<prefix>_tdata`` and so on.

    `flow` is that of the data: Out for a source, In for a sink.
    """
    return {
        f"{prefix}_tdata": flow(STREAM_BITS),
        f"{prefix}_tvalid": flow(1),
        f"{prefix}_tlast": flow(1),
        f"{prefix}_tready": In(1) if flow is Out else Out(1),
    }


def join_streams(
    m: Module, source: wiring.Component, output: str, sink: wiring.Component, input_: str
) -> None:
    """Connect two AXI4-Stream ports, given by their prefixes.

    From inside of a component its own sink is a source, and the reverse.
    """
    for name in ("tdata", "tvalid", "tlast"):
        m.d.comb += getattr(sink, f"{input_}_{name}").eq(getattr(source, f"{output}_{name}"))
    m.d.comb += getattr(source, f"{output}_tready").eq(getattr(sink, f"{input_}_tready"))


class PacketInput(wiring.Component):
    """Collects the beats of a packet into one word; drops packets of the wrong length.

    A packet that ends early is dropped at its tlast. One that goes on past its last beat is dropped
    whole, up to and including the beat that carries tlast. The packet after either is taken. After
    a restart what the source still has of a packet is dropped, however long it is.

    Parameters
    ----------
    bits : int
        Bits of a packet, packed from bit 0 of the first beat up; further bits of the last beat are
        ignored.

    Members
    -------
    s_axis_tdata, s_axis_tvalid, s_axis_tlast, s_axis_tready
        AXI4-Stream sink.
    enabled : In(1)
        While 0, no frame is begun; one that is begun goes on. 1 where nothing drives it.
    restart : In(1)
        Forget the frame in progress. If it has not ended yet, its rest is discarded and flagged at
        its tlast. 0 where nothing drives it.
    busy : Out(1)
        A frame is begun and not yet gone; not while the rest of one is discarded after a restart.
    o : Out(stream.Signature(bits))
        One word per intact packet.
    completed : Out(1)
        High for one cycle, before `o.valid`, for each intact packet.
    dropped : Out(1)
        High for one cycle for each packet dropped, when the fault is seen.
    """

    def __init__(self, bits: int):
        self.bits = bits
        self.beats = -(-bits // STREAM_BITS)
        super().__init__(
            axi_stream_members("s_axis", In)
            | {"enabled": In(1, init=1), "restart": In(1), "busy": Out(1)}
            | {"o": Out(stream.Signature(self.bits)), "completed": Out(1), "dropped": Out(1)}
        )

    @property
    def latency(self) -> int:
        """Cycles from the first beat's transfer to `o.valid`, the source never pausing."""
        return self.beats

    def model(self, beats: Iterable[tuple[int, int]]) -> tuple[list[int], int]:
        """The words of the intact frames among (tdata, tlast) beats, and how many were dropped."""
        frames, dropped, held, discarding = [], 0, [], False
        for data, last in beats:
            if discarding:
                discarding = not last
                continue
            held.append(data)
            complete = len(held) == self.beats
            if complete and last:
                word = sum(beat << STREAM_BITS * index for index, beat in enumerate(held))
                frames.append(word & ((1 << self.bits) - 1))
            elif complete or last:
                dropped += 1
                discarding = not last
            if complete or last:
                held = []
        return frames, dropped

    def elaborate(self, platform: object) -> Module:
        m = Module()
        word = Signal(self.beats * STREAM_BITS)
        count = Signal(range(max(2, self.beats)))
        # Whether a packet is begun, was flagged, and is whole, is kept beside what tells it: so one
        # upset neither begins a packet, nor discards one without a word, nor gives one that never
        # came.
        begun = Signal()
        told = Signal()
        whole = Signal()
        place = Signal.like(count, name="place")
        final = Signal()
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            place.eq(Mux(begun, count, 0)),
            final.eq(place == self.beats - 1),
            taken.eq(self.s_axis_tvalid & self.s_axis_tready),
            ends.eq(taken & self.s_axis_tlast),
            self.o.payload.eq(word),
        ]
        m.d.sync += whole.eq(0)
        with m.FSM(init="COLLECT", name="frame") as fsm:
            resting = fsm.ongoing("COLLECT") & (place == 0)
            m.d.comb += self.busy.eq(~resting & ~fsm.ongoing("DISCARD_REST"))
            with m.State("COLLECT"):
                m.d.comb += self.s_axis_tready.eq(self.enabled | (place != 0))
                with m.If(taken):
                    goes_on = ~(self.s_axis_tlast | final)
                    m.d.sync += [
                        word.eq(Cat(word, self.s_axis_tdata) >> STREAM_BITS),
                        count.eq(Mux(goes_on, place + 1, 0)),
                        begun.eq(goes_on),
                    ]
                    m.d.comb += self.dropped.eq(self.s_axis_tlast != final)
                    with m.If(final & self.s_axis_tlast):
                        m.d.comb += self.completed.eq(~self.restart)
                        m.d.sync += whole.eq(1)
                        m.next = "FULL"
                    with m.Elif(final):
                        m.d.sync += told.eq(1)
                        m.next = "DISCARD"
                with m.If(self.restart):
                    m.d.sync += [count.eq(0), begun.eq(0), told.eq(0), whole.eq(0)]
                    m.next = "COLLECT"
                    with m.If((taken | (place != 0)) & ~ends):
                        m.next = "DISCARD_REST"
            with m.State("DISCARD"):
                m.d.comb += [self.s_axis_tready.eq(1), self.dropped.eq(ends & ~told)]
                with m.If(ends | self.restart):
                    m.d.sync += told.eq(0)
                with m.If(ends):
                    m.next = "COLLECT"
                with m.Elif(self.restart):
                    m.next = "DISCARD_REST"
            with m.State("DISCARD_REST"):
                m.d.comb += [self.s_axis_tready.eq(1), self.dropped.eq(ends)]
                with m.If(ends):
                    m.next = "COLLECT"
            with m.State("FULL"):
                m.d.comb += self.o.valid.eq(whole)
                m.next = "COLLECT"
                with m.If(whole & ~(self.o.ready | self.restart)):
                    m.d.sync += whole.eq(1)
                    m.next = "FULL"
        return m
