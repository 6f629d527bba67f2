"""``popbridge run``: real images through the generated hardware and a chip's physics."""

import argparse
from typing import Any, TextIO

from ..behav.parameters.energy import ENERGY
from ..sim.cosim import SIMULATORS
from ..sim.waves.analog import DEFAULT_COLUMNS
from ..study.images import DEFAULT_IMAGES
from ..study.run.job import run as run_request
from ..study.run.probes import FORM
from ..study.run.request import RunRequest
from .options.selection import (
    add_chip_options,
    add_image_options,
    add_network_options,
    add_request_options,
    request_of,
)
from .show.output import add_cache_option, progress, require_writable
from .show.run import print_run

DESCRIPTION = (
    "Simulates the network's generated hardware with a chip's physics at its array "
    "pins, checks every bit and every cycle, and compares with the software network."
)
CHOICES = {
    "--strict": "answer every strobe from the arrays' pins alone: slow; pysim always does",
    "--netlist": "simulate the gates that Yosys makes of the hardware instead of its "
    "SystemVerilog; needs the extra `synth`, and not pysim",
    "--calibrate": "have the hardware cancel its comparators' offsets before the images; "
    "needs a macro with trim_bits, as the preset `trimmed`",
    "--program": "start from blank arrays: the controller forms, writes, verifies and repairs "
    "them first; needs a programmable macro",
    "--self-test": "with --program: write test patterns before the weights and count failing cells",
    "--waves PATH": "also write a VCD file: all digital signals, and the analog lines of probed "
    "macros",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_network_options(parser)
    add_chip_options(parser)
    energy = f"energy of the circuits: {', '.join(ENERGY)} or a TOML file"
    add_request_options(parser, RunRequest, {"--energy NAME": energy})
    add_image_options(parser, RunRequest, DEFAULT_IMAGES)
    parser.add_argument(
        "--sim", dest="simulator", choices=SIMULATORS, default=RunRequest.simulator,
        help="the simulator",
    )  # fmt: skip
    add_request_options(parser, RunRequest, CHOICES)
    parser.add_argument(
        "--probe", action="append", metavar=FORM,
        help="a macro whose lines V_P and V_N and source lines are in the file, such as "
        f"layer0:2:0,7; without columns the first {DEFAULT_COLUMNS}; repeatable; without any, "
        "macro 0 of the first layer",
    )  # fmt: skip
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Run the job and report."""
    require_writable(arguments.waves)
    result = run_request(request_of(RunRequest, arguments), progress)
    print_run(result, out)
    return result.to_dict(), 0
