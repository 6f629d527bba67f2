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
from .options.selection import add_network_options, add_request_options, request_of
from .show.output import progress, require_writable, table, write_text

DESCRIPTION = (
    "Samples chips and runs all images through each, with the physics and the "
    "draws of the co-simulation but without hardware, for every combination of condition, "
    "clock, supply and bit error rate. Every finished chip is kept below build/accuracy: a "
    "sweep that was stopped goes on where it was, and one that is extended computes only what "
    "is new."
)
OPTIONS = {
    "--data PATH": "labelled images: an .npz file or a folder of IDX files; without it the shipped "
    "ones",
    "--images N": "how many images, from the first; all without it",
    "--chips N": "chips per point",
    "--first-chip SEED": "number of the first chip; the others follow it",
    "--condition NAME": f"conditions: presets' names, TOML files or {IDEAL}; without it nominal, "
    f"or {IDEAL} with --ber",
    "--clock-ns T": "times of a row, ns, and clocks of the error law; without it the macro's own "
    f"timing, and {PAPER_CLOCK_NS:g} for the error law",
    "--vdd V": "supplies, V; without it the condition's own",
    "--ber P": "bit error rates: the layers of --layers follow the published error law at each "
    "instead of the condition",
    "--layers NAME": "layers that --ber acts on; without it, as in the paper, the sign layers fed "
    "by hidden activations",
    "--calibrate": "run every chip once more, calibrated as `popbridge run --calibrate` does; "
    "needs a macro with trim_bits, as the preset `trimmed`",
    "--seed": "of the comparators' noise",
    "--workers N": "processes; one per core without it",
    "--scheduler ADDRESS": "address of a Dask scheduler, whose cluster does the work (extra "
    "`dist`)",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_network_options(parser)
    add_request_options(parser, AccuracyRequest, OPTIONS)
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write a line per point")


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Sweep and report."""
    require_writable(arguments.csv)
    result = accuracy(request_of(AccuracyRequest, arguments), progress)
    progress("")
    for note in result.notes:
        print(note, file=sys.stderr)
    print_points(result, out)
    if arguments.csv is not None:
        write_text(arguments.csv, _csv(result.points))
    return result.to_dict(), 0


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
