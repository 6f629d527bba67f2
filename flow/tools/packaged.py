"""Tools that come as Python packages: whether one is there, and running it in a folder."""

import importlib.util
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ...cache import cache_folder
from ...errors import InputError, ToolError
from .process import run_in, tool_environment


@dataclass(frozen=True)
class PackagedTool:
    """A tool that is a function of a Python module."""

    module: str
    call: str
    """Python that runs it on the arguments in ``sys.argv``, the module being imported."""
    extra: str = ""
    """Of this package: what brings the tool, where it does not always come along."""

    @property
    def package(self) -> str:
        """Its name in the package index."""
        return self.module.replace("_", "-")

    def require(self) -> str:
        """Its version.

        Raises
        ------
        InputError
            It is not installed.
        """
        if importlib.util.find_spec(self.module) is None:
            wanted = f"popbridge[{self.extra}]" if self.extra else self.package
            raise InputError(
                f"found no {self.package}, expected it installed: pip install '{wanted}'"
            )
        return metadata.version(self.package)

    def run(self, arguments: Sequence[str], folder: Path, log: str) -> None:
        """Run it in `folder`; it sees the files below and no others.

        Parameters
        ----------
        log : str
            The file that the tool itself logs to: what it prints ends where ABC first runs.

        Raises
        ------
        InputError
            It is not installed, or there is no folder for its cache.
        ToolError
            It stopped with an error.
        """
        self.require()
        code = f"import sys, {self.module}; {self.call}"
        done = run_in(folder, [sys.executable, "-c", code, *arguments], packaged_environment())
        if done.returncode:
            logged = folder / log
            text = logged.read_text(encoding="utf-8", errors="replace") if logged.exists() else ""
            found = complaint_in(text) or complaint_in(done.stderr) or last_line(done.stderr)
            raise ToolError(f"{self.package} stopped: {found or f'status {done.returncode}'}")


def packaged_environment() -> Mapping[str, str]:
    """What a tool in WebAssembly needs: it keeps its compiled self in a cache that can be written,
    in a folder of its own or in that of its runtime.

    Python finds modules where this process does.
    """
    return tool_environment() | {
        "XDG_CACHE_HOME": str(cache_folder().parent),
        "YOWASP_CACHE_DIR": str(cache_folder().parent / "YoWASP"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }


def complaint_in(text: str) -> str:
    """The first line of a log that reports an error, without that word; empty if none does.

    What comes before the word, a file and its line, stays.
    """
    found = re.search(r"^((?:\S+: )*)(?:fatal )?error:\s*(.+)$", text, re.IGNORECASE | re.MULTILINE)
    return f"{found[1]}{found[2].strip()}" if found else ""


def last_line(text: str) -> str:
    """The last line of a text that says something."""
    return text.strip().rpartition("\n")[2].strip()
