"""Tools that come as Python packages: whether one is there, and running it in a folder."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ...cache import cache_folder
from ...errors import InputError, ToolError


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
            It is not installed, or the user's cache cannot be written to.
        ToolError
            It stopped with an error.
        """
        self.require()
        # It keeps its compiled self in the user's cache, and has no message if it cannot.
        cache_folder()
        code = f"import sys, {self.module}; {self.call}"
        done = run_in(folder, [sys.executable, "-c", code, *arguments])
        if done.returncode:
            logged = folder / log
            text = logged.read_text(encoding="utf-8", errors="replace") if logged.exists() else ""
            found = complaint_in(text) or complaint_in(done.stderr)
            raise ToolError(f"{self.package} stopped: {found or f'status {done.returncode}'}")


def run_in(
    folder: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, whatever comes of it, with what it prints."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def complaint_in(text: str) -> str:
    """The first line of a log that reports an error, without that word; empty if none does.

    What comes before the word, a file and its line, stays.
    """
    found = re.search(r"^((?:\S+: )*)(?:fatal )?error:\s*(.+)$", text, re.IGNORECASE | re.MULTILINE)
    return f"{found[1]}{found[2].strip()}" if found else ""
