"""Which bits of a controller's signals can never move: found by Yosys, which proves each."""

import json

from ..emit.controller import CONTROLLER
from ..tools.yosys import yosys_texts

# Every signal is kept, so that what is known of it stands beside its name. A register is constant
# if it begins and is reset to a value that it keeps, by SAT; a state that none leads to is dropped.
_FIND = f"""
read_verilog -sv controller.sv
hierarchy -check -top {CONTROLLER}
proc
flatten
setattr -set keep 1 w:*
opt -full
opt_dff -sat
opt -full
fsm_detect
fsm_extract
fsm_opt
opt_clean
fsm_opt
fsm_map
opt -full
opt_dff -sat
opt -full
write_json constants.json
"""


def constant_bits(controller: str) -> set[tuple[str, str, int]]:
    """The bits that have one value whatever the inputs, from reset on.

    Parameters
    ----------
    controller : str
        SystemVerilog of a controller.

    Returns
    -------
    set of (str, str, int)
        The path of the module, parts joined by dots, empty for the controller itself; the signal;
        the number of its bit.

    Raises
    ------
    InputError, ToolError
        Yosys is missing, or refuses the text.
    """
    (text,) = yosys_texts(_FIND, {"controller.sv": controller}, ["constants.json"])
    found = set()
    for name, net in json.loads(text)["modules"][CONTROLLER]["netnames"].items():
        path, _, signal = name.rpartition(".")
        # A wire's number is an integer, a constant a character.
        found |= {
            (path, signal, bit)
            for bit, driver in enumerate(net["bits"])
            if driver in ("0", "1", "x")
        }
    return found
