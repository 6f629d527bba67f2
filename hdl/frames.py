"""AXI4-Stream at both ends: images in, classes and scores out."""

from collections.abc import Iterable

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .config import STREAM_BITS, InputError, NetworkConfig
from .readout import score_of_code

__all__ = ["FrameInput", "PacketInput", "ScoreOutput", "axi_stream_members"]


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
    dropped : Out(1)
        High for one cycle for each packet dropped, when the fault is seen.
    """

    def __init__(self, bits: int):
        self.bits = bits
        self.beats = -(-bits // STREAM_BITS)
        super().__init__(
            axi_stream_members("s_axis", In)
            | {"enabled": In(1, init=1), "restart": In(1), "busy": Out(1)}
            | {"o": Out(stream.Signature(self.bits)), "dropped": Out(1)}
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
        final = Signal()
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            final.eq(count == self.beats - 1),
            taken.eq(self.s_axis_tvalid & self.s_axis_tready),
            ends.eq(taken & self.s_axis_tlast),
            self.o.payload.eq(word),
        ]
        with m.FSM(init="COLLECT", name="frame") as fsm:
            resting = fsm.ongoing("COLLECT") & (count == 0)
            m.d.comb += self.busy.eq(~resting & ~fsm.ongoing("DISCARD_REST"))
            with m.State("COLLECT"):
                m.d.comb += self.s_axis_tready.eq(self.enabled | (count != 0))
                with m.If(taken):
                    m.d.sync += [
                        word.eq(Cat(word, self.s_axis_tdata) >> STREAM_BITS),
                        count.eq(Mux(self.s_axis_tlast | final, 0, count + 1)),
                    ]
                    m.d.comb += self.dropped.eq(self.s_axis_tlast != final)
                    with m.If(final & self.s_axis_tlast):
                        m.next = "FULL"
                    with m.Elif(final):
                        m.next = "DISCARD"
                with m.If(self.restart):
                    m.d.sync += count.eq(0)
                    m.next = "COLLECT"
                    with m.If((taken | (count != 0)) & ~ends):
                        m.next = "DISCARD_REST"
            with m.State("DISCARD"):
                m.d.comb += self.s_axis_tready.eq(1)
                with m.If(ends):
                    m.next = "COLLECT"
                with m.Elif(self.restart):
                    m.next = "DISCARD_REST"
            with m.State("DISCARD_REST"):
                m.d.comb += [self.s_axis_tready.eq(1), self.dropped.eq(ends)]
                with m.If(ends):
                    m.next = "COLLECT"
            with m.State("FULL"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready | self.restart):
                    m.next = "COLLECT"
        return m


class FrameInput(PacketInput):
    """Takes images.

    Parameters
    ----------
    config : NetworkConfig
        Its first layer's inputs are the bits of an image.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__(config.image_bits)


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
        if reach >= 1 << (STREAM_BITS - 1):
            raise InputError(
                f"offsets: found {max(self.offsets, key=abs)}, expected scores that fit "
                f"{STREAM_BITS} bits"
            )
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
