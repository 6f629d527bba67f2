"""``popbridge run``: real images through the generated hardware and a chip's physics."""

import argparse
from pathlib import Path
from typing import Any

from ..behav.parameters.energy import ENERGY
from ..sim.cosim import SIMULATORS
from ..sim.waves.analog import DEFAULT_COLUMNS
from ..study.images import DEFAULT_IMAGES
from ..study.run.job import run as run_request
from ..study.run.probes import FORM
from ..study.run.request import RunRequest
from .options.selection import add_chip_options, add_image_options, add_network_options, request_of
from .show.output import (
    add_cache_option,
    add_json_option,
    progress,
    require_writable,
    text_stream,
    write_json,
)
from .show.run import print_run


def add_parser(commands: Any) -> None:
    """Add the subparser ``run`` to `commands`."""
    parser = commands.add_parser(
        "run",
        description="Simulates the network's generated hardware with a chip's physics at its array "
        "pins, checks every bit and every cycle, and compares with the software network.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_network_options(parser)
    add_chip_options(parser)
    parser.add_argument(
        "--energy",
        default=RunRequest.energy,
        metavar="NAME",
        help=f"energy of the circuits: {', '.join(ENERGY)} or a TOML file",
    )
    add_image_options(parser, DEFAULT_IMAGES)
    parser.add_argument(
        "--sim",
        dest="simulator",
        choices=SIMULATORS,
        default=RunRequest.simulator,
        help="the simulator",
    )
    _add_flags(parser)
    parser.add_argument(
        "--waves",
        type=Path,
        metavar="PATH",
        help="also write a VCD file: all digital signals, and the analog lines of probed macros",
    )
    parser.add_argument(
        "--probe",
        action="append",
        metavar=FORM,
        help="a macro whose lines V_P and V_N and source lines are in the file, such as "
        f"layer0:2:0,7; without columns the first {DEFAULT_COLUMNS}; repeatable; without any, "
        "macro 0 of the first layer",
    )
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def _add_flags(parser: argparse.ArgumentParser) -> None:
    for flag, what in {
        "--strict": "answer every strobe from the arrays' pins alone: slow; pysim always does",
        "--netlist": "simulate the gates that Yosys makes of the hardware instead of its "
        "SystemVerilog; needs the extra `synth`, and not pysim",
        "--calibrate": "have the hardware cancel its comparators' offsets before the images; "
        "needs a macro with trim_bits, as the preset `trimmed`",
        "--program": "start from blank arrays: the controller forms, writes, verifies and repairs "
        "them first; needs a programmable macro",
        "--self-test": "with --program: write test patterns before the weights and count failing "
        "cells",
    }.items():
        parser.add_argument(flag, action="store_true", help=what)


def run(arguments: argparse.Namespace) -> int:
    """Run the job and report."""
    require_writable(arguments.json)
    require_writable(arguments.waves)
    result = run_request(request_of(RunRequest, arguments), progress)
    print_run(result, text_stream(arguments.json))
    write_json(arguments.json, result.to_dict())
    return 0
