"""Spare rows: which rows have moved to one, and word lines that follow."""

from collections.abc import Iterator, Mapping

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import LayerConfig
from .line_drivers import WordLineDriver


def moves_layout(config: LayerConfig) -> data.ArrayLayout:
    """Per macro and spare row: whether a row lives there, and which."""
    if config.macro.spare_rows < 1:
        raise ValueError(f"spare_rows: found {config.macro.spare_rows!r}, expected at least 1")
    move = data.StructLayout({"valid": 1, "row": range(max(2, config.rows_used))})
    return data.ArrayLayout(data.ArrayLayout(move, config.macro.spare_rows), config.macros)


class SpareTable(wiring.Component):
    """Keeps which rows of a layer's macros have moved to which spare row.

    The spare rows of a macro are taken in order. A row that moves again leaves its spare row for
    good. The table is volatile: reset empties it.

    Parameters
    ----------
    config : LayerConfig
        A macro has at least one spare row.

    Members
    -------
    macro, row : In
        The row asked for.
    word_line : Out
        The one that holds it, in the same cycle: its own, or that of its spare row.
    free : Out(1)
        Its macro has a spare row that was never taken, in the same cycle.
    take : In(1)
        Move the row to the next spare row. Given only with `free`.
    moves : Out(moves_layout(config))
        The table, one cycle after `take`.
    upset : Out(1)
        The table does not have its parity: one of its bits has been upset. High until a reset.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        super().__init__(
            {
                "macro": In(range(max(2, config.macros))),
                "row": In(range(max(2, config.rows_used))),
                "word_line": Out(range(max(2, config.macro.rows))),
                "free": Out(1),
                "take": In(1),
                "moves": Out(moves_layout(config)),
                "upset": Out(1),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from `take` to `moves`."""
        return 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spare_rows = self.config.macro.spare_rows
        taken = Array(
            Signal(range(spare_rows + 1), name=f"taken_{macro}")
            for macro in range(self.config.macros)
        )
        m.d.comb += [self.word_line.eq(self.row), self.free.eq(taken[self.macro] != spare_rows)]
        following = Array(
            Signal(range(spare_rows + 1), name=f"following_{macro}")
            for macro in range(self.config.macros)
        )
        parity = Signal(init=1)
        changes: list[Value] = []
        for macro in range(self.config.macros):
            takes = self.take & (self.macro == macro)
            m.d.comb += following[macro].eq(taken[macro] + takes)
            m.d.sync += taken[macro].eq(following[macro])
            changes += [(taken[macro] ^ following[macro]).xor()]
            for spare in range(spare_rows):
                move = self.moves[macro][spare]
                here = self.macro == macro
                filled = Signal(name=f"filled_{macro}_{spare}")
                m.d.comb += filled.eq(takes & (taken[macro] == spare))
                held = Signal(name=f"held_{macro}_{spare}")
                m.d.comb += held.eq(here & move.valid & (move.row == self.row))
                with m.If(held):
                    m.d.comb += self.word_line.eq(self.config.macro.neuron_rows + spare)
                with m.If(filled):
                    m.d.sync += [move.valid.eq(1), move.row.eq(self.row)]
                with m.Elif(self.take & held):
                    m.d.sync += move.valid.eq(0)
                becomes = ~move.valid ^ (move.row ^ self.row).xor()
                changes += [Mux(filled, becomes, self.take & held)]
        # What a row taken changes of the parity is added to it: an upset stays seen.
        m.d.sync += parity.eq(Cat(parity, changes).xor())
        m.d.comb += self.upset.eq(~Cat(parity, taken, self.moves.as_value()).xor())
        return m


class SpareWordLineDriver(WordLineDriver):
    """Raises word lines in row order, too, but spare rows in place of moved ones.

    With an empty table every macro sees what `WordLineDriver` gives. Its spare rows are a macro's
    last word lines; `row` is the present row wherever it lives, and all of `wl` is from registers.

    Parameters
    ----------
    config : LayerConfig
        A macro has at least one spare row.

    Members
    -------
    moves : In(moves_layout(config))
        The table; it stands still during a scan. The others as in `WordLineDriver`.
    """

    def __init__(self, config: LayerConfig):
        super().__init__(config, moves=In(moves_layout(config)))

    def model(self, spares: Mapping[tuple[int, int], int] | None = None) -> Iterator[list[int]]:
        """As that of `WordLineDriver`.

        Parameters
        ----------
        spares : mapping, optional
            (macro, row) to the number of the spare row that holds it, as
            `ProgrammingModel.spares`; none moved without it.
        """
        first = self.config.macro.neuron_rows
        for row, wl in enumerate(super().model()):
            for macro in range(self.config.macros):
                if (spare := (spares or {}).get((macro, row))) is not None:
                    wl[macro] = 1 << first + spare
            yield wl

    def elaborate(self, platform: object) -> Module:
        m = Module()
        following = Signal(self.config.rows_used)
        step = Signal()
        m.d.comb += [
            self.last.eq(self.row[-1]),
            step.eq(self.start | self.advance | self.release),
            following.eq(Mux(self.start, 1, Mux(self.release, 0, self.row << 1))),
        ]
        with m.If(step):
            m.d.sync += self.row.eq(following)
        for macro in range(self.config.macros):
            spared = Signal(self.config.macro.spare_rows, name=f"spared_{macro}")
            m.d.comb += [
                spared[spare].eq(move.valid & following.bit_select(move.row, 1))
                for spare, move in enumerate(self.moves[macro])
            ]
            rows = len(self.config.neurons_of_macro(macro))
            own = following[:rows] & (~spared.any()).replicate(rows)
            unused = Const(0, self.config.macro.neuron_rows - rows)
            with m.If(step):
                m.d.sync += self.wl[macro].eq(Cat(own, unused, spared))
        return m
