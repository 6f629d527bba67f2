"""``popbridge errors``: exact error probabilities of a neuron."""

import argparse
import sys
from pathlib import Path
from typing import Any, TextIO

from ..errors import InputError
from ..figures.errors import SMALLEST_DRAWN, draw_neuron
from ..figures.files import drawn
from ..figures.look import require_matplotlib
from ..figures.tables import csv_text, table_of_rows
from ..study.errors import LARGEST_INPUTS, ErrorsRequest, ErrorsResult, errors
from .options.selection import add_request_options
from .show.output import require_writable, table, write_bytes, write_text

PLOT_SUFFIXES = (".svg", ".png")
SHOWN_RATES = 6
"""Rates that the printed table has columns for."""

DESCRIPTION = (
    "The exact probability that a neuron gives the wrong sign, for every popcount "
    "surplus, from the bit error rate of its columns and the published error law of its "
    "comparator; below 1e-30 it is given as 0. Bias columns are the authors': "
    "2 floor(0.05 N), and one more for even N."
)
OPTIONS = {
    "--clock-ns T": "clock period of the comparator, ns; 6, 8 and 20 are published",
    "--ber P": "bit error rates of a column's product, fractions from 0 to 0.5",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "--fan-in", type=int, required=True, metavar="N",
        help=f"inputs of the neuron, 1 to {LARGEST_INPUTS:,}; bias columns come on top",
    )  # fmt: skip
    add_request_options(parser, ErrorsRequest, OPTIONS)
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write all surpluses as CSV")
    parser.add_argument(
        "--plot", type=Path, metavar="PATH",
        help="draw them, as SVG or PNG by the suffix (needs matplotlib)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Compute, print, write."""
    request = ErrorsRequest(
        inputs=arguments.fan_in, clock_ns=arguments.clock_ns, ber=tuple(arguments.ber)
    )
    _check_paths(arguments)
    result = errors(request)
    if result.note is not None:
        print(result.note, file=sys.stderr)
    if arguments.csv is not None:
        write_text(arguments.csv, _csv(result))
    if arguments.plot is not None:
        kind = arguments.plot.suffix.lower().lstrip(".")
        write_bytes(arguments.plot, drawn(lambda: draw_neuron(result), [kind])[kind])
    _print_table(result, out)
    return result.to_dict(), 0


def _check_paths(arguments: argparse.Namespace) -> None:
    """What can be wrong with files, before any work."""
    for path in (arguments.csv, arguments.plot):
        require_writable(path)
    if arguments.plot is not None:
        if arguments.plot.suffix.lower() not in PLOT_SUFFIXES:
            raise InputError(
                f"{arguments.plot}: found suffix {arguments.plot.suffix!r}, expected one of: "
                f"{', '.join(PLOT_SUFFIXES)}"
            )
        require_matplotlib("popbridge errors --plot")


def _csv(result: ErrorsResult) -> str:
    """One line per surplus."""
    rows = list(enumerate(zip(*result.probabilities, strict=True)))
    titles = ["surplus", *map(repr, result.ber)]
    return csv_text(table_of_rows(titles, [(surplus, *row) for surplus, row in rows]))


def _print_table(result: ErrorsResult, out: TextIO) -> None:
    print(
        f"{result.inputs} inputs and {result.bias_columns} bias columns, {result.fan_in} "
        f"columns, at {result.clock_ns:g} ns: sigma {result.sigma_counts:.4g} counts",
        file=out,
    )
    shown = list(zip(*result.probabilities[:SHOWN_RATES], strict=True))
    largest = len(shown) - 1
    some = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, largest]
    rows = [
        [surplus, *(f"{value:.4g}" for value in shown[surplus])]
        for surplus in sorted({surplus for surplus in some if surplus <= largest})
        if surplus == 0 or max(shown[surplus]) >= SMALLEST_DRAWN
    ]
    titles = ["surplus", *(f"p = {rate:g}" for rate in result.ber[:SHOWN_RATES])]
    print(table(titles, rows), file=out)
    if len(result.ber) > SHOWN_RATES:
        print(f"and {len(result.ber) - SHOWN_RATES} more rates in --csv and --json", file=out)
