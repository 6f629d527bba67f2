"""A popcount against a threshold, as one tree of full adders."""

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DigitalLayerConfig


class PopcountThreshold(wiring.Component):
    """Says whether at least `threshold` of the bits are 1; takes new bits in every cycle.

    The threshold is subtracted within the tree that counts: with ~t its complement in T bits,
    m + ~t + 1 carries out of them iff m >= t. So there is neither a count nor a comparator, only
    three-to-two compressors and, in the last stage, the carry chain of their two rows.

    Parameters
    ----------
    config : DigitalLayerConfig
        Inputs, and levels of adders per pipeline stage.

    Members
    -------
    bits : In(inputs)
        What is counted.
    threshold : In(threshold_bits)
        t, from 0 to inputs + 1.
    reached : Out(1)
        m >= t, `latency` cycles later.
    """

    def __init__(self, config: DigitalLayerConfig):
        self.config = config
        super().__init__(
            {"bits": In(config.inputs), "threshold": In(config.threshold_bits), "reached": Out(1)}
        )

    @property
    def latency(self) -> int:
        """Cycles from `bits` and `threshold` to `reached`."""
        return self.config.tree_stages

    @staticmethod
    def model(bits: int, threshold: int) -> int:
        """The value of `reached`."""
        return int(bits.bit_count() >= threshold)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        # The one comes first: it is compressed in the first level, so no register ever holds it.
        negated = [~self.threshold[place] for place in range(config.threshold_bits)]
        columns = [Cat(Const(1, 1), self.bits, negated[0]), *negated[1:], Const(0, 0)]
        for level in range(1, config.adder_levels + 1):
            columns = self._compressed(m, columns, level)
            if level % config.adder_levels_per_stage == 0 or level == config.adder_levels:
                columns = self._registered(m, columns, level)
        rows = [Cat(self._bit(column, row) for column in columns) for row in range(2)]
        m.d.comb += self.reached.eq((rows[0] + rows[1])[config.threshold_bits])
        return m

    @staticmethod
    def _bit(column: Value, row: int) -> Value:
        return column[row] if row < len(column) else Const(0, 1)

    @staticmethod
    def _compressed(m: Module, columns: list[Value], level: int) -> list[Value]:
        """One level: every three bits of a column become a sum, and a carry for the next one."""
        sums: list[Value] = []
        carries: list[Value] = [Const(0, 0)]
        for place, column in enumerate(columns):
            adders = len(column) // 3
            total, carry = Const(0, 0), Const(0, 0)
            # Verilog has no signals without bits.
            if adders:
                first, second, third = (column[k * adders : (k + 1) * adders] for k in range(3))
                total = Signal(adders, name=f"sum_{level}_{place}")
                carry = Signal(adders, name=f"carry_{level}_{place}")
                m.d.comb += [
                    total.eq(first ^ second ^ third),
                    carry.eq((first & second) | (third & (first ^ second))),
                ]
            sums.append(Cat(total, column[3 * adders :]))
            carries.append(carry)
        return [Cat(*pair) for pair in zip(sums, carries[:-1], strict=True)]

    @staticmethod
    def _registered(m: Module, columns: list[Value], level: int) -> list[Value]:
        """Registers without reset: what they hold counts only with the flag beside the tree."""
        ranks: list[Value] = []
        for place, column in enumerate(columns):
            if len(column):
                rank = Signal(len(column), name=f"rank_{level}_{place}", reset_less=True)
                m.d.sync += rank.eq(column)
                ranks.append(rank)
            else:
                ranks.append(column)
        return ranks
