"""The pins of a bridge array, the hard macro that the controller drives."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .config import LayerConfig

__all__ = ["ArraySignature", "ProgrammingSignature", "programming_members"]


class ArraySignature(wiring.Signature):
    """Pins of one bridge array or of a chain of them, as its controller sees them.

    Arrays chained on the same capacitive lines look like one array of all their columns, array 0's
    lowest.

    Parameters
    ----------
    rows, columns : int
        Word lines and bit-line pairs.
    bank_bits : int
        K, capacitors of the bank of read-out or trim on each line; 0 leaves its pins out.
    planes : int
        Bit planes of an input; 1 leaves the holding capacitors' pins out.
    level_bits : int
        Width of an amplitude code; 0 leaves the programming pins out.

    Members
    -------
    wl : Out(rows)
        Word lines, one-hot or 0.
    bl, blb : Out(columns)
        Bit-line drivers: complementary when driven, both 0 when not.
    precharge : Out(1)
        Resets both capacitive lines, bottom plates low.
    evaluate : Out(1)
        Connects the source-line inverters to the capacitors.
    strobe : Out(1)
        Comparator clock.
    dac_p, dac_n : Out(bank_bits)
        Bottom plates of the bank on line P and line N; bit k drives 2^k unit capacitors.
    share : Out(1)
        Averages both lines into their holding capacitors.
    acc_reset : Out(1)
        Clears the holding capacitors.
    prog_op, prog_device, prog_level, prog_mask, prog_pulse, sl_q
        As in `ProgrammingSignature`.
    sense_p, sense_n : In(1)
        Comparator outputs: both 0 until resolved, then exactly one 1 until strobe falls.
    """

    def __init__(
        self, *, rows: int, columns: int, bank_bits: int = 0, planes: int = 1, level_bits: int = 0
    ):
        self.rows = rows
        self.columns = columns
        self.bank_bits = bank_bits
        self.planes = planes
        self.level_bits = level_bits
        members = {
            "wl": Out(rows),
            "bl": Out(columns),
            "blb": Out(columns),
            "precharge": Out(1),
            "evaluate": Out(1),
            "strobe": Out(1),
        }
        if bank_bits:
            members |= {"dac_p": Out(bank_bits), "dac_n": Out(bank_bits)}
        if planes > 1:
            members |= {"share": Out(1), "acc_reset": Out(1)}
        if level_bits:
            members |= programming_members(columns, level_bits)
        members |= {"sense_p": In(1), "sense_n": In(1)}
        super().__init__(members)

    @classmethod
    def of_layer(cls, config: LayerConfig) -> "ArraySignature":
        """The pins of each macro of a layer."""
        level_bits = config.macro.programming.level_bits if config.macro.programmable else 0
        return cls.of_evaluation(config, level_bits)

    @classmethod
    def of_evaluation(cls, config: LayerConfig, level_bits: int = 0) -> "ArraySignature":
        """The pins of each macro of a layer that inference drives, those of programming aside."""
        return cls(
            rows=config.macro.rows,
            columns=config.line_columns,
            bank_bits=config.bank_bits,
            planes=config.bits_per_input,
            level_bits=level_bits,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArraySignature) and self.members == other.members


def programming_members(columns: int, level_bits: int) -> dict[str, wiring.Member]:
    """The pins that programming adds to those of evaluation; see `ProgrammingSignature`."""
    return {
        "prog_op": Out(2),
        "prog_device": Out(1),
        "prog_level": Out(level_bits),
        "prog_mask": Out(columns),
        "prog_pulse": Out(1),
        "sl_q": In(columns),
    }


class ProgrammingSignature(wiring.Signature):
    """Pins of one macro while it is programmed, as its controller sees them.

    Parameters
    ----------
    config : LayerConfig
        The macro's layer.

    Members
    -------
    wl : Out(rows)
        Word lines, one-hot or 0.
    bl, blb : Out(columns)
        Bit-line drivers for reading back; both 0 around and in a pulse.
    prog_op : Out(2)
        A `ProgrammingOperation`; NONE where no pulse is prepared.
    prog_device : Out(1)
        A `Device`: which one of the pair.
    prog_level : Out(level_bits)
        Amplitude code.
    prog_mask : Out(columns)
        Columns pulsed.
    prog_pulse : Out(1)
        The pulse. The five pins above and `wl` stand still from `setup_cycles` before it to
        `hold_cycles` after it.
    sl_q : In(columns)
        Outputs of the inverters on the source lines.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        columns = config.line_columns
        super().__init__(
            {"wl": Out(config.macro.rows), "bl": Out(columns), "blb": Out(columns)}
            | programming_members(columns, config.macro.programming.level_bits)
        )
