"""Programming of a whole network: one stream of rows to the layers' programmers, one grant."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..array_pins import ArraySignature
from ..bus.axi_stream import axi_stream_members, join_streams
from ..bus.registers import HALF_BITS
from ..config import STREAM_BITS, NetworkConfig
from ..idioms import any_of, drive, members_of, unused_states
from ..layer.spare_rows import moves_layout
from .row import COUNTER_BITS, RowProgrammer

PROGRAMMING_COUNTERS = {
    "pulses": "Pulses given.",
    "retries": "Attempts after the first of a step.",
    "failed_cells": "Failing columns of the rows done.",
    "rows_done": "Rows programmed, failing ones included.",
    "rows_moved": "Spare rows taken.",
    "rows_unrepairable": "Rows with more failing columns than the limit and no spare row left.",
    "programming_cycles": "Clock cycles from a row's grant to its end, of all rows.",
}
"""Counter of a layer's programming to its meaning."""
LAST_ROW = ("macro", "row", "word_line", "failed")
"""What is known of the row programmed last: where it is, its word line, its failing columns."""


class ProgrammingStatusSignature(wiring.Signature):
    """How programming of a layer goes, for its registers.

    Members
    -------
    pulses, retries, failed_cells, rows_done, rows_moved, rows_unrepairable, programming_cycles :
        Out(32). Since reset; see `PROGRAMMING_COUNTERS`. They stop at their largest value.
    macro, row, word_line, failed : Out(16)
        Of the last row that was granted, see `LAST_ROW`.
    failure_address, failure_bits : In(16), Out(32)
        A word of the mask of its failing columns, as in `RowProgrammer`.
    """

    def __init__(self) -> None:
        members = {name: Out(COUNTER_BITS) for name in PROGRAMMING_COUNTERS}
        members |= {name: Out(HALF_BITS) for name in LAST_ROW}
        members |= {"failure_address": In(HALF_BITS), "failure_bits": Out(STREAM_BITS)}
        super().__init__(members)


class PacketRouter(wiring.Component):
    """Sends each packet to the sink that its first beat numbers, without that beat.

    Parameters
    ----------
    sinks : int

    Members
    -------
    s_axis_tdata, s_axis_tvalid, s_axis_tlast, s_axis_tready
        AXI4-Stream sink.
    o0_axis_..., o1_axis_..., ...
        AXI4-Stream sources.
    busy : Out(1)
        A packet is begun and not yet gone.
    dropped : Out(1)
        High for one cycle for each packet dropped: of one beat, or for a sink that is not there.
    upset : Out(1)
        High for one cycle where the state has been upset to or from rest.
    """

    def __init__(self, sinks: int):
        if sinks < 1:
            raise ValueError(f"sinks: found {sinks!r}, expected at least 1")
        self.sinks = sinks
        members = axi_stream_members("s_axis", In) | {
            "busy": Out(1),
            "dropped": Out(1),
            "upset": Out(1),
        }
        for sink in range(sinks):
            members |= axi_stream_members(f"o{sink}_axis", Out)
        super().__init__(members)

    @property
    def latency(self) -> int:
        """Cycles from a packet's first beat to the first one passed on: the beat taken off."""
        return 1

    def model(self, packet: list[int]) -> tuple[int, list[int]] | None:
        """The sink of a packet and what it gets; None if the packet is dropped."""
        sink, *rest = packet
        return (sink, rest) if rest and sink < self.sinks else None

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sink = Signal(range(max(2, self.sinks)))
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            taken.eq(self.s_axis_tvalid & self.s_axis_tready),
            ends.eq(taken & self.s_axis_tlast),
        ]
        passing = Signal()
        accepts = [~passing | (sink >= self.sinks)]
        for number in range(self.sinks):
            accepts.append(self._pass(m, f"o{number}_axis", passing & (sink == number)))
        m.d.comb += self.s_axis_tready.eq(Cat(accepts).any())
        with m.FSM(init="ADDRESS", name="packet") as fsm:
            m.d.comb += [self.busy.eq(~fsm.ongoing("ADDRESS")), passing.eq(fsm.ongoing("PASS"))]
            with m.State("ADDRESS"), m.If(taken):
                m.d.sync += sink.eq(self.s_axis_tdata)
                with m.If(self.s_axis_tlast):
                    m.d.comb += self.dropped.eq(1)
                with m.Elif(self.s_axis_tdata >= self.sinks):
                    m.d.comb += self.dropped.eq(1)
                    m.next = "DISCARD"
                with m.Else():
                    m.next = "PASS"
            with m.State("PASS"), m.If(ends):
                # There is such a sink, unless its number was upset.
                m.d.comb += self.dropped.eq(sink >= self.sinks)
                m.next = "ADDRESS"
            with m.State("DISCARD"), m.If(ends):
                m.next = "ADDRESS"
            for unused in unused_states(fsm):
                with m.State(unused):
                    m.next = "ADDRESS"
        # Kept twice: an upset at rest would have the next packet lost without a word.
        begun = Signal()
        m.d.sync += begun.eq(taken & ~self.s_axis_tlast | self.busy & ~ends)
        m.d.comb += self.upset.eq(self.busy != begun)
        return m

    def _pass(self, m: Module, source: str, here: Value) -> Value:
        """Connect a source while a packet is for it; gives whether it takes the beat."""
        m.d.comb += [
            getattr(self, f"{source}_tdata").eq(self.s_axis_tdata),
            getattr(self, f"{source}_tlast").eq(self.s_axis_tlast),
            getattr(self, f"{source}_tvalid").eq(self.s_axis_tvalid & here),
        ]
        return getattr(self, f"{source}_tready") & here


