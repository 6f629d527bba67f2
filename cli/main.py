"""The command line: one subcommand per file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..flow.verilog import ConversionError
from ..hdl.config import InputError
from ..sim.simulators import SimulationError
from ..sim.verdict import HardwareFault
from . import bench, errors, presets, run, spice, train, verilog
from .output import progress

WRONG_INPUT = 2
HARDWARE_FAILED = 1


def parser() -> argparse.ArgumentParser:
    """The parser of ``popbridge``."""
    top = argparse.ArgumentParser(
        prog="popbridge",
        description="Binarized neural networks on ReRAM bridge macros: generated hardware, "
        "simulated with the physics of its arrays.",
    )
    top.add_argument("--version", action="version", version=f"popbridge {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (run, spice, verilog, train, presets, errors, bench):
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
        return arguments.run(arguments)
    except InputError as error:
        return _fail(error, WRONG_INPUT)
    except (HardwareFault, SimulationError, ConversionError) as error:
        return _fail(error, HARDWARE_FAILED)
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG_INPUT
    except KeyboardInterrupt:
        return _fail("interrupted", 130)


def _fail(error: object, status: int) -> int:
    progress("")
    print(f"popbridge: {error}", file=sys.stderr)
    return status
