"""``popbridge report``: a run's JSON as one page that needs nothing but a browser."""

import argparse
import os
import shlex
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import jinja2
from markupsafe import Markup

from ..errors import InputError
from ..study.run.result import Matrix, RunResult
from .page.figures import Figure, read_figures
from .page.numbers import FILTERS
from .show.output import require_writable, write_text

TEMPLATE = "report.html.j2"
MOST_CLASSES = 40
"""Classes that a confusion matrix is drawn for; a larger one is a carpet."""

DESCRIPTION = (
    "Writes one HTML page, complete in itself, from what popbridge run --json "
    "wrote: accuracy, mapping, cycles and phases, differing bits, confusion matrix, energy."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "result", type=Path, metavar="RUN.json", help="what popbridge run --json wrote"
    )
    parser.add_argument(
        "--output", type=Path, metavar="PATH",
        help="the page; without it RUN.html beside RUN.json",
    )  # fmt: skip
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="put every .svg of this folder on the page"
    )


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Read, check, write."""
    source: Path = arguments.result
    result = RunResult.from_json(source)
    output: Path = arguments.output or source.with_suffix(".html")
    if os.path.realpath(output) == os.path.realpath(source):
        raise InputError(f"--output: found {output}, the input, expected another file")
    require_writable(output)
    figures = [] if arguments.figures is None else read_figures(arguments.figures)
    write_text(output, page(result, figures))
    print(output, file=out)
    names = [figure.name for figure in figures]
    return {"page": str(output), "figures": names}, 0


def page(result: RunResult, figures: list[Figure]) -> str:
    """The page, with the figures at its end.

    It is HTML without scripts; its policy forbids a browser to load anything.
    """
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(_packaged),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {**FILTERS, "shell": shlex.join}
    return environment.get_template(TEMPLATE).render(
        run=result,
        notices=notices(result),
        confusion=heat_map(result.confusion.hardware),
        figures=[(figure.name, Markup(figure.svg)) for figure in figures],
    )


def _packaged(name: str) -> str:
    return (resources.files(f"{__package__}.page") / name).read_text(encoding="utf-8")


class Cell(NamedTuple):
    """One cell of a confusion matrix."""

    images: int
    right: bool
    heat: float
    """How strongly it is coloured, 0 to 1."""


def notices(result: RunResult) -> list[str]:
    """What a reader must not miss, a sentence each."""
    nanoseconds: Callable[[float], str] = FILTERS["nanoseconds"]
    found = [f"Warning: {doubt}." for doubt in result.warnings]
    intervals = (
        ("from image to image", result.cycles_per_image),
        ("latency", result.latency_cycles),
    )
    for what, cycles in intervals:
        if cycles.measured not in (None, cycles.declared):
            found.append(f"Cycles, {what}: {cycles.measured} measured, not as declared.")
    for layer in result.layers:
        found += [
            f"{layer.name}, {phase.phase}: too short by {nanoseconds(-phase.margin_s)} ns for this "
            "chip."
            for phase in layer.timing
            if phase.margin_s < 0
        ]
        if layer.saturated:
            found.append(
                f"{layer.name}: {layer.saturated} thresholds are beyond the reach of their bias "
                "columns."
            )
    if result.unresolved:
        found.append(f"{result.unresolved} comparator decisions were left unresolved.")
    return found


def heat_map(matrix: Matrix | None) -> list[list[Cell]] | None:
    """The cells of a confusion matrix with how strongly each is coloured.

    A right cell is coloured by its share of the row; a wrong one relative to the largest wrong
    cell, so that a few confusions among many images show. None if there is no matrix, or one
    too large to look at.
    """
    if matrix is None or len(matrix) > MOST_CLASSES:
        return None
    wrong = [
        images for true, row in enumerate(matrix) for given, images in enumerate(row)
        if given != true
    ]  # fmt: skip
    most_wrong = max(wrong, default=0)
    return [
        [
            Cell(
                images=images,
                right=given == true,
                heat=images / (sum(row) if given == true else most_wrong) if images else 0.0,
            )
            for given, images in enumerate(row)
        ]
        for true, row in enumerate(matrix)
    ]
