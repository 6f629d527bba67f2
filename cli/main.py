"""The command line: one subcommand per file."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

from .. import __version__
from ..errors import HardwareFault, InputError, SimulationError, ToolError
from . import (
    accuracy,
    bench,
    compare,
    errors,
    figures,
    formal,
    mutate,
    presets,
    report,
    run,
    spice,
    synth,
    train,
    verilog,
)
from .show.output import progress

WRONG_INPUT = 2
HARDWARE_FAILED = 1


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


class OneLineParser(argparse.ArgumentParser):
    """Complains in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_INPUT, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The parser of ``popbridge``."""
    top = OneLineParser(
        prog="popbridge",
        description="Binarized neural networks on ReRAM bridge macros: generated hardware, "
        "simulated with the physics of its arrays.",
    )
    top.add_argument("--version", action="version", version=f"popbridge {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (
        run, report, accuracy, compare, errors, figures, spice, verilog, synth, formal, mutate,
        train, presets, bench,
    ):  # fmt: skip
        command.add_parser(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns
    -------
    int
        0: done. 1: the hardware did not do what it must. 2: something given is wrong or missing;
        one line on standard error says what.
    """
    arguments = parser().parse_args(argv)
    try:
        with _terminated_in_order():
            status = arguments.run(arguments)
            sys.stdout.flush()
            return status
    except InputError as error:
        return _fail(_as_typed(str(error), arguments), WRONG_INPUT)
    except (HardwareFault, SimulationError, ToolError) as error:
        return _fail(error, HARDWARE_FAILED)
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say.
        _forget_output()
        return WRONG_INPUT
    except OSError as error:
        if error.filename is None:
            _forget_output()
        where = "" if error.filename is None else f"{error.filename}: "
        return _fail(f"{where}found {error.strerror or error}", WRONG_INPUT)
    except MemoryError:
        return _fail("found too little memory, expected fewer images or neurons", WRONG_INPUT)
    except Terminated:
        return _fail("terminated", 128 + signal.SIGTERM)
    except KeyboardInterrupt:
        return _fail("interrupted", 128 + signal.SIGINT)


@contextlib.contextmanager
def _terminated_in_order() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: temporary folders and the simulator go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _forget_output() -> None:
    """What standard output still holds cannot be written: let the interpreter not try again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_typed(complaint: str, arguments: argparse.Namespace) -> str:
    """A complaint about a field of a request names the option that gave it."""
    field = re.match(r"(\w+)(?=[\[:])", complaint)
    if field is None or field[1] not in vars(arguments):
        return complaint
    return f"--{field[1].replace('_', '-')}{complaint[field.end() :]}"


def _fail(error: object, status: int) -> int:
    progress("")
    print(f"popbridge: {error}", file=sys.stderr)
    return status
