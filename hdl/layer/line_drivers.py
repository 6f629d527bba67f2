"""Word-line and bit-line drivers: what the array sees comes straight from registers."""

from collections.abc import Iterator, Sequence

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import ArrayGroup


class WordLineDriver(wiring.Component):
    """Raises the word lines of a layer's macros one after the other, in row order.

    Parameters
    ----------
    config : ArrayGroup
        Rows in use, and where they are.

    Members
    -------
    start : In(1)
        Raise row 0. Given only while no word line is up.
    advance : In(1)
        Lower the present row and raise the next; after the last row none is up.
    release : In(1)
        Lower whatever is up.
    last : Out(1)
        The last row is up.
    row : Out(rows_used)
        The row that is up, one-hot or 0, from registers; changes one cycle after `start`,
        `advance` or `release`.
    wl : Out(data.ArrayLayout(rows, macros))
        Per macro its word lines; those without a neuron stay 0.
    """

    def __init__(self, config: ArrayGroup, **more: wiring.Member):
        self.config = config
        super().__init__(
            {
                **dict.fromkeys(("start", "advance", "release"), In(1)),
                "last": Out(1),
                "row": Out(config.rows_used),
                "wl": Out(data.ArrayLayout(config.macro.rows, config.macros)),
                **more,
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from `start` or `advance` to the word lines."""
        return 1

    def model(self) -> Iterator[list[int]]:
        """`wl` of every macro from `start` on, one list per step, the closing zeros included."""
        macros = range(self.config.macros)
        for row in range(self.config.rows_used):
            yield [(row < len(self.config.neurons_of_macro(macro))) << row for macro in macros]
        yield [0 for _ in macros]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.last.eq(self.row[-1])
        with m.If(self.start):
            m.d.sync += self.row.eq(1)
        with m.Elif(self.release):
            m.d.sync += self.row.eq(0)
        with m.Elif(self.advance):
            m.d.sync += self.row.eq(self.row << 1)
        for macro in range(self.config.macros):
            m.d.comb += self.wl[macro].eq(self.row[: len(self.config.neurons_of_macro(macro))])
        return m


class BitLineDriver(wiring.Component):
    """Holds a layer's input bits and drives them, with their complements, onto the bit lines.

    Parameters
    ----------
    config : ArrayGroup
        Inputs, their bits, bias columns, whose input is always +1, and the columns after them,
        which stay undriven. The bits of an input are driven one after the other, plane 0, the
        least significant one, first.

    Members
    -------
    bits : In(inputs * bits_per_input)
        Sampled with `load`; bit 1 means +1. Bit p of input i at i * bits_per_input + p.
    load : In(1)
        Take `bits` and drive.
    next_plane : In(1)
        Go on to the next bit plane, from the last to the first.
    release : In(1)
        Stop driving: all lines 0.
    driving : Out(1)
        The lines are driven.
    bl, blb : Out(columns)
        One cycle after `load` or `release`.
    """

    def __init__(self, config: ArrayGroup):
        self.config = config
        columns = config.line_columns
        super().__init__(
            {
                "bits": In(config.inputs * config.bits_per_input),
                "load": In(1),
                "next_plane": In(1),
                "release": In(1),
                "driving": Out(1),
                "bl": Out(columns),
                "blb": Out(columns),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from `load`, `next_plane` or `release` to the bit lines."""
        return 1

    def model(self, bits: Sequence[int]) -> tuple[int, int]:
        """`bl` and `blb`, as integers, while the given bits (0 or 1) of a plane are driven."""
        positive = sum(bit << index for index, bit in enumerate(bits))
        driven = (1 << self.config.inputs) - 1
        bias = ((1 << self.config.bias_columns) - 1) << self.config.inputs
        return positive | bias, driven & ~positive

    def elaborate(self, platform: object) -> Module:
        m = Module()
        inputs, planes = self.config.inputs, self.config.bits_per_input
        held = Signal(inputs * planes)
        driving = self.driving
        with m.If(self.load):
            m.d.sync += [held.eq(self.bits), driving.eq(1)]
        with m.Else():
            with m.If(self.release):
                m.d.sync += driving.eq(0)
            if planes > 1:
                # Each input's bits turn round: the lines see the same register all the time.
                words = [held.word_select(k, planes) for k in range(inputs)]
                with m.If(self.next_plane):
                    m.d.sync += held.eq(Cat(bits.rotate_right(1) for bits in words))
        plane = Cat(held[::planes]) if planes > 1 else held
        bias = driving.replicate(self.config.bias_columns)
        unused = Const(0, self.config.line_columns - self.config.fan_in)
        enable = driving.replicate(inputs)
        m.d.comb += [
            self.bl.eq(Cat(plane & enable, bias, unused)),
            self.blb.eq(Cat(~plane & enable, Const(0, self.config.bias_columns), unused)),
        ]
        return m
