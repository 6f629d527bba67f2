"""cocotb's runners, which build simulations and start them."""

import logging
from typing import Any

from cocotb_tools.runner import Icarus, Runner
from cocotb_tools.runner import Verilator as CocotbVerilator

from ...flow.tools.verilator import find_verilator

NOT_REWRITTEN = {"COCOTB_REWRITE_ASSERTION_FILES": ""}
"""No run tells more of an assertion than that it failed: cocotb need not have pytest, if it is
there, rewrite each module."""


class _Apart:
    """A cocotb runner that changes nothing of the process that it is in.

    It finds its simulator by itself, gives what that needs to subprocesses alone, and has a log of
    its own that nobody reads: several of them may run side by side, in threads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log = logging.Logger("simulator")
        self.log.addHandler(logging.NullHandler())


class _Icarus(_Apart, Icarus):
    """Leaves it to the testbench whether a waveform is written: cocotb would forbid VCD.

    Ends a simulation that lasts longer than a limit, if there is one.
    """

    limit_s: int | None = None

    def _test_command(self) -> list[Any]:
        before = [] if self.limit_s is None else ["timeout", str(self.limit_s)]
        given = super()._test_command()
        return [[*before, *(word for word in command if word != "-none")] for command in given]


class _Verilator(_Apart, CocotbVerilator):
    """Takes objects that are there as they are: its makefile, younger, would make them anew."""

    def _simulator_in_path_build_only(self) -> None:
        self.executable = find_verilator().executable

    def _set_env_common(self) -> None:
        super()._set_env_common()
        self.env.update(find_verilator().environment)

    def _build_command(self) -> list[Any]:
        verilate, make = super()._build_command()
        return [verilate, [*make, "--old-file=Vtop.mk"]]


def make_runner(simulator: str, limit_s: int | None = None) -> Runner:
    """The runner of a simulator, one of `SIMULATORS`; in Icarus a simulation may have a limit."""
    if simulator == "verilator":
        return _Verilator()
    icarus = _Icarus()
    icarus.limit_s = limit_s
    return icarus
