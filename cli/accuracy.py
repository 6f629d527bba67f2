"""``popbridge accuracy``: many chips at many conditions, clocks, supplies and bit error rates."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from ..figures.tables import csv_text, table_of_rows
from ..study.accuracy.points import IDEAL, PAPER_CLOCK_NS
from ..study.accuracy.result import AccuracyResult, ChipsResult, PointResult
from ..study.accuracy.study import AccuracyRequest, accuracy
from .options.selection import add_network_options, request_of, seed_number
from .show.output import (
    add_json_option,
    progress,
    require_writable,
    table,
    text_stream,
    write_json,
    write_text,
)


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
    parser.add_argument(
        "--chips", type=int, default=AccuracyRequest.chips, metavar="N", help="chips per point"
    )
    parser.add_argument(
        "--first-chip", type=seed_number, default=AccuracyRequest.first_chip, metavar="SEED",
        help="number of the first chip; the others follow it",
    )  # fmt: skip
    _add_point_options(parser)
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


def _add_point_options(parser: argparse.ArgumentParser) -> None:
    """Add the options whose combinations are the points, and ``--layers``."""
    parser.add_argument(
        "--condition", nargs="+", metavar="NAME", default=(),
        help=f"conditions: presets' names, TOML files or {IDEAL}; without it nominal, or {IDEAL} "
        "with --ber",
    )  # fmt: skip
    parser.add_argument(
        "--clock-ns", type=float, nargs="+", metavar="T", default=(),
        help="times of a row, ns, and clocks of the error law; without it the macro's own timing, "
        f"and {PAPER_CLOCK_NS:g} for the error law",
    )  # fmt: skip
    parser.add_argument(
        "--vdd", type=float, nargs="+", metavar="V", default=(),
        help="supplies, V; without it the condition's own",
    )  # fmt: skip
    parser.add_argument(
        "--ber", type=float, nargs="+", metavar="P", default=(),
        help="bit error rates: the layers of --layers follow the published error law at each "
        "instead of the condition",
    )  # fmt: skip
    parser.add_argument(
        "--layers", nargs="+", metavar="NAME", default=(),
        help="layers that --ber acts on; without it, as in the paper, the sign layers fed by "
        "hidden activations",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Sweep and report."""
    require_writable(arguments.json)
    require_writable(arguments.csv)
    request = request_of(AccuracyRequest, arguments)
    result = accuracy(request, progress)
    progress("")
    for note in result.notes:
        print(note, file=sys.stderr)
    print_points(result, text_stream(arguments.json))
    if arguments.csv is not None:
        write_text(arguments.csv, _csv(result.points))
    write_json(arguments.json, result.to_dict())
    return 0


def _csv(points: Sequence[PointResult]) -> str:
    """A line per point; calibrated chips have columns of their own."""
    names = ["mean", "std", "ci95_low", "ci95_high"]
    names += [f"{layer.name}_error_rate" for layer in points[0].layers]
    kinds = ["", "calibrated_"][: len(_sums(points[0]))]
    titles = ["condition", "clock_ns", "vdd_v", "ber", "chips"]
    titles += [f"{kind}{name}" for kind in kinds for name in names]
    rows = [
        [point.condition, point.clock_ns, point.vdd_v, point.ber, point.chips]
        + [value for found in _sums(point) for value in _values(found)]
        for point in points
    ]
    return csv_text(table_of_rows(titles, rows))


def _sums(point: PointResult) -> list[ChipsResult]:
    """What a point's chips come to, then what they do when calibrated, if they are."""
    return [point] if point.calibrated is None else [point, point.calibrated]


def _values(found: ChipsResult) -> list[float | None]:
    low, high = found.accuracy.ci95 or (None, None)
    rates = [layer.error_rate for layer in found.layers]
    return [found.accuracy.mean, found.accuracy.std, low, high, *rates]


def print_points(result: AccuracyResult, out: TextIO) -> None:
    """Print the table of a sweep; calibrated chips have a line of their own."""
    points = result.points
    several = points[0].calibrated is not None
    titles = ["condition", "clock, ns", "VDD, V", "BER", *["calibrated"] * several, "chips"]
    titles += ["accuracy", "std", "95 % of mean"]
    titles += [f"{layer.name} errors" for layer in points[0].layers]
    rows = [
        [
            point.condition,
            f"{point.clock_ns:g}",
            _or_dash(point.vdd_v, "g"),
            _or_dash(point.ber, "g"),
            *["yes" if place else "no"] * several,
            found.chips,
            f"{found.accuracy.mean:.3%}",
            _or_dash(found.accuracy.std, ".3%"),
            " to ".join(f"{end:.3%}" for end in found.accuracy.ci95 or ()) or "-",
            *(f"{layer.error_rate:.3%}" for layer in found.layers),
        ]
        for point in points
        for place, found in enumerate(_sums(point))
    ]
    print(table(titles, rows), file=out)
    print(
        f"\n{result.images} images of {result.data}, chips from {result.first_chip}, seed "
        f"{result.seed}; software {result.software_accuracy:.2%}; a layer's errors are "
        "outputs that differ from the software's for the same inputs",
        file=out,
    )


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
