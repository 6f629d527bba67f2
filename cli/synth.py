"""``popbridge synth``: what the hardware costs, and with which clock it runs."""

import argparse
from typing import Any, TextIO

from ..errors import InputError
from ..flow.emit.controller import CONTROLLER
from ..flow.synthesis.synthesise import TARGETS
from ..study.digital.comparison import FAN_INS, DigitalRequest, compare_with_digital
from ..study.synthesis import SynthesisRequest, synthesis
from .options.selection import add_network_options, add_request_options, request_of
from .show.output import add_cache_option, progress, require_writable
from .show.synth import digital_text, synthesis_text

_TARGETS = "; ".join(f"{name}: {meaning}" for name, meaning in TARGETS.items())
DESCRIPTION = (
    "Synthesises the controller with Yosys, and finds the clock it reaches: on an "
    "FPGA placed and routed by nextpnr, in a cell library by OpenSTA before layout, wires "
    f"taken to be without load. Targets: {_TARGETS}."
)
OPTIONS = {
    "--liberty FILE": "the library of target liberty; without it, an installed one",
    "--clock-mhz MHZ": "the clock to aim at; without it, the macro's own",
    "--output FOLDER": "where netlist, constraints and logs go, in a folder for each target",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    what = "a shipped network's name or a network file; without it, one layer that fills one macro"
    add_network_options(parser, None, what)
    parser.add_argument(
        "--target", default=SynthesisRequest.target, choices=TARGETS, help="what it is made of"
    )
    add_request_options(parser, SynthesisRequest, OPTIONS)
    parser.add_argument(
        "--compare", type=int, nargs="*", metavar="N",
        help="instead, the controller of a bridge layer of one macro beside an all-digital layer "
        "of as many neurons, at these fan-ins, in the library; without numbers, "
        f"{' '.join(map(str, FAN_INS))}",
    )  # fmt: skip
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Synthesise, and print what came out."""
    if arguments.compare is not None:
        return _run_comparison(arguments, out)
    request = request_of(SynthesisRequest, arguments)
    if request.folder.is_dir():
        require_writable(request.folder / f"{CONTROLLER}.v")
    result = synthesis(request, progress)
    progress("")
    print(synthesis_text(result), file=out)
    return result.to_dict(), 0


def _run_comparison(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Synthesise both layers at each fan-in, and print what each takes."""
    _refuse_other_choices(arguments)
    request = DigitalRequest(
        fan_ins=tuple(arguments.compare or FAN_INS),
        liberty=arguments.liberty,
        output=arguments.output / "compare",
    )
    result = compare_with_digital(request, progress)
    progress("")
    print(digital_text(result), file=out)
    return result.to_dict(), 0


def _refuse_other_choices(arguments: argparse.Namespace) -> None:
    """What is compared is always one default macro at its own clock, in a library of cells."""
    for name, found, meant in (
        ("NETWORK", arguments.network, (None,)),
        ("--macro", arguments.macro, ("default",)),
        ("--target", arguments.target, ("generic", "liberty")),
        ("--clock-mhz", arguments.clock_mhz, (None,)),
    ):
        if found not in meant:
            expected = " or ".join(str(value or "none") for value in meant)
            raise InputError(f"{name}: found {found}, expected {expected} with --compare")
