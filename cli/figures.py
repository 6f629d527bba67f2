"""``popbridge figures``: figures for papers, each as SVG, PNG and CSV."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from ..errors import InputError
from ..figures.accuracy import accuracy_tables, draw_accuracy
from ..figures.ber import ber_tables, draw_ber
from ..figures.compare import compare_tables, draw_compare
from ..figures.computed import (
    computed_accuracy_tables,
    computed_compare_tables,
    paper_errors_tables,
    shipped_energy_tables,
    shipped_waveform_tables,
)
from ..figures.energy import draw_energy
from ..figures.errors import draw_errors
from ..figures.files import figure_files
from ..figures.look import require_matplotlib
from ..figures.tables import Tables
from ..figures.waveform import draw_waveform
from ..progress import Progress
from ..sim.cosim import BUILD_FOLDER
from ..sim.simulators.verilog import simulator_version
from ..study.accuracy.result import AccuracyResult
from ..study.crossbar.result import CompareResult
from ..whole_file import made_folder
from .show.output import add_cache_option, progress, require_writable, write_bytes

Figure: TypeAlias = tuple[Callable[[Progress], Tables], Callable[[Tables], Any]]
"""What gives a figure's tables, and what draws them."""

FIGURES: dict[str, Figure] = {
    "ber": (lambda progress: ber_tables(), draw_ber),
    "errors": (paper_errors_tables, draw_errors),
    "energy": (shipped_energy_tables, draw_energy),
    "waveform": (shipped_waveform_tables, draw_waveform),
    "compare": (computed_compare_tables, draw_compare),
    "accuracy": (computed_accuracy_tables, draw_accuracy),
}
"""All figures, the quickest first."""

DESCRIPTION = (
    "Draws bit error rates (ber), error probabilities of neurons (errors), the "
    "energy of the shipped network (energy), one evaluation of it in a co-simulation "
    "(waveform), bridge and crossbar (compare) and accuracies (accuracy), with published "
    "points where there are any. Computes what they show, which takes minutes. Writes each as "
    "NAME.svg and NAME.png, and its data as NAME-*.csv. Needs matplotlib."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "--output", type=Path, default=BUILD_FOLDER / "figures", metavar="FOLDER",
        help="where the files go",
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", metavar="NAME",
        help=f"draw these of {', '.join(FIGURES)}; without it all",
    )  # fmt: skip
    for command in ("compare", "accuracy"):
        parser.add_argument(
            f"--{command}", type=Path, metavar="PATH",
            help=f"the file that popbridge {command} --json wrote, to be drawn instead of computed",
        )  # fmt: skip
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Draw and write."""
    names = selected_figures(arguments.only)
    given: dict[str, Tables] = {}
    if arguments.compare is not None:
        given["compare"] = compare_tables(CompareResult.from_json(arguments.compare))
    if arguments.accuracy is not None:
        given["accuracy"] = accuracy_tables(AccuracyResult.from_json(arguments.accuracy))
    require_matplotlib("popbridge figures")
    if "waveform" in names:
        # Missing, it is to be said before the other figures are computed.
        simulator_version("verilator")
    folder = made_folder(arguments.output)
    for name in names:
        require_writable(folder / f"{name}.svg")
    written: list[dict[str, Any]] = []
    for name in names:
        progress(f"drawing {name}")
        tables_of, draw = FIGURES[name]
        files = figure_files(name, given.get(name) or tables_of(progress), draw)
        for file, content in files.items():
            write_bytes(folder / file, content)
        progress("")
        written.append({"name": name, "files": [str(folder / file) for file in files]})
        print("\n".join(written[-1]["files"]), file=out, flush=True)
    return {"figures": written}, 0


def selected_figures(only: Sequence[str] | None) -> list[str]:
    """The names of ``--only``, or all, in the order of `FIGURES`."""
    for name in only or ():
        if name not in FIGURES:
            raise InputError(f"--only: found {name!r}, expected some of: {', '.join(FIGURES)}")
    return [name for name in FIGURES if name in (only or FIGURES)]
