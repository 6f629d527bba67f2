"""``popbridge compare``: the bridge beside a current-summing crossbar of the same devices."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from ..bnn import software
from ..bnn.images import input_bits
from ..errors import InputError
from ..study.crossbar.comparison import ARRAYS, LOST, Comparison, compare
from .errors import LARGEST_INPUTS
from .options.selection import (
    add_condition_options,
    add_network_options,
    selected_condition,
    selected_network,
)
from .output import (
    add_json_option,
    progress,
    require_writable,
    table,
    text_stream,
    write_json,
    write_text,
)
from .run import select_images

DEFAULT_IMAGES = 500
DEFAULT_CHIPS = 2
MOST_CHIPS = 1000
DEFAULT_SPREADS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
LARGEST_SPREAD = 10.0
"""Of ln R: beyond, conductances leave the range of a float's usefulness."""
DEFAULT_WIRES_OHM = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1.0, 10.0, 100.0)
LARGEST_WIRE_OHM = 1000.0
"""Per cell: beyond, a line is worse than its cells, and no array is left to compare."""
DEFAULT_FAN_INS = (23, 63, 255, 1127)
CSV_TITLES = (
    "sweep", "value", "array", "accuracy", "error_rate", "access_a", "neuron_a", "wordline_drop",
    "bitline_drop",
)  # fmt: skip


