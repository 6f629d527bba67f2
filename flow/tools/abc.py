"""ABC, the logic verifier that Yosys brings along: one run of its commands."""

import importlib.util
import shutil
from pathlib import Path

from ...errors import InputError
from .process import run_in

PROGRAM = "yosys-abc"


def find_abc() -> str:
    """The program: on PATH, else from the package of Python that holds all of Yosys.

    Raises
    ------
    InputError
        There is none.
    """
    if found := shutil.which(PROGRAM):
        return found
    package = importlib.util.find_spec("pyosys")
    if package is not None and package.origin is not None:
        beside = Path(package.origin).parent / PROGRAM
        if beside.is_file():
            return str(beside)
    raise InputError(
        f"{PROGRAM}: found no such program, expected it on PATH: "
        "pip install 'popbridge[mutate]' brings it"
    )


def run_abc(commands: str, folder: Path, limit_s: int) -> str:
    """What ABC prints; of a run that is over its limit of processor time, what it printed before.

    Raises InputError without ABC.
    """
    # Processor time: a proof is not to depend on what else the machine does.
    limited = ["sh", "-c", f'ulimit -t {limit_s}; exec "$0" "$@"', find_abc(), "-c", commands]
    done = run_in(folder, limited)
    return done.stdout + done.stderr
