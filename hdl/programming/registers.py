"""The registers of programming, as data: of the controller, and of each layer."""

from __future__ import annotations

from ..bus.registers import WORD_BITS, Access, Field, Register
from ..config import STREAM_BITS, LayerConfig, NetworkConfig
from .network import FIGURES, HALF

__all__ = ["PROGRAMMING_ERRORS", "layer_programming", "programming_counters", "programming_errors"]

PROGRAMMING_ERRORS = {
    "unrepairable_row": "A row has more failing cells than the limit and no spare row is left.",
    "dropped_row": "A packet of weights was dropped: wrong length, or no such layer or row.",
}
"""Field name to meaning; after those of `control_registers.ERRORS`."""


def programming_errors(config: NetworkConfig) -> dict[str, str]:
    """The errors that programming adds."""
    return PROGRAMMING_ERRORS if config.programmable else {}


def programming_counters(config: NetworkConfig) -> dict[str, str]:
    """The controller's counters that programming adds, as in `control_registers.COUNTERS`."""
    return {"DROPPED_ROWS": "Packets of weights dropped."} if config.programmable else {}


def _field(name: str, bits: int, doc: str, access: Access = Access.READ_ONLY) -> Field:
    return Field(name=name, bits=bits, access=access, doc=doc)


def layer_programming(prefix: str, named: str, layer: LayerConfig) -> list[Register]:
    """The registers of a layer's programming.

    Parameters
    ----------
    prefix : str
        What the registers' names begin with.
    named : str
        What their meanings call the layer.
    """
    if not layer.macro.programmable:
        return []
    words = -(-layer.fan_in // STREAM_BITS)
    counters = [
        Register(
            name=f"{prefix}{name.upper()}",
            doc=f"{named}: since reset. {meaning}",
            fields=(_field("count", WORD_BITS, "How many."),),
        )
        for name, meaning in FIGURES.items()
    ]
    return [
        *counters,
        Register(
            name=f"{prefix}LAST_ROW",
            doc=f"{named}: the row programmed last.",
            fields=(
                _field("row", HALF, "Row in its macro."),
                _field("macro", HALF, "Macro in its layer."),
            ),
        ),
        Register(
            name=f"{prefix}LAST_LINE",
            doc=f"{named}: where that row is now, and how it went.",
            fields=(
                _field("line", HALF, "Word line."),
                _field("failed", HALF, "Failing columns."),
            ),
        ),
        Register(
            name=f"{prefix}FAILURE_ADDRESS",
            doc=f"{named}: which word of that row's failing columns FAILURE_BITS shows.",
            fields=(
                _field("word", HALF, f"0 to {words - 1}.", Access.READ_WRITE),
            ),
        ),
        Register(
            name=f"{prefix}FAILURE_BITS",
            doc=f"{named}: a bit per column of that word, the first column lowest, 1: failing.",
            fields=(_field("columns", WORD_BITS, "Valid until the next row is granted."),),
        ),
    ]  # fmt: skip
