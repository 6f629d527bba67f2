"""From the comparator's two outputs to neuron bits (SIGN) and popcounts (COUNT), for one macro.

A trim is held on the bank of a SIGN macro, and taken off the codes of a COUNT macro.
"""

from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import Readout
from ..config.laws import corrected_code, successive_approximation


def _trim_magnitude(trim: Value, trim_bits: int) -> Value:
    """|trim|, at most what the bank reaches."""
    size = Mux(trim < 0, -trim, trim)[: trim_bits + 1]
    return Mux(size[trim_bits], (1 << trim_bits) - 1, size[:trim_bits])


def _corrected(code: Value, count_bits: int, trim: Value, trim_bits: int) -> Value:
    """`corrected_code` of the signed value `trim`."""
    half = (_trim_magnitude(trim, trim_bits) + 1)[1:]
    moved = code + Mux(trim < 0, -half, half)
    most = (1 << count_bits) - 1
    return Mux(moved < 0, 0, Mux(moved > most, most, moved))[:count_bits]


class SignReadout(wiring.Component):
    """Keeps one bit per row: what most of its strobes say.

    Parameters
    ----------
    rows : int
        Rows in use.
    votes : int
        Strobes per row, odd.
    trim_bits : int
        K, bits of the trim's magnitude; 0 for none.

    Members
    -------
    wl : In(rows)
        The row being read, one-hot; 0 where this macro has no row in the scan.
    sample : In(1)
        Last cycle of a strobe.
    sense_p, sense_n : In(1)
        The comparator's outputs.
    unresolved : Out(1)
        In the `sample` cycle: not exactly one output is 1; the strobe votes for -1.
    bits : Out(rows)
        Bit r is written one cycle after row r's last `sample`.
    last_trial : In(1)
        `sample` is that of the row's last strobe. Only with votes or a trim.
    trim, arm, dac_p, dac_n
        Only with a trim, which is on the bank during every evaluate.

        trim : In(signed(trim_bits + 1))
            Score units; the lowest value, which the bank does not reach, stands for the one above.
        arm : In(1)
            Last cycle before EVALUATE.
        dac_p, dac_n : Out(trim_bits)
            Registered; 0 outside evaluate, changed one cycle after `arm` or the last `sample`.
    """

    def __init__(self, rows: int, votes: int = 1, trim_bits: int = 0):
        if votes < 1 or votes % 2 == 0:
            raise ValueError(f"votes: found {votes!r}, expected an odd number of at least 1")
        self.rows = rows
        self.votes = votes
        self.trim_bits = trim_bits
        members: dict[str, wiring.Member] = {
            "wl": In(rows),
            **dict.fromkeys(("sample", "sense_p", "sense_n"), In(1)),
            "unresolved": Out(1),
            "bits": Out(rows),
        }
        if votes > 1 or trim_bits:
            members["last_trial"] = In(1)
        if trim_bits:
            members |= {"trim": In(signed(trim_bits + 1)), "arm": In(1)}
            members |= dict.fromkeys(("dac_p", "dac_n"), Out(trim_bits))
        super().__init__(members)
        self.results = self.bits

    @property
    def latency(self) -> int:
        """Cycles from the last `sample` to `bits`."""
        return 1

    @staticmethod
    def model(senses: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """The bit taken for each strobe's (sense_p, sense_n), and how many were unresolved."""
        positive = sum(bool(sense_p) and not sense_n for sense_p, sense_n in senses)
        unresolved = sum(sense_p == sense_n for sense_p, sense_n in senses)
        return int(2 * positive > len(senses)), unresolved

    def result(self, score: int, trim: int) -> int:
        """The bit of a row: what a comparator that sees `score` says in each strobe."""
        return self.model([(score + trim > 0, score + trim < 0)] * self.votes)[0]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        positive = Signal()
        m.d.comb += [
            positive.eq(self.sense_p & ~self.sense_n),
            self.unresolved.eq(self.sample & self.wl.any() & ~(self.sense_p ^ self.sense_n)),
        ]
        decided, majority = self._majority(m, positive)
        write = self.wl & decided.replicate(self.rows)
        m.d.sync += self.bits.eq((self.bits & ~write) | (write & majority.replicate(self.rows)))
        if self.trim_bits:
            self._hold_trim(m)
        return m

    def _hold_trim(self, m: Module) -> None:
        """Put the trim on its side of the bank from the row's `arm` to its last `sample`."""
        negative = self.trim < 0
        magnitude = _trim_magnitude(self.trim, self.trim_bits)
        with m.If(self.arm):
            m.d.sync += [
                self.dac_p.eq(Mux(negative, 0, magnitude)),
                self.dac_n.eq(Mux(negative, magnitude, 0)),
            ]
        with m.Elif(self.sample & self.last_trial):
            m.d.sync += [self.dac_p.eq(0), self.dac_n.eq(0)]

    def _majority(self, m: Module, positive: Signal) -> tuple[Value, Value]:
        """Whether the strobe in progress is the row's last, and what most of them say then."""
        if self.votes == 1:
            return self.sample, positive
        favourable = Signal(range(self.votes))
        last = Signal()
        m.d.comb += last.eq(self.sample & self.last_trial)
        with m.If(last):
            m.d.sync += favourable.eq(0)
        with m.Elif(self.sample):
            m.d.sync += favourable.eq(favourable + positive)
        return last, favourable + positive > self.votes // 2


class CountReadout(wiring.Component):
    """Successive approximation on the macro's capacitor bank; keeps one code per row.

    Trial by trial, most significant bit first, the code tried goes onto line N and its complement
    to 2^K onto line P, so that their common mode stays put. `score_of_code` gives the score.

    Parameters
    ----------
    rows : int
        Rows in use.
    count_bits : int
        K, the bits of a code.
    trim_bits : int
        Bits of the trim's magnitude; 0 for none.

    Members
    -------
    wl, sample, sense_p, sense_n, unresolved
        As in `SignReadout`; an unresolved trial clears its bit.
    arm : In(1)
        Last cycle before EVALUATE: the first trial goes onto the bank.
    dac_p, dac_n : Out(count_bits)
        Registered; 0 outside evaluate, changed one cycle after `arm` or `sample`.
    trim : In(signed(trim_bits + 1))
        Only with a trim: the offset to take off each code, see `corrected_code`.
    codes : Out(rows * count_bits)
        Row r in bits r*K up, written one cycle after the last trial's `sample`.
    """

    def __init__(self, rows: int, count_bits: int, trim_bits: int = 0):
        self.rows = rows
        self.count_bits = count_bits
        self.trim_bits = trim_bits
        trim = {"trim": In(signed(trim_bits + 1))} if trim_bits else {}
        flags = ("arm", "sample", "sense_p", "sense_n")
        super().__init__(
            trim
            | {"wl": In(rows), **dict.fromkeys(flags, In(1)), "unresolved": Out(1)}
            | dict.fromkeys(("dac_p", "dac_n"), Out(count_bits))
            | {"codes": Out(rows * count_bits)}
        )
        self.results = self.codes

    @property
    def latency(self) -> int:
        """Cycles from the last `sample` to `codes`."""
        return 1

    def model(self, compare: Callable[[int, int], bool]) -> int:
        """The code found without a trim, given the comparator's answer to each (dac_p, dac_n)."""
        return successive_approximation(self.count_bits, compare)

    def result(self, score: int, trim: int) -> int:
        """The code of a row whose comparator sees `score`, with `trim` taken off."""
        code = self.model(lambda dac_p, dac_n: score + dac_p - dac_n > 0)
        return corrected_code(code, trim, self.count_bits)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.count_bits
        trial = Signal(width)
        code = Signal(width)
        decided = Signal(width)
        following = Signal(width)
        m.d.comb += [
            decided.eq(code | Mux(self.sense_p & ~self.sense_n, trial, 0)),
            following.eq(Mux(trial[0], 0, decided | (trial >> 1))),
            self.unresolved.eq(self.sample & self.wl.any() & ~(self.sense_p ^ self.sense_n)),
        ]
        first = 1 << (width - 1)
        with m.If(self.arm):
            m.d.sync += [trial.eq(first), code.eq(0), self.dac_n.eq(first), self.dac_p.eq(first)]
        with m.Elif(self.sample):
            m.d.sync += [
                trial.eq(trial >> 1),
                code.eq(decided),
                self.dac_n.eq(following),
                # -following, its lowest 1 known beforehand: the comparator's answer, which comes
                # late, waits for no carry.
                self.dac_p.eq(Mux(trial[0], 0, (~decided & -trial) | (trial >> 1))),
            ]
        kept: Value = decided
        if self.trim_bits:
            kept = _corrected(decided, width, self.trim, self.trim_bits)
        stored = [Signal(width, name=f"code_{row}") for row in range(self.rows)]
        for row, register in enumerate(stored):
            with m.If(self.sample & trial[0] & self.wl[row]):
                m.d.sync += register.eq(kept)
        m.d.comb += self.codes.eq(Cat(stored))
        return m


READOUTS = {Readout.SIGN: SignReadout, Readout.COUNT: CountReadout}
"""Way to read a row to its component, made from rows, strobes of a row and bits of a trim."""
