"""A script without main guard: each worker of this machine runs it anew, before it begins."""

import os
from pathlib import Path

STARTING = "POPBRIDGE_WORKERS_START"
"""Environment variable of a worker until it begins: a file to make if it calls before that."""
NO_GUARD = (
    "found a script that is run anew by each worker, expected the call below "
    "`if __name__ == '__main__':`"
)


def end_if_starting() -> None:
    """End a worker that has come here by reading the script; who started it is told so."""
    if STARTING in os.environ:
        Path(os.environ[STARTING]).touch()
        os._exit(1)
