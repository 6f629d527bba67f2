"""Runs a program that ends, with all that it has started, when whoever started it has gone.

A script of its own, with the program's words as arguments. Standard input is a pipe that nobody
writes to: it ends when the starting process closes it or dies, however that comes about.
"""

import _thread
import os
import signal
import sys

CANNOT_START = 127


def _end_with_starter() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


def _run(words: list[str]) -> int:
    """The program's exit status, or as a shell tells it the signal that ended it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        program = os.posix_spawnp(
            words[0],
            words,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 0)],
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores them
        )
    except OSError as error:
        print(f"error: {words[0]}: found {error.strerror}", file=sys.stderr)
        return CANNOT_START
    _thread.start_new_thread(_end_with_starter, ())
    _, status = os.waitpid(program, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
