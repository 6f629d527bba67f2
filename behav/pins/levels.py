"""Levels that must never be on a macro's pins together."""

from ...hdl.config.pins import ArrayPins


def level_fault(pins: ArrayPins, columns: int, codes: int) -> str | None:
    """What is wrong with the levels of the pins at an instant; None if nothing is.

    Parameters
    ----------
    columns : int
        In use.
    codes : int
        Of the bank: 0 to one less.
    """
    if pins.wl & (pins.wl - 1):
        lines = [line for line in range(pins.wl.bit_length()) if pins.wl >> line & 1]
        return f"found word lines {lines} up together, expected at most one"
    if pins.bl & pins.blb:
        column = (pins.bl & pins.blb).bit_length() - 1
        return f"found bl and blb of column {column} both high, expected at most one"
    if (pins.bl | pins.blb) >> columns:
        column = (pins.bl | pins.blb).bit_length() - 1
        return f"found column {column} driven, expected only {columns} columns"
    bank = f"found dac_p {pins.dac_p} and dac_n {pins.dac_n}"
    if max(pins.dac_p, pins.dac_n) >= codes:
        return f"{bank}, expected at most {codes - 1}"
    if pins.precharge and pins.evaluate:
        return "found precharge and evaluate high together, expected one at a time"
    if pins.precharge and (pins.dac_p or pins.dac_n):
        return f"{bank} in precharge, expected 0 and 0"
    if pins.strobe and not pins.evaluate:
        return "found strobe high while evaluate is low, expected it within evaluate"
    return None