def add_parser(commands: Any) -> None:
    """Add the subparser ``compare`` to `commands`."""
    parser = commands.add_parser(
        "compare",
        description="Accuracy of a network on bridges and on differential current-summing "
        "crossbars of the same devices, over the devices' spread and over the wire's resistance, "
        "and wrong neuron signs over fan-in; with read currents and voltage drops.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_network_options(parser)
    parser.add_argument(
        "--data", type=Path, metavar="PATH",
        help="images: an .npz file or a folder of IDX files; without it the shipped test images "
        "where they fit, else random ones",
    )  # fmt: skip
    parser.add_argument(
        "--images", type=int, metavar="N",
        help=f"how many images, from the first; without it {DEFAULT_IMAGES}, or all if fewer",
    )  # fmt: skip
    parser.add_argument(
        "--chips", type=int, default=DEFAULT_CHIPS, metavar="N", help="chips 1 to N are averaged"
    )
    parser.add_argument(
        "--spreads", type=float, nargs="+", default=DEFAULT_SPREADS, metavar="S",
        help="spreads of ln R, the same in both states, on lines without resistance",
    )  # fmt: skip
    parser.add_argument(
        "--wire-ohm", type=float, nargs="+", default=DEFAULT_WIRES_OHM, metavar="R",
        help="wire per cell of every line, ohm, with the condition's devices",
    )  # fmt: skip
    parser.add_argument(
        "--fan-ins", type=int, nargs="+", default=DEFAULT_FAN_INS, metavar="N",
        help="inputs of neurons with random weights, drawn from the seed, with the condition's "
        "devices and wire",
    )  # fmt: skip
    add_condition_options(parser)
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write all points as CSV")
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, write."""
    for path in (arguments.csv, arguments.json):
        require_writable(path)
    result = compare_result(arguments)
    if arguments.csv is not None:
        write_text(arguments.csv, csv_text(result))
    print_comparison(result, text_stream(arguments.json))
    write_json(arguments.json, result)
    return 0


def compare_result(arguments: argparse.Namespace) -> dict[str, Any]:
    """What ``--json`` writes."""
    _check(arguments)
    mapped = selected_network(arguments)
    if mapped.network.bits_per_input > 1:
        raise InputError(
            f"{arguments.network}: found inputs of {mapped.network.bits_per_input} bits, expected "
            "1: a word line of the crossbar has one level"
        )
    parameters = selected_condition(arguments)
    images = select_images(
        mapped.network, arguments.data, arguments.images, arguments.seed, DEFAULT_IMAGES
    )
    bits = input_bits(images.images, mapped.network)
    labels = images.labels
    if labels is None:
        labels = software.run(mapped.network, bits).classes
    comparison = Comparison(
        mapped=mapped,
        parameters=parameters,
        images=bits,
        labels=labels,
        chips=tuple(range(1, arguments.chips + 1)),
        seed=arguments.seed,
        spreads=tuple(sorted(set(arguments.spreads))),
        wires_ohm=tuple(sorted(set(arguments.wire_ohm))),
        fan_ins=tuple(sorted(set(arguments.fan_ins))),
    )
    found = compare(comparison, progress)
    progress("")
    return {
        "network": mapped.network.name,
        "images": len(images),
        "data": images.source,
        "labels": "software" if images.labels is None else "data",
        "condition": arguments.condition,
        "macro": arguments.macro,
        "chips": list(comparison.chips),
        "seed": arguments.seed,
        "lost": LOST,
        **found,
    }


def _check(arguments: argparse.Namespace) -> None:
    """Everything that can be wrong with numbers, before any work."""
    _require_each("--chips", [arguments.chips], 1, MOST_CHIPS)
    _require_each("--spreads", arguments.spreads, 0.0, LARGEST_SPREAD)
    _require_each("--wire-ohm", arguments.wire_ohm, 0.0, LARGEST_WIRE_OHM)
    _require_each("--fan-ins", arguments.fan_ins, 1, LARGEST_INPUTS)


def _require_each(option: str, values: Sequence[float], least: float, most: float) -> None:
    for value in values:
        if not (math.isfinite(value) and least <= value <= most):
            raise InputError(f"{option}: found {value:g}, expected from {least:g} to {most:g}")


def csv_text(result: dict[str, Any]) -> str:
    """One line per swept value and array; empty where a sweep has no such figure."""
    names = {"spread": "sigma_ln", "wire": "wire_ohm", "fan_in": "fan_in"}
    lines = [",".join(CSV_TITLES)]
    for sweep, name in names.items():
        for point in result[sweep]["points"]:
            for array in ARRAYS:
                figures = {**point[array], **point[array].get("read", {})}
                cells = [repr(figures[title]) if title in figures else "" for title in CSV_TITLES]
                lines.append(",".join([sweep, repr(point[name]), array, *cells[3:]]))
    return "\n".join(lines) + "\n"


def print_comparison(result: dict[str, Any], out: TextIO) -> None:
    """Print the three tables and what follows from them."""
    reference = result["reference"]
    print(
        f"{result['network']}, {result['images']} images of {result['data']}, condition "
        f"{result['condition']}, mean of {len(result['chips'])} chips, seed {result['seed']}",
        file=out,
    )
    if result["labels"] == "software":
        print("the images have no labels: accuracy counts the software network's classes", file=out)
    print(
        f"accuracy: software {reference['software']:.2%}; without variation and wires: "
        f"bridge {reference['bridge']:.2%}, crossbar {reference['crossbar']:.2%}\n",
        file=out,
    )
    rows = [[f"{point['sigma_ln']:g}", *_accuracies(point)] for point in result["spread"]["points"]]
    print(table(["spread of ln R", *ARRAYS], rows), file=out)
    _print_losses("spread", result["spread"], "", out)
    rows = [
        [f"{point['wire_ohm']:g}", *_accuracies(point), *_loads(point)]
        for point in result["wire"]["points"]
    ]
    titles = ["mA per access", "mA per neuron", "largest drop", "fast form's error"]
    print(table(["wire, ohm per cell", *ARRAYS, *titles], rows), file=out)
    _print_losses("wire", result["wire"], " ohm", out)
    rows = [
        [
            point["fan_in"],
            *(f"{point[array]['error_rate']:.3%}" for array in ARRAYS),
            *_loads(point),
        ]
        for point in result["fan_in"]["points"]
    ]
    print(table(["wrong signs at fan-in", *ARRAYS, *titles], rows), file=out)
    print("\nbridge / crossbar where a column has two figures", file=out)


def _accuracies(point: dict[str, Any]) -> list[str]:
    return [f"{point[array]['accuracy']:.2%}" for array in ARRAYS]


def _loads(point: dict[str, Any]) -> list[str]:
    reads = [point[array]["read"] for array in ARRAYS]
    drops = [max(read["wordline_drop"], read["bitline_drop"]) for read in reads]
    return [
        " / ".join(f"{read['access_a'] * 1e3:.3g}" for read in reads),
        " / ".join(f"{read['neuron_a'] * 1e3:.3g}" for read in reads),
        " / ".join(f"{drop:.2%}" for drop in drops),
        f"{point['fast_form']['current_error']:.1e}",
    ]


def _print_losses(name: str, sweep: dict[str, Any], unit: str, out: TextIO) -> None:
    """Where each array has lost a point."""
    key = {"spread": "sigma_ln", "wire": "wire_ohm"}[name]
    largest = sweep["points"][-1][key]
    told = [
        f"{array} not up to {largest:g}{unit}" if value is None else f"{array} at {value:.3g}{unit}"
        for array, value in sweep["loss_at"].items()
    ]
    print(f"{LOST:.0%} of accuracy lost: {', '.join(told)}\n", file=out)
