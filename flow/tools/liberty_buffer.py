"""Libraries of standard cells: where one is, and the little that synthesis must know of it."""

from __future__ import annotations

import re
from pathlib import Path

from ...errors import InputError

__all__ = ["INSTALLED_LIBRARIES", "buffer_of", "find_liberty"]

INSTALLED_LIBRARIES = (Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib"),)
"""Where distributions put open ones: the 0.18 um library of Oklahoma State University (Debian's
qflow-tech-osu018)."""


def find_liberty(path: Path | None) -> Path:
    """The liberty file given, else an installed one.

    Raises
    ------
    InputError
        It is not there, or none is installed.
    """
    if path is not None:
        if not path.is_file():
            raise InputError(f"{path}: found no such file, expected a liberty file")
        return path
    for library in INSTALLED_LIBRARIES:
        if library.is_file():
            return library
    raise InputError(
        "found no installed cell library, expected --liberty FILE (or apt-get install "
        "qflow-tech-osu018)"
    )


def buffer_of(liberty: str, name: str) -> str:
    """The smallest buffer of a library, by area.

    Parameters
    ----------
    liberty : str
        The library's text.
    name : str
        What it is called, for the error.

    Raises
    ------
    InputError
        There is none: high fan-outs could not be driven.
    """
    without_comments = re.sub(r"/\*.*?\*/", " ", liberty, flags=re.DOTALL)
    buffers = []
    for cell in re.split(r"^\s*cell\s*\(", without_comments, flags=re.MULTILINE)[1:]:
        cell_name = re.match(r"\s*\"?(\w+)\"?\s*\)", cell)
        area = re.search(r"\barea\s*:\s*([\d.eE+-]+)", cell)
        functions = re.findall(r"\bfunction\s*:\s*\"\s*\(?\s*([^\"]*?)\s*\)?\s*\"", cell)
        inputs = re.findall(r"\bdirection\s*:\s*\"?input\b", cell)
        follows = len(functions) == 1 and re.fullmatch(r"\w+", functions[0])
        if cell_name and area and follows and len(inputs) == 1 and "three_state" not in cell:
            buffers.append((float(area[1]), cell_name[1]))
    if not buffers:
        raise InputError(f"{name}: found no buffer among its cells, expected a liberty file")
    return min(buffers)[1]