class NetworkProgrammer(wiring.Component):
    """A programmer for each layer, all at the end of one stream.

    A packet is a beat with the number of the layer, then that layer's packet, see `RowProgrammer`.
    Layers whose packets are complete are programmed side by side.

    Parameters
    ----------
    config : NetworkConfig

    Members
    -------
    w_axis_tdata, w_axis_tvalid, w_axis_tlast, w_axis_tready
        AXI4-Stream sink of rows.
    allowed : In(1)
        No image is in progress, and none begins in the next cycle. Rows are granted only then.
    active : Out(1)
        From the cycle after a grant to the one after the row's end: no image may begin.
    busy : Out(1)
        A packet is in progress or waits.
    dropped : Out
        In this cycle, how many packets are dropped.
    row_done, unrepairable : Out(1)
        In this cycle, a row is done; a row could not be repaired.
    moves_upset : Out(1)
        A bit of a table of spare rows has been upset.
    state_upset : Out(1)
        High for one cycle where a packet or a row has begun or ended by an upset.
    <layer> : Out(ProgrammingStatusSignature())
        Counters, and the row programmed last.
    <layer>_moves : Out(moves_layout(layer))
        The spare rows' table; only of layers with spare rows.
    <layer>_macro<k> : Out(ArraySignature.of_programming(layer))
        Pins of each macro; all 0 but on those being programmed.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self.programmers = [RowProgrammer(layer) for layer in config.layers]
        members = axi_stream_members("w_axis", In)
        members |= {"allowed": In(1), "active": Out(1), "busy": Out(1)}
        members |= {"row_done": Out(1), "unrepairable": Out(1), "moves_upset": Out(1)}
        members |= {"state_upset": Out(1)}
        members |= {"dropped": Out(range(len(config.layers) + 2))}
        for layer in config.layers:
            members[layer.name] = Out(ProgrammingStatusSignature())
            if layer.macro.spare_rows:
                members[f"{layer.name}_moves"] = Out(moves_layout(layer))
            pins = Out(ArraySignature.of_programming(layer))
            members |= {f"{layer.name}_{macro}": pins for macro in layer.macro_names}
        super().__init__(members)
        layers = config.layers
        self.status = [getattr(self, layer.name) for layer in layers]
        """How each layer goes."""
        self.moves = [
            getattr(self, f"{layer.name}_moves") if layer.macro.spare_rows else None
            for layer in layers
        ]
        """The tables of spare rows; None of a layer without."""
        self.macros = [
            [getattr(self, f"{layer.name}_{macro}") for macro in layer.macro_names]
            for layer in layers
        ]
        """The pins of each macro, by layer and macro."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.router = router = PacketRouter(len(self.programmers))
        join_streams(m, self, "w_axis", router, "s_axis")
        granted = Signal(len(self.programmers))
        for index, programmer in enumerate(self.programmers):
            m.submodules[f"{self.config.layers[index].name}_rows"] = programmer
            join_streams(m, router, f"o{index}_axis", programmer, "s_axis")
            grant = granted[index] | self.allowed
            m.d.comb += programmer.grant.eq(grant)
            # Kept to the row's end: whoever starts the controller meanwhile waits for that.
            m.d.sync += granted[index].eq(programmer.request & grant)
            self._report(m, programmer, self.status[index])
            moves = self.moves[index]
            if moves is not None:
                m.d.comb += moves.eq(programmer.moves)
            self._connect_macros(m, index, programmer)
        every = self.programmers
        m.d.comb += [
            self.active.eq(granted.any()),
            self.busy.eq(Cat(router.busy, granted, (each.busy for each in every)).any()),
            self.dropped.eq(sum((each.dropped for each in every), router.dropped)),
            self.row_done.eq(Cat(each.row_done for each in every).any()),
            self.unrepairable.eq(Cat(each.unrepairable for each in every).any()),
            self.state_upset.eq(Cat(router.upset, (each.upset for each in every)).any()),
            self.moves_upset.eq(
                Cat(each.moves_upset for each in every if each.config.macro.spare_rows).any()
            ),
        ]
        return m

    @staticmethod
    def _report(m: Module, programmer: RowProgrammer, status: wiring.PureInterface) -> None:
        words = len(programmer.failure_address)
        drive(m, status, programmer, LAST_ROW)
        there = status.failure_address < programmer.words
        m.d.comb += [
            programmer.failure_address.eq(status.failure_address[:words]),
            status.failure_bits.eq(Mux(there, programmer.failure_bits, 0)),
        ]
        # The programmer's own counters; below, those of its events.
        drive(m, status, programmer, ("pulses", "retries", "failed_cells"))
        for counter, event in (
            (status.rows_done, programmer.row_done),
            (status.rows_moved, programmer.moved),
            (status.rows_unrepairable, programmer.unrepairable),
            (status.programming_cycles, programmer.request & programmer.grant),
        ):
            with m.If(event & ~counter.all()):
                m.d.sync += counter.eq(counter + 1)

    def _connect_macros(self, m: Module, index: int, programmer: RowProgrammer) -> None:
        """The macro that stands in `macro` gets the programmer's pins."""
        layer = self.config.layers[index]
        own = programmer.pins
        alike = ("bl", "blb", "sl_q")
        driven = {name: pin for name, pin in members_of(own).items() if name not in alike}
        answers = []
        for number, (name, pins) in enumerate(
            zip(layer.macro_names, self.macros[index], strict=True)
        ):
            here = Signal(name=f"{layer.name}_{name}_here")
            m.d.comb += here.eq(programmer.macro == number)
            for pin, value in driven.items():
                m.d.comb += members_of(pins)[pin].eq(value & here.replicate(len(value)))
            # Alike in all columns in use, 0 in the others.
            m.d.comb += [
                pins.bl.eq((own.bl[0] & here).replicate(layer.fan_in)),
                pins.blb.eq((own.blb[0] & here).replicate(layer.fan_in)),
            ]
            answers.append(pins.sl_q & here.replicate(len(pins.sl_q)))
        m.d.comb += own.sl_q.eq(any_of(answers))
