"""From a component in Amaranth to SystemVerilog."""

import re
from dataclasses import dataclass

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from ...cache import cache_folder
from ..tools.yosys import CONVERSION, yosys_texts

_SCRIPT = """
read_rtlil design.il
proc -nomux -norom
memory_collect
write_verilog -sv {options} design.sv
"""
LONGEST_LINE = 10_000
"""Characters."""
LONG_PART = re.compile(r".{1000,}?, ")


@dataclass(frozen=True)
class Port:
    """One port of a module."""

    name: str
    direction: str
    """``input``, ``output`` or ``inout``, seen from the module."""
    width: int


def ports_of(signature: wiring.Signature) -> list[Port]:
    """The ports of a component of one clock domain as its Verilog has them, clock and reset first.

    A port of no width is none.
    """
    ports = [Port("clk", "input", 1), Port("rst", "input", 1)]
    for path, member, value in signature.flatten(signature.create()):
        direction = "input" if member.flow == In else "output"
        ports.append(Port("__".join(map(str, path)), direction, len(Value.cast(value))))
    return [port for port in ports if port.width]


def to_systemverilog(component: Elaboratable, name: str, *, sources: bool = False) -> str:
    """SystemVerilog of a component; `name` is its module, submodules are ``<name>_<path>``.

    With `sources`, attributes ``src`` say from which line of Python modules and signals are.

    SystemVerilog rather than Verilog, because `always_comb` runs once at time 0: simulators then
    start with no unknown outputs.

    Raises
    ------
    ToolError
        Yosys refused what Amaranth wrote.
    """
    return systemverilog_of(rtlil_of(component, name, sources=sources), sources=sources)


def rtlil_of(component: Elaboratable, name: str, *, sources: bool = False) -> str:
    """RTLIL of a component, its modules named as in `to_systemverilog`."""
    text = rtlil.convert(component, name=name, emit_src=sources)
    return re.sub(
        rf"^(module|  cell) \\({re.escape(name)}\.\S+)",
        lambda match: f"{match[1]} \\{match[2].replace('.', '_')}",
        text,
        flags=re.MULTILINE,
    )


def systemverilog_of(text: str, *, sources: bool = False) -> str:
    """SystemVerilog of RTLIL.

    Raises
    ------
    ToolError
        Yosys refused what Amaranth wrote.
    """
    # Yosys keeps its own cache in that of the user, and has no message if it cannot.
    cache_folder()
    script = _SCRIPT.format(options="" if sources else "-noattr")
    (converted,) = yosys_texts(script, {"design.il": text}, ["design.sv"], CONVERSION)
    return _long_lines_broken(converted)


def _long_lines_broken(text: str) -> str:
    """The same text with long lines broken at commas: Verilator takes 40,000 words on a line."""
    lines = text.split("\n")
    broken = (
        re.sub(LONG_PART, r"\g<0>\n", line) if len(line) > LONGEST_LINE else line for line in lines
    )
    return "\n".join(broken)
