"""ABC, the logic verifier that Yosys brings along: one run of its commands."""

import importlib.util
import resource
import shutil
import subprocess
from pathlib import Path

from ...errors import InputError

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

    def limit() -> None:
        # Processor time: a proof is not to depend on what else the machine does.
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 1))

    done = subprocess.run(
        [find_abc(), "-c", commands],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    return done.stdout + done.stderr
