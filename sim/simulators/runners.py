"""cocotb's runners, which build simulations and start them."""

import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import find_libpython
from cocotb_tools import config
from cocotb_tools.runner import Icarus, Runner
from cocotb_tools.runner import Verilator as CocotbVerilator

from ...errors import InputError
from ...flow.tools.process import run_in, tool_environment
from ...flow.tools.verilator import Verilator, find_verilator

NOT_REWRITTEN = {"COCOTB_REWRITE_ASSERTION_FILES": ""}
"""No run tells more of an assertion than that it failed: cocotb need not have pytest, if it is
there, rewrite each module."""


class _Apart:
    """A cocotb runner that changes nothing of the process that it is in, nor heeds its environment.

    It finds its simulator by itself, gives what that needs to subprocesses alone, and has a log of
    its own that nobody reads: several of them may run side by side, in threads. What it starts ends
    with it.
    """

    env: dict[str, str]
    limit_s: int | None = None
    """Time after which a simulation is stopped."""
    waves: bool
    gui: bool
    with_waves: bool = False
    """Whether a build writes waveforms; WAVES and GUI in the environment are for others."""

    def __init__(self) -> None:
        super().__init__()
        self.log = logging.Logger("simulator")
        self.log.addHandler(logging.NullHandler())

    def _environment(self) -> dict[str, str]:
        return tool_environment()

    def _set_env_common(self) -> None:
        environment = self._environment()
        library = find_libpython.find_libpython()
        if library is None:
            raise InputError(
                f"found no shared library of {sys.executable}, expected a Python built with one"
            )
        own = {
            "PATH": os.pathsep.join([environment.get("PATH", ""), str(config.libs_dir)]),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYGPI_PYTHON_BIN": sys.executable,
            "GPI_USERS": f"{library};{config.pygpi_entry_point()}",
        }
        self.waves, self.gui = self.with_waves, False
        # What is in `env` was chosen for this run.
        self.env = {**environment, **own, **self.env}

    def _execute_cmds(
        self, cmds: Sequence[list[Any]], cwd: Any, stdout: TextIO | None = None
    ) -> None:
        for words in cmds:
            done = run_in(Path(cwd), words, self.env, log=stdout, timeout_s=self.limit_s)
            if done.returncode:
                raise RuntimeError(f"{words[0]} ended with status {done.returncode}")


class _Icarus(_Apart, Icarus):
    """Leaves it to the testbench whether a waveform is written: cocotb would forbid VCD."""

    def _test_command(self) -> list[Any]:
        given = super()._test_command()
        return [[word for word in command if word != "-none"] for command in given]


class _Verilator(_Apart, CocotbVerilator):
    """Builds with plain paths alone, and takes objects that are there as they are.

    make and the makefile know no path with a space: the build folder has links to what is
    elsewhere. The makefile, younger than the objects, would make them anew.
    """

    tool: Verilator | None = None

    def _set_env_build(self) -> None:
        self.tool = find_verilator().settled_in(self.build_dir)
        super()._set_env_build()

    def _simulator_in_path_build_only(self) -> None:
        self.executable = (self.tool or find_verilator()).executable

    def _environment(self) -> dict[str, str]:
        return (self.tool or find_verilator()).environment

    def _build_command(self) -> list[Any]:
        verilate, make = super()._build_command()
        libraries, share = self.build_dir / "cocotb-libs", self.build_dir / "cocotb-share"
        libraries.symlink_to(config.libs_dir)
        share.symlink_to(config.share_dir)
        link = f"-Wl,-rpath,{shlex.quote(str(config.libs_dir))} -L{libraries}"
        verilate[verilate.index("-LDFLAGS") + 1] = f"{link} -lcocotbvpi_verilator"
        verilate = [word.replace(str(config.share_dir), str(share)) for word in verilate]
        return [verilate, [*make, "--old-file=Vtop.mk"]]


def make_runner(simulator: str, limit_s: int | None = None, waves: bool = False) -> Runner:
    """The runner of a simulator, one of `SIMULATORS`.

    What it starts may have a limit; a build may write waveforms, in Verilator.
    """
    runner = _Verilator() if simulator == "verilator" else _Icarus()
    runner.limit_s = limit_s
    runner.with_waves = waves and simulator == "verilator"
    return runner
