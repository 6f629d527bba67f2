"""Mutants of a controller: single faults that Yosys puts into it, for tests to find."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..emit.controller import CONTROLLER
from ..tools.yosys import yosys_texts

# The logic that is left after constants have gone: faults in what nothing reads would find no test.
_PREPARE = f"""
read_verilog -sv controller.sv
hierarchy -check -top {CONTROLLER}
proc
flatten
opt
memory_map
opt -full
clean -purge
write_rtlil prepared.il
"""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One fault in a prepared controller."""

    command: str
    """Of Yosys: what puts the fault in."""

    def _option(self, name: str) -> str:
        found = re.search(rf"-{name} (\S+)", self.command)
        return found[1] if found else ""

    @property
    def mode(self) -> str:
        """``inv``: inverted; ``const0``, ``const1``: stuck; ``cnot0``, ``cnot1``: inverted while
        another bit of the port is 0 or 1; ``none``: no fault at all."""
        return self._option("mode")

    @property
    def place(self) -> str:
        """The wire and its bit where it has a name, else cell and port."""
        if wire := self._option("wire"):
            return f"{wire.lstrip(chr(92))}[{self._option('wirebit')}]"
        return f"{self._option('cell')} {self._option('port')}[{self._option('portbit')}]"

    @property
    def sources(self) -> tuple[str, ...]:
        """Lines of the controller's SystemVerilog that the faulty cell comes from."""
        return tuple(re.findall(r"-src (\S+)", self.command))


INDUCTION_CYCLES = 3
"""Clock cycles that a proof looks back."""
NO_FAULT = Mutant(command="mutate -mode none")
"""The controller as it is, by the same way."""


def prepared_controller(controller: str) -> str:
    """RTLIL of a controller's SystemVerilog: flat, without dead logic, as mutants are made from.

    Raises what `yosys_texts` does.
    """
    return yosys_texts(_PREPARE, {"controller.sv": controller}, ["prepared.il"])[0]


def choose_mutants(prepared: str, count: int, seed: int) -> list[Mutant]:
    """`count` faults spread evenly over a prepared controller: a function of it and of the seed."""
    script = f"read_rtlil prepared.il\nmutate -list {count} -seed {seed} -o list.txt\n"
    (text,) = yosys_texts(script, {"prepared.il": prepared}, ["list.txt"])
    return [Mutant(command=line) for line in text.splitlines() if line]


def mutant_sources(prepared: str, mutants: Sequence[Mutant]) -> list[str]:
    """Verilog of each mutant; expressions and registers only, no processes to wake."""
    script, names = "", []
    for number, mutant in enumerate(mutants):
        names.append(f"mutant{number}.v")
        script += f"read_rtlil prepared.il\n{mutant.command}\nwrite_verilog -noattr {names[-1]}\n"
        script += "design -reset\n"
    return yosys_texts(script, {"prepared.il": prepared}, names)


def is_equal(prepared: str, mutant: Mutant) -> bool:
    """Whether a mutant is proven to do what the controller does, by SAT and induction.

    Proven is that both have equal outputs and an equal next state if their states were equal for
    `INDUCTION_CYCLES` clock cycles before, whatever the inputs; after a reset they are. What no
    state leads to within so many cycles does not count. False says that this is not so, or not
    proven so.
    """
    script = ""
    for name, command in (("gold", ""), ("gate", mutant.command)):
        # Several branches of a choice at once, which only a fault brings, are ORed as in gates.
        script += f"""
read_rtlil prepared.il
{command}
setattr -unset init w:*
dffunmap
techmap t:$pmux
select -set inner w:* t:$dff %co1:+[Q] %d
rename -hide @inner
select -clear
rename {CONTROLLER} {name}
design -stash {name}
"""
    # Initial values are left out: induction does not begin from them, and a register with a bit
    # that is stuck would have two.
    # What both have in common is merged first: the proof is about what depends on the fault.
    script += f"""
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
equiv_make gold gate equal
hierarchy -top equal
opt_clean
equiv_struct
equiv_simple
equiv_induct -seq {INDUCTION_CYCLES}
tee -o status.txt equiv_status
"""
    (status,) = yosys_texts(script, {"prepared.il": prepared}, ["status.txt"])
    return "Equivalence successfully proven!" in status
