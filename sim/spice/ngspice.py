"""ngspice in batch mode: a netlist in, waveforms out."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, SimulationError
from ...flow.tools.process import run_in

Waveforms = dict[str, NDArray[np.float64]]
"""ngspice's name of each saved quantity, in lower case, to its values; "time" is one of them."""

TIMEOUT_S = 600.0


def find_ngspice() -> str | None:
    """Path of ngspice, or None where it is not installed."""
    return shutil.which("ngspice")


def require_ngspice() -> str:
    """Path of ngspice.

    Raises
    ------
    InputError
        It is not installed.
    """
    path = find_ngspice()
    if path is None:
        raise InputError(MISSING)
    return path


MISSING = "found no ngspice on PATH, expected version 39 or later: apt-get install ngspice"
"""What to say where it is not installed."""


def simulate(text: str) -> Waveforms:
    """Run a netlist and read what it saves.

    Raises
    ------
    InputError
        ngspice is not installed.
    SimulationError
        ngspice fails, finds no solution or ends early; the message has its own words.
    """
    ngspice = require_ngspice()
    with tempfile.TemporaryDirectory(prefix="popbridge-spice-") as folder:
        netlist, raw = Path(folder) / "row.cir", Path(folder) / "row.raw"
        netlist.write_text(text, encoding="utf-8")
        # -n: no .spiceinit of the user's, which could change tolerances.
        command = [ngspice, "-n", "-b", "-r", raw.name, netlist.name]
        try:
            done = run_in(Path(folder), command, timeout_s=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise SimulationError(f"ngspice: not done after {TIMEOUT_S:g} s") from None
        if done.returncode != 0 or not raw.exists():
            raise SimulationError(f"ngspice: {_complaint(done.stdout + done.stderr)}")
        waveforms = read_raw(raw.read_bytes())
    _require_whole(text, waveforms, done.stdout + done.stderr)
    return waveforms


def _complaint(output: str) -> str:
    """The line of ngspice's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for word in ("error", "fatal", "too small", "no such", "unknown"):
        for line in lines:
            if word in line.lower():
                return line
    return lines[-1] if lines else "failed without a word"


def _require_whole(text: str, waveforms: Waveforms, output: str) -> None:
    """A transient that gives up leaves a raw file that ends early."""
    for line in text.splitlines():
        if line.startswith(".tran "):
            end_s = float(line.split()[2])
            reached_s = float(waveforms["time"][-1])
            if reached_s < end_s * (1 - 1e-6):
                raise SimulationError(
                    f"ngspice: ended at {reached_s:.4g} of {end_s:.4g} s: {_complaint(output)}"
                )


def read_raw(content: bytes) -> Waveforms:
    """The variables of a binary raw file of real values.

    Raises
    ------
    SimulationError
        Something else.
    """
    head, mark, body = content.partition(b"Binary:\n")
    if not mark:
        raise SimulationError("ngspice: found no binary raw file")
    lines = head.decode("utf-8", errors="replace").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line and line[0] != "\t")
    if fields["Flags"].split() != ["real"]:
        raise SimulationError(f"ngspice: found {fields['Flags'].strip()} values, expected real")
    count = int(fields["No. Variables"])
    names = [line.split()[1] for line in lines[-count:]]
    points = int(fields["No. Points"])
    values = np.frombuffer(body, dtype=np.float64, count=points * count).reshape(points, count)
    return {name: values[:, index] for index, name in enumerate(names)}
