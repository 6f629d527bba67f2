"""The registers of a layer's programming, as data."""

from ..bus.registers import HALF_BITS, WORD_BITS, Access, Field, Register
from ..config import STREAM_BITS, LayerConfig
from .network import PROGRAMMING_COUNTERS


def _field(name: str, bits: int, doc: str, access: Access = Access.READ_ONLY) -> Field:
    return Field(name=name, bits=bits, access=access, doc=doc)


class ProgrammingRegisters:
    """How a layer's programming goes.

    Parameters
    ----------
    prefix : str
        What the registers' names begin with.
    named : str
        What their meanings call the layer.
    layer : LayerConfig

    Members
    -------
    counters : dict of str to Register
        Name in `PROGRAMMING_COUNTERS` to its register.
    row, macro, word_line, failed, failure_address, failure_bits : Field
        Of the row programmed last, as in `ProgrammingStatusSignature`.
    registers : tuple of Register
        All of them in order.
    """

    def __init__(self, prefix: str, named: str, layer: LayerConfig):
        words = -(-layer.fan_in // STREAM_BITS)
        self.counters = {
            name: Register(
                name=f"{prefix}{name.upper()}",
                doc=f"{named}: since reset. {meaning}",
                fields=(_field("count", WORD_BITS, "How many."),),
            )
            for name, meaning in PROGRAMMING_COUNTERS.items()
        }
        self.row = _field("row", HALF_BITS, "Row in its macro.")
        self.macro = _field("macro", HALF_BITS, "Macro in its layer.")
        self.word_line = _field("line", HALF_BITS, "Word line.")
        self.failed = _field("failed", HALF_BITS, "Failing columns.")
        self.failure_address = _field("word", HALF_BITS, f"0 to {words - 1}.", Access.READ_WRITE)
        self.failure_bits = _field("columns", WORD_BITS, "Valid until the next row is granted.")
        last = {
            "LAST_ROW": ("the row programmed last.", self.row, self.macro),
            "LAST_LINE": (
                "where that row is now, and how it went.", self.word_line, self.failed,
            ),
            "FAILURE_ADDRESS": (
                "which word of that row's failing columns FAILURE_BITS shows.",
                self.failure_address,
            ),
            "FAILURE_BITS": (
                "a bit per column of that word, the first column lowest, 1: failing.",
                self.failure_bits,
            ),
        }  # fmt: skip
        self.registers = (
            *self.counters.values(),
            *(
                Register(name=f"{prefix}{name}", doc=f"{named}: {doc}", fields=tuple(fields))
                for name, (doc, *fields) in last.items()
            ),
        )
