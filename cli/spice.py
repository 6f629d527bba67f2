"""``popbridge spice``: a row as a netlist, and the model beside ngspice."""

import argparse
from collections.abc import Sequence
from typing import Any, TextIO

from ..sim.spice import netlist
from ..sim.spice.ngspice import MISSING
from ..study.spice import QuantityCheck, SpiceCheckRequest, SpiceRequest, passed, spice, spice_check
from .options.selection import (
    add_chip_options,
    add_network_options,
    add_request_options,
    request_of,
)
from .show.output import progress, require_writable, table

FORMS = {
    "V": "{:.2e} V",
    "counts": "{:.2%} of a count",
    "relative": "{:.2%}",
    "decisions": "{:.0f}",
}
"""How a difference is written, by its unit."""

DESCRIPTION = (
    "Writes the netlist of one row of a sampled chip, runs ngspice where it is "
    "installed and compares. Of inputs of several bits it takes the most significant bit "
    "plane. With --check, random rows of three sizes instead."
)
OPTIONS = {
    "--models FILE": f"transistor models: a file that defines {netlist.NMOS} and {netlist.PMOS}; "
    "without it level-1 models",
    "--output PATH": "the netlist",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_network_options(parser)
    add_chip_options(parser)
    parser.add_argument("--layer", type=int, default=0, metavar="L", help="layer, from 0")
    parser.add_argument("--row", type=int, default=0, metavar="R", help="neuron, from 0")
    parser.add_argument(
        "--columns", type=int, metavar="N", help="drive the first N columns only; without it all"
    )
    parser.add_argument("--image", type=int, default=0, metavar="K", help="test image, from 0")
    add_request_options(parser, SpiceRequest, OPTIONS)
    parser.add_argument(
        "--check",
        action="store_true",
        help="random rows of 23, 127 and 1127 columns; needs minutes",
    )


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Write and compare one row, or compare many."""
    if arguments.check:
        checked = spice_check(request_of(SpiceCheckRequest, arguments), progress)
        progress("")
        _print_checks(checked.checks, out)
        return checked.to_dict(), int(not passed(checked.checks))
    require_writable(arguments.output)
    result = spice(request_of(SpiceRequest, arguments), progress)
    progress("")
    planes = f", the most significant of {result.bit_planes} bit planes"
    said = planes if result.bit_planes > 1 else ""
    print(f"{result.netlist}: {result.title}, {result.columns} columns{said}", file=out)
    if result.comparison is None:
        print(MISSING, file=out)
    else:
        _print_checks(result.checks, out)
    return result.to_dict(), int(not passed(result.checks))


def _print_checks(checks: Sequence[QuantityCheck], out: TextIO) -> None:
    rows = [
        [
            check.quantity,
            check.columns,
            check.of,
            FORMS[check.unit].format(check.largest_difference),
            FORMS[check.unit].format(check.bound),
            check.result,
        ]
        for check in checks
    ]
    print(table(["", "columns", "of", "largest difference", "bound", ""], rows), file=out)
