"""What Icarus Verilog 11 needs before it simulates the emitted SystemVerilog."""

import re


def without_always_comb(text: str) -> str:
    """The same hardware with ``always @*`` in place of ``always_comb``.

    Up to version 11, all ``always_comb`` blocks of a design wait on one event besides their inputs,
    and wake each other for ever once several of them write an output twice in one instant
    (steveicarus/iverilog, issue 508). ``always @*`` alone would not run before an input moves
    (amaranth-lang/amaranth, issue 1629), so that each module gets a signal that moves at the start.

    Parameters
    ----------
    text : str
        As `flow.verilog` emits it: each module's header ends with the first ``);``.
    """
    modules = re.split(r"(?m)^(?=module )", text)
    return "".join(
        module.replace(");", ");\n  reg started = 0;\n  initial started <= 1;", 1).replace(
            "always_comb begin", "always @* begin\n    if (started) begin end"
        )
        if "always_comb" in module
        else module
        for module in modules
    )
