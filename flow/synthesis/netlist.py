"""The controller as gates: what Yosys synthesises from the emitted SystemVerilog."""

from ..emit.controller import CONTROLLER
from ..tools.yosys import yosys_texts
from .script import KEEP_STATES

GATES = "AND,NAND,OR,NOR,XOR,XNOR,MUX"
"""Of two inputs, beside inverters and D flip-flops of one clock edge: all that a netlist has."""

# Values that registers have from power-up are taken away first: gates have none, so the netlist
# starts unknown and only its reset gives it a state. Nets of one bit each, because simulators
# compute a vector that a thousand gates drive bit by bit anew for each of them.
_SCRIPT = f"""
read_verilog -sv controller.sv
hierarchy -check -top {CONTROLLER}
{KEEP_STATES}
proc
flatten
setattr -unset init w:*
synth -noabc -top {CONTROLLER}
dfflegalize -cell $_DFF_P_ x
simplemap
abc -g {GATES}
splitnets
clean -purge
check -assert
write_verilog -noattr netlist.v
"""


def netlist_verilog(controller: str) -> str:
    """Verilog of the gates that the controller's SystemVerilog is synthesised to.

    One statement a gate: `GATES`, inverters, and flip-flops without reset or initial value. The
    module's name and ports are those of the source. Raises what `yosys_texts` does.
    """
    (netlist,) = yosys_texts(_SCRIPT, {"controller.sv": controller}, ["netlist.v"])
    return netlist
