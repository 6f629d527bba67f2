"""``popbridge synth --compare``: the bridge layer's controller beside an all-digital layer."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import InputError
from ..flow.tools.liberty import find_liberty
from ..study.digital.comparison import FAN_INS, compare_with_digital
from .show.output import progress, require_writable, table, text_stream, write_json

LARGEST_FAN_IN = 4096
"""Beyond, synthesis takes hours."""
SEED = 1


def add_compare_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--compare [N ...]``."""
    fan_ins = " ".join(map(str, FAN_INS))
    parser.add_argument(
        "--compare", type=int, nargs="*", metavar="N",
        help="instead, the controller of a bridge layer of one macro beside an all-digital layer "
        f"of as many neurons, at these fan-ins, in the library; without numbers, {fan_ins}",
    )  # fmt: skip


def run_comparison(arguments: argparse.Namespace) -> int:
    """Synthesise both layers at each fan-in, and print what each takes."""
    _refuse_other_choices(arguments)
    fan_ins = arguments.compare or FAN_INS
    for fan_in in fan_ins:
        if not 1 <= fan_in <= LARGEST_FAN_IN:
            raise InputError(f"--compare: found {fan_in}, expected 1 to {LARGEST_FAN_IN}")
    require_writable(arguments.json)
    try:
        liberty = find_liberty(arguments.liberty)
    except InputError:
        if arguments.liberty is not None:
            raise
        liberty = None
    points = compare_with_digital(
        fan_ins, arguments.output / "compare", seed=SEED, liberty=liberty, progress=progress
    )
    progress("")
    library = liberty.name if liberty else None
    print("\n\n".join(_tables(points, library)), file=text_stream(arguments.json))
    write_json(arguments.json, {"library": library, "seed": SEED, "points": points})
    return 0


def _refuse_other_choices(arguments: argparse.Namespace) -> None:
    """What is compared is always one default macro at its own clock, in a library of cells."""
    for name, meant in (
        ("NETWORK", (None,)),
        ("--macro", ("default",)),
        ("--target", ("generic", "liberty")),
        ("--clock-mhz", (None,)),
    ):
        found = getattr(arguments, name.lower().removeprefix("--").replace("-", "_"))
        if found not in meant:
            expected = " or ".join(str(value or "none") for value in meant)
            raise InputError(f"{name}: found {found}, expected {expected} with --compare")


def _tables(points: list[dict[str, Any]], library: str | None) -> list[str]:
    tables = [_cost_table(points)]
    if library is not None:
        tables.append(_storage_table(points))
    if points[0]["bridge"]["per_evaluation_j"] is not None:
        tables.append(_energy_table(points))
    return [f"{points[0]['neurons']} neurons; {library or 'no library: transistors'}", *tables]


def _sides(points: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{point['fan_in']}, {name}", point[name])
        for point in points
        for name in ("bridge", "digital")
    ]


def _cost_table(points: list[dict[str, Any]]) -> str:
    rows = [
        (
            title,
            side["cells"],
            side["flip_flops"],
            _number(side["area"] if side["area"] is not None else side["transistors"], ".0f"),
            side["depth"],
            _number(side["fmax_hz"] and side["fmax_hz"] / 1e6, ".0f"),
            f"{side['cycles_per_neuron']:.2f}",
        )
        for title, side in _sides(points)
    ]
    area = "area" if points[0]["bridge"]["area"] is not None else "transistors"
    titles = ("logic", "cells", "flip-flops", area, "depth", "MHz", "cycles per neuron")
    return table(titles, rows)


def _storage_table(points: list[dict[str, Any]]) -> str:
    rows = [
        (
            f"{point['fan_in']}, digital",
            point["digital"]["storage"]["bits"],
            _number(point["digital"]["storage"]["flip_flops_area"], ".0f"),
            _number(point["digital"]["storage"]["sram_cells_area_um2"], ".0f"),
        )
        for point in points
    ]
    return table(("weights, in addition", "bits", "area, flip-flops", "um^2, SRAM cells"), rows)


def _energy_table(points: list[dict[str, Any]]) -> str:
    rows = []
    for title, side in _sides(points):
        joules = side["per_evaluation_j"]
        own = joules.get("array", joules.get("memory"))
        figures = (joules["logic"], joules["gated_clock"], joules["clock"], own)
        rows.append((title, *(f"{figure * 1e12:.1f}" for figure in figures)))
    titles = ("pJ per neuron, 130 nm", "logic", "clock, gated", "clock", "array or memory")
    return table(titles, rows)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
