"""Single faults that Yosys puts into a netlist, for tests to find."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..tools.yosys import yosys_texts

# The logic that is left after constants have gone: faults in what nothing reads would find no test.
# Modules stay: a fault belongs to one, and a proof may be about that one alone.
_PREPARE = """
read_verilog -sv design.sv
hierarchy -check -top {top}
proc
{flatten}
opt
memory_map
opt -full
clean -purge
write_rtlil prepared.il
"""


@dataclass(frozen=True, kw_only=True)
class NetlistFault:
    """One fault in a prepared design."""

    command: str
    """Of Yosys: what puts the fault in."""

    def _option(self, name: str) -> str:
        found = re.search(rf"-{name} (\S+)", self.command)
        return found[1] if found else ""

    @property
    def module(self) -> str:
        """The module of the netlist that has it."""
        return self._option("module").lstrip("\\")

    @property
    def mode(self) -> str:
        """``inv``: inverted; ``const0``, ``const1``: stuck; ``cnot0``, ``cnot1``: inverted while
        another bit of the port is 0 or 1; ``none``: no fault at all."""
        return self._option("mode")

    @property
    def place(self) -> str:
        """The wire and its bit where it has a name, else cell and port; after its module."""
        if wire := self._option("wire"):
            return f"{self.module} {wire.lstrip(chr(92))}[{self._option('wirebit')}]"
        return f"{self.module} {self._option('cell')} {self._option('port')}" + (
            f"[{self._option('portbit')}]"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Lines of the design's SystemVerilog that the faulty cell comes from."""
        return tuple(re.findall(r"-src (\S+)", self.command))


NO_FAULT = NetlistFault(command="mutate -mode none")
"""The design as it is, by the same way."""


def prepared_design(source: str, top: str, *, flat: bool = False) -> str:
    """RTLIL of a design's SystemVerilog, in its modules or in one: what faults are put into.

    Raises what `yosys_texts` does.
    """
    script = _PREPARE.format(top=top, flatten="flatten" if flat else "")
    return yosys_texts(script, {"design.sv": source}, ["prepared.il"])[0]


def module_names(prepared: str) -> list[str]:
    """The modules of a design's RTLIL."""
    return re.findall(r"^module \\(\S+)$", prepared, flags=re.MULTILINE)


def choose_faults(prepared: str, counts: Mapping[str, int], seed: int) -> list[NetlistFault]:
    """So many faults of each module of a design: a function of these, the design and the seed.

    Spread evenly over the module, as Yosys does it; fewer where it has fewer.
    """
    script, names = "read_rtlil prepared.il\n", []
    for number, (module, count) in enumerate(counts.items()):
        names.append(f"list{number}.txt")
        script += f"select {module}\nmutate -list {count} -seed {seed} -o {names[-1]}\n"
        script += "select -clear\n"
    lists = yosys_texts(script, {"prepared.il": prepared}, names) if names else []
    return [NetlistFault(command=line) for text in lists for line in text.splitlines() if line]


def with_faults(prepared: str, faults: Sequence[NetlistFault]) -> list[tuple[str, str]]:
    """RTLIL and Verilog of a design with each fault; expressions and registers only, no processes
    to wake."""
    script, names = "", []
    for number, fault in enumerate(faults):
        names += [f"fault{number}.il", f"fault{number}.v"]
        script += f"read_rtlil prepared.il\n{fault.command}\nwrite_rtlil {names[-2]}\n"
        script += f"write_verilog -noattr {names[-1]}\ndesign -reset\n"
    texts = yosys_texts(script, {"prepared.il": prepared}, names)
    return list(zip(texts[::2], texts[1::2], strict=True))
