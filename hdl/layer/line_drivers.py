"""Word-line and bit-line drivers: what the array sees comes straight from registers."""

from collections.abc import Iterator, Sequence

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BitLineDriver", "WordLineDriver"]


class WordLineDriver(wiring.Component):
    """Raises word lines one after the other, in row order.

    Parameters
    ----------
    rows : int
        Rows in use; at least 1.

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
    wl : Out(rows)
        One-hot or 0, from registers; changes one cycle after `start` or `advance`.
    """

    def __init__(self, rows: int):
        if rows < 1:
            raise ValueError(f"rows: found {rows!r}, expected at least 1")
        self.rows = rows
        super().__init__(
            {**dict.fromkeys(("start", "advance", "release"), In(1)), "last": Out(1)}
            | {"wl": Out(rows)}
        )

    @property
    def latency(self) -> int:
        """Cycles from `start` or `advance` to the word line."""
        return 1

    def model(self) -> Iterator[int]:
        """The values of `wl` from `start` on, one per step, the closing 0 included."""
        yield from (1 << row for row in range(self.rows))
        yield 0

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.last.eq(self.wl[-1])
        with m.If(self.start):
            m.d.sync += self.wl.eq(1)
        with m.Elif(self.release):
            m.d.sync += self.wl.eq(0)
        with m.Elif(self.advance):
            m.d.sync += self.wl.eq(self.wl << 1)
        return m


class BitLineDriver(wiring.Component):
    """Holds a layer's input bits and drives them, with their complements, onto the bit lines.

    Parameters
    ----------
    inputs : int
        Columns that carry an input bit.
    planes : int
        Bits of an input, driven one after the other, the least significant one first.
    bias_columns : int
        Columns after them whose input is always +1.
    columns : int
        Bit-line pairs of the array; those not in use stay undriven.

    Members
    -------
    bits : In(inputs * planes)
        Sampled with `load`; bit 1 means +1. Bit p of input i at i * planes + p.
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

    def __init__(self, *, inputs: int, bias_columns: int, columns: int, planes: int = 1):
        if not 1 <= inputs <= inputs + bias_columns <= columns:
            raise ValueError(
                f"columns: found {columns!r}, expected at least {inputs} inputs "
                f"and {bias_columns} bias columns"
            )
        self.inputs = inputs
        self.bias_columns = bias_columns
        self.columns = columns
        self.planes = planes
        super().__init__(
            {
                "bits": In(inputs * planes),
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
        driven = (1 << self.inputs) - 1
        bias = ((1 << self.bias_columns) - 1) << self.inputs
        return positive | bias, driven & ~positive

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(self.inputs * self.planes)
        driving = self.driving
        with m.If(self.load):
            m.d.sync += [held.eq(self.bits), driving.eq(1)]
        with m.Else():
            with m.If(self.release):
                m.d.sync += driving.eq(0)
            if self.planes > 1:
                # Each input's bits turn round: the lines see the same register all the time.
                inputs = [held.word_select(k, self.planes) for k in range(self.inputs)]
                with m.If(self.next_plane):
                    m.d.sync += held.eq(Cat(bits.rotate_right(1) for bits in inputs))
        plane = Cat(held[:: self.planes]) if self.planes > 1 else held
        bias = driving.replicate(self.bias_columns)
        unused = Const(0, self.columns - self.inputs - self.bias_columns)
        enable = driving.replicate(self.inputs)
        m.d.comb += [
            self.bl.eq(Cat(plane & enable, bias, unused)),
            self.blb.eq(Cat(~plane & enable, Const(0, self.bias_columns), unused)),
        ]
        return m
