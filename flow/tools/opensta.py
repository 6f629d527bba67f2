"""OpenSTA: whether it is there, and what it prints."""

import shutil
from pathlib import Path

from ...errors import ToolError
from .packaged import complaint_in
from .process import run_in

NO_STA = "OpenSTA is not installed: apt-get install opensta"


def find_sta() -> str | None:
    """OpenSTA's executable, if it is on PATH."""
    return shutil.which("sta")


def run_sta(script: str, folder: Path) -> str:
    """What OpenSTA prints for a script in `folder`; kept there as ``sta.log``.

    Raises
    ------
    ToolError
        It is not installed, or reports an error.
    """
    executable = find_sta()
    if executable is None:
        raise ToolError(NO_STA)
    done = run_in(folder, [executable, "-no_splash", "-exit", script])
    text = done.stdout + done.stderr
    (folder / "sta.log").write_text(text, encoding="utf-8")
    # After an error it goes on with status 0.
    if found := complaint_in(text):
        raise ToolError(f"OpenSTA stopped: {found}")
    return text
