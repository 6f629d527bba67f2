"""``python -m popbridge`` and ``popbridge``: the command line, as a process of its own.

Imports little before `main` runs: what is interrupted there ends in a traceback.
"""

import io
import os
import signal
import sys

INTERRUPTED = 128 + signal.SIGINT
OUTPUT_LOST = 2


def main() -> int:
    """Run the command that the process was started with; its status.

    Ctrl-C is one line at any moment. What cannot be encoded for the terminal is printed as escapes;
    output that nobody reads, or that has no room, is not tried again at the end.
    """
    try:
        _prepare_streams()
        from .cli.main import main as run_command

        status = run_command()
        sys.stdout.flush()
        return status
    except SystemExit as stop:
        # argparse's own: its help may not have been written yet.
        return _flushed(stop.code if isinstance(stop.code, int) else OUTPUT_LOST)
    except KeyboardInterrupt:
        print("popbridge: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        return _output_lost(error)
    finally:
        # What is left is the end of the process.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prepare_streams() -> None:
    # None where whoever started the process has closed them.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flushed(status: int) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        return _output_lost(error)
    return status


def _output_lost(error: OSError) -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if not isinstance(error, BrokenPipeError):
        print(f"popbridge: found {error.strerror or error}", file=sys.stderr)
    return OUTPUT_LOST


if __name__ == "__main__":
    sys.exit(main())
