"""The command line: one subcommand per file."""

import argparse
import contextlib
import io
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

from .. import __version__
from ..cache import cache_folder
from ..errors import HardwareFault, InputError, SimulationError, ToolError, printable
from ..flow.tools.process import tool_environment
from ..study.jobs.main_guard import end_if_starting
from .show.output import add_json_option, progress, require_writable, text_stream, write_json

WRONG_INPUT = 2
HARDWARE_FAILED = 1
CACHE_VARIABLE = "XDG_CACHE_HOME"
COMMANDS = {
    "run": "the main job: hardware and physics on real images",
    "report": "a run's JSON as an HTML page",
    "accuracy": "accuracy of many chips, without hardware",
    "compare": "the bridge beside a current-summing crossbar",
    "errors": "probability that a neuron gives the wrong sign",
    "figures": "figures for papers, with their data",
    "spice": "netlist of a row for ngspice; the model checked against it",
    "verilog": "write the hardware as SystemVerilog",
    "synth": "synthesise the hardware: cells, area, depth, clock",
    "formal": "prove the hardware's properties",
    "mutate": "faults put into the hardware, and whether the tests find them",
    "upset": "registers' bits that flip, and what images come to",
    "fuzz": "broken inputs, and whether each is refused in one line",
    "coverage": "what of the hardware the tests reach",
    "train": "train a network (needs PyTorch)",
    "presets": "list networks, macros and conditions; print one as TOML",
    "bench": "measure the speeds",
}
"""What each is for, in the order of ``--help``. Only the module of the one that is chosen is
imported: what all of them stand on takes most of a second."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


class OneLineParser(argparse.ArgumentParser):
    """Complains in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_INPUT, printable(f"{self.prog}: {message}") + "\n")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """What the words after ``popbridge`` say; only their command's module is imported."""
    top = OneLineParser(
        prog="popbridge",
        description="Binarized neural networks on ReRAM bridge macros: generated hardware, "
        "simulated with the physics of its arrays.",
    )
    top.add_argument("--version", action="version", version=f"popbridge {__version__}")
    top.set_defaults(cache=None)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    chosen = next((word for word in words if word != "--"), None)
    for name, purpose in COMMANDS.items():
        if name == chosen:
            module = import_module(f".{name}", __package__)
            parser = commands.add_parser(
                name,
                description=module.DESCRIPTION,
                formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            )
            module.add_options(parser)
            add_json_option(parser)
            parser.set_defaults(run=module.run)
        else:
            commands.add_parser(name, help=purpose)
    return top.parse_args(words)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns
    -------
    int
        0: done. 1: the hardware did not do what it must. 2: something given is wrong or missing;
        one line on standard error says what.
    """
    end_if_starting()
    arguments = parse(sys.argv[1:] if argv is None else argv)
    try:
        with _terminated_in_order(), _own_environment(arguments.cache), _warnings_told():
            require_writable(arguments.json)
            text = io.StringIO()
            try:
                result, status = arguments.run(arguments, text)
                for doubt in result.get("warnings", ()):
                    print(f"popbridge: warning: {doubt}", file=sys.stderr)
                # Files come first: they are whole, whatever becomes of standard output.
                write_json(arguments.json, result)
            finally:
                text_stream(arguments.json).write(text.getvalue())
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
    except RecursionError:
        return _fail("found an input nested too deeply, expected a flatter one", WRONG_INPUT)
    except Terminated:
        return _fail("terminated", 128 + signal.SIGTERM)
    except KeyboardInterrupt:
        return _fail("interrupted", 128 + signal.SIGINT)


@contextlib.contextmanager
def _own_environment(cache: Path | None) -> Iterator[None]:
    """What other programs' variables say is not for ours; caches are below `cache`, if given."""
    before = dict(os.environ)
    for name in before.keys() - tool_environment().keys():
        del os.environ[name]
    if cache is not None:
        os.environ[CACHE_VARIABLE] = str(cache_folder(cache).resolve())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _OneLine(logging.Handler):
    """Tells warnings as complaints are told, in the middle of whatever is going on."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage())


@contextlib.contextmanager
def _warnings_told() -> Iterator[None]:
    """Warnings of the package are a line each on standard error."""
    log, handler = logging.getLogger("popbridge"), _OneLine(logging.WARNING)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


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


def _say(complaint: object) -> None:
    """One line, whatever it holds."""
    progress("")
    print(printable(f"popbridge: {complaint}"), file=sys.stderr)


def _fail(error: object, status: int) -> int:
    _say(error)
    return status
