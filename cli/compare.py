"""``popbridge compare``: the bridge beside a current-summing crossbar of the same devices."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from ..figures.tables import csv_text, table_of_rows
from ..study.crossbar.result import (
    ArrayAccuracy,
    CompareResult,
    FanInPoint,
    Losses,
    Pair,
    WirePoint,
    of_arrays,
)
from ..study.crossbar.study import DEFAULT_IMAGES, CompareRequest, compare
from .options.selection import (
    add_condition_options,
    add_image_options,
    add_network_options,
    add_request_options,
    request_of,
)
from .show.output import progress, require_writable, table, write_text

CSV_TITLES = (
    "sweep", "value", "array", "accuracy", "error_rate", "access_a", "neuron_a", "wordline_drop",
    "bitline_drop",
)  # fmt: skip

DESCRIPTION = (
    "Accuracy of a network on bridges and on differential current-summing "
    "crossbars of the same devices, over the devices' spread and over the wire's resistance, "
    "and wrong neuron signs over fan-in; with read currents and voltage drops."
)
OPTIONS = {
    "--chips N": "chips 1 to N are averaged",
    "--spreads S": "spreads of ln R, the same in both states, on lines without resistance",
    "--wire-ohm R": "wire per cell of every line, ohm, with the condition's devices",
    "--fan-ins N": "inputs of neurons with random weights, drawn from the seed, with the "
    "condition's devices and wire",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_network_options(parser)
    add_image_options(parser, CompareRequest, DEFAULT_IMAGES)
    add_request_options(parser, CompareRequest, OPTIONS)
    add_condition_options(parser)
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write all points as CSV")


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Compare, print, write."""
    require_writable(arguments.csv)
    result = compare(request_of(CompareRequest, arguments), progress)
    progress("")
    if arguments.csv is not None:
        write_text(arguments.csv, csv_text(table_of_rows(CSV_TITLES, list(_rows(result)))))
    for text in _texts(result):
        print(text, file=out)
    return result.to_dict(), 0


def _rows(result: CompareResult) -> Iterator[list[object]]:
    """One row per swept value and array; None where a sweep does not give a number."""
    for spread in result.spread.points:
        for array, found in of_arrays(spread).items():
            yield ["spread", spread.sigma_ln, array, found.accuracy, *[None] * 5]
    for wire in result.wire.points:
        for array, read in of_arrays(wire).items():
            loads = vars(read.read).values()
            yield ["wire", wire.wire_ohm, array, read.accuracy, None, *loads]
    for size in result.fan_in.points:
        for array, signs in of_arrays(size).items():
            loads = vars(signs.read).values()
            yield ["fan_in", size.fan_in, array, None, signs.error_rate, *loads]


def _texts(result: CompareResult) -> Iterator[str]:
    """The three tables and what follows from them."""
    reference = result.reference
    yield (
        f"{result.network}, {result.images} images of {result.data}, condition "
        f"{result.condition}, mean of {len(result.chips)} chips, seed {result.seed}"
    )
    if result.labels == "software":
        yield "the images have no labels: accuracy counts the software network's classes"
    yield (
        f"accuracy: software {reference.software:.2%}; without variation and wires: "
        f"bridge {reference.bridge:.2%}, crossbar {reference.crossbar:.2%}\n"
    )
    arrays = list(of_arrays(reference))
    spreads = result.spread.points
    rows = [[f"{point.sigma_ln:g}", *_accuracies(point)] for point in spreads]
    yield table(["spread of ln R", *arrays], rows)
    largest = f"{spreads[-1].sigma_ln:g}"
    yield _losses(result.lost, result.spread.loss_at, largest, "")
    wires = result.wire.points
    rows = [[f"{point.wire_ohm:g}", *_accuracies(point), *_loads(point)] for point in wires]
    titles = ["mA per access", "mA per neuron", "largest drop", "fast form's error"]
    yield table(["wire, ohm per cell", *arrays, *titles], rows)
    largest = f"{wires[-1].wire_ohm:g} ohm"
    yield _losses(result.lost, result.wire.loss_at, largest, " ohm")
    rows = [
        [
            f"{point.fan_in}",
            *(f"{signs.error_rate:.3%}" for signs in of_arrays(point).values()),
            *_loads(point),
        ]
        for point in result.fan_in.points
    ]
    yield table(["wrong signs at fan-in", *arrays, *titles], rows)
    yield "\nbridge / crossbar where a column has two numbers"


def _accuracies(point: Pair[ArrayAccuracy]) -> list[str]:
    return [f"{found.accuracy:.2%}" for found in of_arrays(point).values()]


def _loads(point: WirePoint | FanInPoint) -> list[str]:
    reads = [point.bridge.read, point.crossbar.read]
    return [
        " / ".join(f"{read.access_a * 1e3:.3g}" for read in reads),
        " / ".join(f"{read.neuron_a * 1e3:.3g}" for read in reads),
        " / ".join(f"{max(read.wordline_drop, read.bitline_drop):.2%}" for read in reads),
        f"{point.fast_form.current_error:.1e}",
    ]


def _losses(lost: float, loss_at: Losses, largest: str, unit: str) -> str:
    """Where each array has lost so much."""
    told = [
        f"{array} not up to {largest}" if value is None else f"{array} at {value:.3g}{unit}"
        for array, value in of_arrays(loss_at).items()
    ]
    return f"{lost:.0%} of accuracy lost: {', '.join(told)}\n"
