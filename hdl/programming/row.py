"""Programs a layer's rows as they arrive: pulses, read-back, retries, spare rows."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..array_pins import ArraySignature
from ..bus.axi_stream import PacketInput, axi_stream_members, join_streams
from ..config import STREAM_BITS, LayerConfig
from ..idioms import counted, drive, sum_of, unused_states
from ..layer.spare_rows import SpareTable, moves_layout
from .model import MACRO_BITS, ROW_BITS, ProgrammingModel
from .word_line import PULSE_PINS, WordLineProgrammer

COUNTER_BITS = 32
"""Width of the programmer's counters."""
HEADER = data.StructLayout({"row": ROW_BITS, "macro": MACRO_BITS, "blank": 1})
"""First beat of a packet."""


class RowProgrammer(wiring.Component):
    """Programs and verifies one row per packet, on one macro at a time.

    A packet is a header beat (row in bits 0 to 15, macro in bits 16 to 30, bit 31: the row is
    blank), then the weights of the row's columns, bias columns included, packed from bit 0 of the
    second beat up. A packet of the wrong length, or for a row that no neuron is on, is dropped.

    `plan.STEPS` has the order of pulses. A row that still has more failing columns than the
    limit after its last retry moves to the macro's next spare row, and is programmed there.

    Parameters
    ----------
    config : LayerConfig
        Its macro's `programming` and `spare_rows` say how.

    Members
    -------
    s_axis_tdata, s_axis_tvalid, s_axis_tlast, s_axis_tready
        AXI4-Stream sink. The next packet waits until the row is done.
    request : Out(1)
        The arrays are wanted, from registers; until the row is done.
    grant : In(1)
        No evaluation is in progress, and none begins until `request` falls. Nothing is driven
        before.
    busy : Out(1)
        A packet is in progress, from its first beat to its row's end.
    row : Out
        The row in its macro; stands still with `macro`.
    macro : Out
        The macro that `pins` belong to; stands still while `request` is high.
    pins : Out(ArraySignature.of_programming(config))
        For that macro; the others' word lines and pulses stay 0.
    row_done : Out(1)
        Last cycle of a row; `word_line`, `failed`, `failure_bits` are the row's from here to the
        next `grant`.
    word_line : Out
        The one that holds the row.
    moved : Out(1)
        High for one cycle for each spare row taken.
    failed : Out
        Columns that fail there.
    failure_address, failure_bits : In, Out(32)
        Word `failure_address` of the mask of these columns, column 0 in bit 0 of word 0.
    unrepairable : Out(1)
        In the `row_done` cycle: more columns fail than the limit, and no spare row is left.
    dropped : Out(1)
        High for one cycle for each packet dropped.
    upset : Out(1)
        High where the state has been upset to or from rest, for one cycle, or where the packet of a
        row at work has been lost.
    pulses, retries, failed_cells : Out(32)
        Since reset: pulses given, attempts after the first of a step, failing columns of the rows
        done. They stop at their largest value.
    moves, moves_upset : Out(moves_layout(config)), Out(1)
        The spare rows' table, and whether one of its bits has been upset; only with spare rows.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        self.words = -(-config.fan_in // STREAM_BITS)
        self._programmer = WordLineProgrammer(config)
        members = axi_stream_members("s_axis", In) | {
            **dict.fromkeys(("request", "busy", "row_done", "unrepairable", "moved"), Out(1)),
            **dict.fromkeys(("pulses", "retries", "failed_cells"), Out(COUNTER_BITS)),
            **dict.fromkeys(("dropped", "upset"), Out(1)),
            "grant": In(1),
            "row": Out(range(max(2, config.rows_used))),
            "macro": Out(range(max(2, config.macros))),
            "pins": Out(ArraySignature.of_programming(config)),
            "word_line": Out(range(max(2, config.macro.rows))),
            "failed": Out(range(config.fan_in + 1)),
            "failure_address": In(range(max(2, self.words))),
            "failure_bits": Out(STREAM_BITS),
        }
        if config.macro.spare_rows:
            members |= {"moves": Out(moves_layout(config)), "moves_upset": Out(1)}
        super().__init__(members)

    @property
    def latency(self) -> int:
        """Cycles from `grant` to `row_done`, both included, of a row that is right already."""
        # The grant; the word line's rise, the count of failures and the decision; the row's end.
        return 1 + (1 + self.words + 1) + self._programmer.latency + 1

    def model(self) -> ProgrammingModel:
        """The same programmer after reset, as a model."""
        return ProgrammingModel(self.config)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.input = packets = PacketInput(STREAM_BITS + self.config.fan_in)
        m.submodules.word_line = programmer = self._programmer
        join_streams(m, self, "s_axis", packets, "s_axis")
        drive(m, self.pins, programmer, ("bl", "blb", *PULSE_PINS))
        m.d.comb += [
            programmer.sl_q.eq(self.pins.sl_q),
            programmer.weights.eq(packets.o.payload[STREAM_BITS:]),
            self.failure_bits.eq(programmer.failing.word_select(self.failure_address, STREAM_BITS)),
        ]
        failed = Mux(self.row_done, self.failed, 0)
        m.d.sync += [
            self.pulses.eq(counted(m, self.pulses, programmer.pulsed)),
            self.retries.eq(counted(m, self.retries, programmer.retried)),
            self.failed_cells.eq(counted(m, self.failed_cells, failed)),
        ]
        self._sequence(m, packets, programmer)
        return m

    def _sequence(self, m: Module, packets: PacketInput, programmer: WordLineProgrammer) -> None:
        header = data.View(HEADER, packets.o.payload[:STREAM_BITS])
        addressed = self._addressed(m, header.row, header.macro)
        word_line, free, take = self._spare_rows(m, header.row)
        word = Signal(range(max(2, self.words)))
        over, refused = Signal(), Signal()
        limit = self.config.macro.programming.failure_limit
        m.d.comb += [
            # Never, where the limit allows for all columns.
            over.eq(self.failed > limit if limit < self.config.fan_in else 0),
            self.dropped.eq(packets.dropped | refused),
            self.busy.eq(packets.busy),
        ]
        with m.FSM(init="IDLE", name="row") as fsm:
            with m.State("IDLE"):
                # Both are 0 already, unless the state register was upset.
                m.d.sync += [self.request.eq(0), self.pins.wl.eq(0)]
                with m.If(packets.o.valid & addressed):
                    m.d.sync += [self.row.eq(header.row), self.macro.eq(header.macro)]
                    m.d.sync += [self.request.eq(1), programmer.blank.eq(header.blank)]
                    m.next = "REQUEST"
                with m.Elif(packets.o.valid):
                    m.d.comb += [packets.o.ready.eq(1), refused.eq(1)]
            with m.State("REQUEST"), m.If(self.grant):
                m.next = "SELECT"
            with m.State("SELECT"):
                m.d.comb += programmer.start.eq(1)
                m.d.sync += [self.pins.wl.eq(1 << word_line), self.word_line.eq(word_line)]
                m.next = "PROGRAM"
            with m.State("PROGRAM"), m.If(programmer.done | programmer.idle):
                m.d.sync += [word.eq(0), self.failed.eq(0)]
                m.next = "COUNT"
            with m.State("COUNT"):
                failing = programmer.failing.word_select(word, STREAM_BITS)
                m.d.sync += [self.failed.eq(self.failed + sum_of(list(failing))), word.eq(word + 1)]
                with m.If(word == self.words - 1):
                    m.next = "DECIDE"
            with m.State("DECIDE"):
                m.d.sync += self.pins.wl.eq(0)
                m.next = "DONE"
                with m.If(over & free):
                    m.d.comb += [take.eq(1), self.moved.eq(1)]
                    # A spare row that was never taken was never formed.
                    m.d.sync += programmer.blank.eq(1)
                    m.next = "SELECT"
            with m.State("DONE"):
                m.d.comb += [packets.o.ready.eq(1), self.row_done.eq(1), self.unrepairable.eq(over)]
                m.d.sync += self.request.eq(0)
                m.next = "IDLE"
            for unused in unused_states(fsm):
                with m.State(unused):
                    m.next = "IDLE"
            # Kept twice: an upset at rest would have the next packet lost without a word. At work
            # the packet is there.
            rests, at_work = fsm.ongoing("IDLE"), Signal()
            m.d.sync += at_work.eq(Mux(rests, packets.o.valid & addressed, ~self.row_done))
            m.d.comb += self.upset.eq((rests == at_work) | ~(rests | packets.o.valid))

    def _addressed(self, m: Module, row: Value, macro: Value) -> Signal:
        """Whether the header names a row with a neuron."""
        addressed = Signal()
        with m.Switch(macro):
            for number in range(self.config.macros):
                with m.Case(number):
                    m.d.comb += addressed.eq(row < len(self.config.neurons_of_macro(number)))
        return addressed

    def _spare_rows(self, m: Module, row: Value) -> tuple[Value, Signal, Signal]:
        """The row's word line, whether a spare row is free, and the order to take it."""
        free, take = Signal(), Signal()
        if not self.config.macro.spare_rows:
            return row[: len(self.word_line)], free, take
        m.submodules.spares = spares = SpareTable(self.config)
        m.d.comb += [spares.macro.eq(self.macro), spares.row.eq(row), spares.take.eq(take)]
        m.d.comb += [free.eq(spares.free), self.moves.eq(spares.moves)]
        m.d.comb += self.moves_upset.eq(spares.upset)
        return spares.word_line, free, take
