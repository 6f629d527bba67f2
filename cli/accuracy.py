"""``popbridge accuracy``: many chips at many conditions, clocks, supplies and bit error rates."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from ..bnn import software
from ..bnn.catalog import find_network
from ..bnn.images import ImageSet, input_bits
from ..bnn.mapping import MappedNetwork, map_network
from ..errors import InputError
from ..hdl.config import MACROS, MacroConfig
from ..sim.cosim import BUILD_FOLDER, simulator_versions
from ..study.accuracy.chip import Point, Study, at_clock
from ..study.accuracy.sweep import summary, sweep
from .options.selection import LARGEST_SEED, add_network_options, find_preset, seed_number
from .output import (
    add_json_option,
    progress,
    progress_bar,
    require_writable,
    table,
    text_stream,
    write_json,
    write_text,
)
from .run import select_images
from .sweep_points import add_point_options, point_fields, selected_points


def add_parser(commands: Any) -> None:
    """Add the subparser ``accuracy`` to `commands`."""
    parser = commands.add_parser(
        "accuracy",
        description="Samples chips and runs all images through each, with the physics and the "
        "draws of the co-simulation but without hardware, for every combination of condition, "
        "clock, supply and bit error rate. Every finished chip is kept below build/accuracy: a "
        "sweep that was stopped goes on where it was, and one that is extended computes only what "
        "is new.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_network_options(parser)
    parser.add_argument(
        "--data", type=Path, metavar="PATH",
        help="labelled images: an .npz file or a folder of IDX files; without it the shipped ones",
    )  # fmt: skip
    parser.add_argument(
        "--images", type=int, metavar="N", help="how many images, from the first; all without it"
    )
    parser.add_argument("--chips", type=int, default=10, metavar="N", help="chips per point")
    parser.add_argument(
        "--first-chip", type=seed_number, default=1, metavar="SEED",
        help="number of the first chip; the others follow it",
    )  # fmt: skip
    add_point_options(parser)
    parser.add_argument(
        "--calibrate", action="store_true",
        help="run every chip once more, calibrated as `popbridge run --calibrate` does; needs a "
        "macro with trim_bits, as the preset `trimmed`",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed_number, default=1, help="of the comparators' noise")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes; one per core without it"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="address of a Dask scheduler, whose cluster does the work (extra `dist`)",
    )  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write a line per point")
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Sweep and report."""
    require_writable(arguments.json)
    require_writable(arguments.csv)
    result = accuracy_result(arguments)
    print_points(result, text_stream(arguments.json))
    if arguments.csv is not None:
        write_text(arguments.csv, _csv(result["points"]))
    write_json(arguments.json, result)
    return 0


def accuracy_result(arguments: argparse.Namespace) -> dict[str, Any]:
    """What ``--json`` writes: sweeps, or takes what an earlier sweep has left."""
    mapped = _mapped(arguments)
    points = selected_points(arguments, mapped)
    calibrated = _calibrated(arguments, mapped, points)
    images, labels = _labelled_images(arguments, mapped)
    study = Study(
        network=mapped.network,
        macro=mapped.config.layers[0].macro,
        images=input_bits(images.images, mapped.network),
        labels=labels,
        seed=arguments.seed,
    )
    counts = sweep(
        study,
        [*points, *calibrated],
        _chip_numbers(arguments),
        folder=BUILD_FOLDER / "accuracy",
        workers=arguments.workers,
        scheduler=arguments.scheduler,
        report=lambda done, total: progress(progress_bar(done, total, "chips")),
    )
    progress("")
    names = [layer.name for layer in mapped.config.layers]
    sums = [summary(of_chips, names) for of_chips in counts]
    beside = sums[len(points) :] if calibrated else [None] * len(points)
    reference = software.run(mapped.network, study.images)
    return {
        "network": mapped.network.name,
        "images": len(images),
        "data": images.source,
        "macro": arguments.macro,
        "software_accuracy": software.accuracy(reference.classes, study.labels),
        "first_chip": arguments.first_chip,
        "points": [
            {**point_fields(point, study.macro), **alone, "calibrated": trimmed}
            for point, alone, trimmed in zip(points, sums[: len(points)], beside, strict=True)
        ],
        "seed": arguments.seed,
        "versions": simulator_versions("pysim"),
    }


