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
    shown : dict of str to Field
        What the programmer tells, by its name in `ProgrammingStatusSignature`.
    failure_address : Field
        The word of failing columns that it is asked for.
    registers : tuple of Register
        All of them in order.
    """

    def __init__(self, prefix: str, named: str, layer: LayerConfig):
        words = -(-layer.fan_in // STREAM_BITS)
        address = _field("word", HALF_BITS, f"0 to {words - 1}.", Access.READ_WRITE)
        row = _field("row", HALF_BITS, "Row in its macro.")
        macro = _field("macro", HALF_BITS, "Macro in its layer.")
        line = _field("line", HALF_BITS, "Word line.")
        failed = _field("failed", HALF_BITS, "Failing columns.")
        bits = _field("columns", WORD_BITS, "Valid until the next row is granted.")
        counts = {name: _field("count", WORD_BITS, "How many.") for name in PROGRAMMING_COUNTERS}
        self.failure_address = address
        self.shown = counts | {
            "row": row, "macro": macro, "word_line": line, "failed": failed, "failure_bits": bits,
        }  # fmt: skip

        def register(name: str, doc: str, *fields: Field) -> Register:
            return Register(name=f"{prefix}{name}", doc=f"{named}: {doc}", fields=fields)

        which = "which word of that row's failing columns FAILURE_BITS shows."
        columns = "a bit per column of that word, the first column lowest, 1: failing."
        self.registers = (
            *(
                register(name.upper(), f"since reset. {PROGRAMMING_COUNTERS[name]}", count)
                for name, count in counts.items()
            ),
            register("LAST_ROW", "the row programmed last.", row, macro),
            register("LAST_LINE", "where that row is now, and how it went.", line, failed),
            register("FAILURE_ADDRESS", which, address),
            register("FAILURE_BITS", columns, bits),
        )
