"""``popbridge errors``: exact error probabilities of a neuron."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..behav.neuron.error_law import error_law
from ..behav.neuron.neuron_errors import check_bit_error_rate, wrong_sign_probabilities
from ..bnn.thresholds import authors_bias_columns
from ..errors import InputError
from ..figures.errors import SMALLEST_DRAWN, draw_neuron
from ..figures.files import drawn
from ..figures.look import require_matplotlib
from .output import (
    add_json_option,
    require_writable,
    table,
    text_stream,
    write_bytes,
    write_json,
    write_text,
)

LARGEST_INPUTS = 30_000
PLOT_SUFFIXES = (".svg", ".png")
SHOWN_RATES = 6
"""Rates that the printed table has columns for."""


def add_parser(commands: Any) -> None:
    """Add the subparser ``errors`` to `commands`."""
    parser = commands.add_parser(
        "errors",
        description="The exact probability that a neuron gives the wrong sign, for every popcount "
        "surplus, from the bit error rate of its columns and the published error law of its "
        "comparator; below 1e-30 it is given as 0. Bias columns are the authors': "
        "2 floor(0.05 N), and one more for even N.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--fan-in", type=int, required=True, metavar="N",
        help=f"inputs of the neuron, 1 to {LARGEST_INPUTS:,}; bias columns come on top",
    )  # fmt: skip
    parser.add_argument(
        "--clock-ns", type=float, required=True, metavar="T",
        help="clock period of the comparator, ns; 6, 8 and 20 are published",
    )  # fmt: skip
    parser.add_argument(
        "--ber", type=float, nargs="+", required=True, metavar="P",
        help="bit error rates of a column's product, fractions from 0 to 0.5",
    )  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write all surpluses as CSV")
    parser.add_argument(
        "--plot", type=Path, metavar="PATH",
        help="draw them, as SVG or PNG by the suffix (needs matplotlib)",
    )  # fmt: skip
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write."""
    _check(arguments)
    inputs, rates = arguments.fan_in, arguments.ber
    law, note = error_law(arguments.clock_ns * 1e-9)
    if note is not None:
        print(note, file=sys.stderr)
    bias_columns = authors_bias_columns(inputs)
    fan_in = inputs + bias_columns
    wrong = wrong_sign_probabilities(fan_in, law, rates)
    result = {
        "inputs": inputs,
        "bias_columns": bias_columns,
        "fan_in": fan_in,
        "clock_ns": arguments.clock_ns,
        "note": note,
        "sigma_counts": law.sigma_counts(fan_in),
        "ber": rates,
        "probabilities": wrong.T.tolist(),
    }
    if arguments.csv is not None:
        write_text(arguments.csv, _csv(rates, wrong))
    if arguments.plot is not None:
        write_bytes(arguments.plot, _picture(arguments, wrong))
    _print_table(result, wrong, text_stream(arguments.json))
    write_json(arguments.json, result)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Everything that can be wrong, before any work."""
    if not 1 <= arguments.fan_in <= LARGEST_INPUTS:
        raise InputError(
            f"--fan-in: found {arguments.fan_in}, expected from 1 to {LARGEST_INPUTS} inputs"
        )
    if not 0 < arguments.clock_ns < math.inf:
        raise InputError(f"--clock-ns: found {arguments.clock_ns:g}, expected nanoseconds above 0")
    for rate in arguments.ber:
        check_bit_error_rate(rate)
    for path in (arguments.csv, arguments.plot, arguments.json):
        require_writable(path)
    if arguments.plot is not None:
        if arguments.plot.suffix.lower() not in PLOT_SUFFIXES:
            raise InputError(
                f"{arguments.plot}: found suffix {arguments.plot.suffix!r}, expected one of: "
                f"{', '.join(PLOT_SUFFIXES)}"
            )
        require_matplotlib("popbridge errors --plot")


def _csv(rates: list[float], wrong: NDArray[np.float64]) -> str:
    """One line per surplus, numbers that read back to the same float."""
    lines = [",".join(["surplus", *map(repr, rates)])]
    lines += [",".join([str(d), *map(repr, row)]) for d, row in enumerate(wrong.tolist())]
    return "\n".join(lines) + "\n"


def _print_table(result: dict[str, Any], wrong: NDArray[np.float64], out: Any) -> None:
    rates = result["ber"]
    print(
        f"{result['inputs']} inputs and {result['bias_columns']} bias columns, {result['fan_in']} "
        f"columns, at {result['clock_ns']:g} ns: sigma {result['sigma_counts']:.4g} counts",
        file=out,
    )
    largest = len(wrong) - 1
    some = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, largest]
    rows = [
        [surplus, *(f"{value:.4g}" for value in wrong[surplus, :SHOWN_RATES])]
        for surplus in sorted({surplus for surplus in some if surplus <= largest})
        if surplus == 0 or wrong[surplus, :SHOWN_RATES].max() >= SMALLEST_DRAWN
    ]
    titles = ["surplus", *(f"p = {rate:g}" for rate in rates[:SHOWN_RATES])]
    print(table(titles, rows), file=out)
    if len(rates) > SHOWN_RATES:
        print(f"and {len(rates) - SHOWN_RATES} more rates in --csv and --json", file=out)


def _picture(arguments: argparse.Namespace, wrong: NDArray[np.float64]) -> bytes:
    """The plot of P_wrong against the surplus, as the suffix of its path says."""
    kind = arguments.plot.suffix.lower().lstrip(".")

    def draw() -> Any:
        return draw_neuron(arguments.fan_in, arguments.clock_ns, arguments.ber, wrong)

    return drawn(draw, [kind])[kind]