def _mapped(arguments: argparse.Namespace) -> MappedNetwork:
    macro = find_preset(arguments.macro, MACROS, MacroConfig)
    network = find_network(arguments.network)
    for clock_ns in arguments.clock_ns:
        if clock_ns is not None and not clock_ns > 0:
            raise InputError(f"--clock-ns: found {clock_ns:g}, expected nanoseconds above 0")
        map_network(network, at_clock(macro, clock_ns))
    return map_network(network, macro)


def _calibrated(
    arguments: argparse.Namespace, mapped: MappedNetwork, points: Sequence[Point]
) -> list[Point]:
    """The points once more with calibrated chips; none without ``--calibrate``."""
    if arguments.calibrate and not mapped.config.calibration_cycles:
        raise InputError(
            f"--calibrate: found macro {arguments.macro}, expected one with trim_bits "
            "(popbridge presets trimmed)"
        )
    return [point.replace(calibrated=True) for point in points if arguments.calibrate]


def _labelled_images(
    arguments: argparse.Namespace, mapped: MappedNetwork
) -> tuple[ImageSet, NDArray[np.int64]]:
    images = select_images(mapped.network, arguments.data, arguments.images, 0, None)
    if images.labels is None:
        raise InputError(f"{images.source}: found no labels, expected labelled images")
    return images, images.labels


def _chip_numbers(arguments: argparse.Namespace) -> range:
    if arguments.chips < 1:
        raise InputError(f"--chips: found {arguments.chips}, expected at least 1")
    if arguments.workers is not None and arguments.workers < 1:
        raise InputError(f"--workers: found {arguments.workers}, expected at least 1")
    last = arguments.first_chip + arguments.chips - 1
    if last > LARGEST_SEED:
        raise InputError(f"--chips: found a last chip of {last}, expected at most {LARGEST_SEED}")
    return range(arguments.first_chip, last + 1)


COLUMNS = ("condition", "clock_ns", "vdd_v", "ber", "chips")
"""Of a point, as they are called in JSON and CSV."""


def _csv(points: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = ["mean", "std", "ci95_low", "ci95_high"]
    figures += [f"{layer['name']}_error_rate" for layer in points[0]["layers"]]
    kinds = ["", "calibrated_"] if points[0]["calibrated"] else [""]
    writer.writerow([*COLUMNS, *(f"{kind}{figure}" for kind in kinds for figure in figures)])
    for point in points:
        values = [figure for found in _sums(point) for figure in _figures(found)]
        writer.writerow([*(point[column] for column in COLUMNS), *values])
    return text.getvalue()


def _sums(point: dict[str, Any]) -> list[dict[str, Any]]:
    """What a point's chips come to, then what they do when calibrated, if they are."""
    return [point, point["calibrated"]] if point["calibrated"] else [point]


def _figures(found: dict[str, Any]) -> list[float | None]:
    accuracy = found["accuracy"]
    rates = [layer["error_rate"] for layer in found["layers"]]
    return [accuracy["mean"], accuracy["std"], *(accuracy["ci95"] or (None, None)), *rates]


def print_points(result: dict[str, Any], out: TextIO) -> None:
    """Print the table of a sweep; calibrated chips have a line of their own."""
    points = result["points"]
    several = points[0]["calibrated"] is not None
    titles = ["condition", "clock, ns", "VDD, V", "BER", *["calibrated"] * several, "chips"]
    titles += ["accuracy", "std", "95 % of mean"]
    titles += [f"{layer['name']} errors" for layer in points[0]["layers"]]
    rows = [
        [
            point["condition"], f"{point['clock_ns']:g}", _or_dash(point["vdd_v"], "g"),
            _or_dash(point["ber"], "g"), *["yes" if place else "no"] * several, found["chips"],
            f"{found['accuracy']['mean']:.3%}", _or_dash(found["accuracy"]["std"], ".3%"),
            "-" if (ends := found["accuracy"]["ci95"]) is None
            else f"{ends[0]:.3%} to {ends[1]:.3%}",
            *(f"{layer['error_rate']:.3%}" for layer in found["layers"]),
        ]
        for point in points
        for place, found in enumerate(_sums(point))
    ]  # fmt: skip
    print(table(titles, rows), file=out)
    print(
        f"\n{result['images']} images of {result['data']}, chips from {result['first_chip']}, seed "
        f"{result['seed']}; software {result['software_accuracy']:.2%}; a layer's errors are "
        "outputs that differ from the software's for the same inputs",
        file=out,
    )


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
