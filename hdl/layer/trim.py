"""What a trim does: it is held on the bank of a SIGN macro, and taken off a COUNT macro's codes."""

from amaranth.hdl import Module, Mux, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config.laws import bank_codes


def trim_magnitude(trim: Value, trim_bits: int) -> Value:
    """|trim|, at most what the bank reaches."""
    size = Mux(trim < 0, -trim, trim)[: trim_bits + 1]
    return Mux(size[trim_bits], (1 << trim_bits) - 1, size[:trim_bits])


def corrected(code: Value, count_bits: int, trim: Value, trim_bits: int) -> Value:
    """`corrected_code` of the signed value `trim`."""
    half = (trim_magnitude(trim, trim_bits) + 1)[1:]
    moved = code + Mux(trim < 0, -half, half)
    most = (1 << count_bits) - 1
    return Mux(moved < 0, 0, Mux(moved > most, most, moved))[:count_bits]


class TrimDriver(wiring.Component):
    """Holds a SIGN macro's trim on its bank during every evaluate.

    Parameters
    ----------
    trim_bits : int
        K.

    Members
    -------
    trim : In(signed(trim_bits + 1))
        Score units; the lowest value, which the bank does not reach, stands for the one above it.
    arm, release : In(1)
        Last cycle before EVALUATE, and of the row's last strobe.
    dac_p, dac_n : Out(trim_bits)
        Registered; 0 outside evaluate.
    """

    def __init__(self, trim_bits: int):
        self.trim_bits = trim_bits
        super().__init__(
            {
                "trim": In(signed(trim_bits + 1)),
                "arm": In(1),
                "release": In(1),
                "dac_p": Out(trim_bits),
                "dac_n": Out(trim_bits),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from `arm` or `release` to the bank."""
        return 1

    def model(self, trim: int) -> tuple[int, int]:
        """dac_p and dac_n during evaluate."""
        return bank_codes(trim, self.trim_bits)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        negative = self.trim < 0
        magnitude = trim_magnitude(self.trim, self.trim_bits)
        with m.If(self.arm):
            m.d.sync += [
                self.dac_p.eq(Mux(negative, 0, magnitude)),
                self.dac_n.eq(Mux(negative, magnitude, 0)),
            ]
        with m.Elif(self.release):
            m.d.sync += [self.dac_p.eq(0), self.dac_n.eq(0)]
        return m
