"""``popbridge figures``: figures for papers, each as SVG, PNG and CSV."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from ..behav.energy_parameters import ENERGY
from ..behav.params import CONDITIONS
from ..bnn.catalog import find_network, shipped_test_images
from ..bnn.images import input_bits
from ..bnn.mapping import map_network
from ..figures.accuracy import accuracy_tables, draw_accuracy
from ..figures.ber import ber_tables, draw_ber
from ..figures.energy import draw_energy, energy_tables
from ..figures.errors import draw_errors, errors_tables
from ..figures.files import figure_files
from ..figures.look import require_matplotlib
from ..figures.tables import Tables
from ..hdl.config import InputError
from ..sim.cosim import BUILD_FOLDER
from .output import (
    add_json_option,
    progress,
    require_writable,
    text_stream,
    write_bytes,
    write_json,
)

ENERGY_NETWORK = "mnist"
ENERGY_IMAGES = 100
ENERGY_CONDITION = "nominal"
ENERGY_CHIP = 1


def _energy_tables() -> Tables:
    """Energy of the shipped network on a sampled chip, mean of its first test images."""
    network = find_network(ENERGY_NETWORK)
    images = shipped_test_images(network)
    assert images is not None  # they are shipped with it
    bits = input_bits(images.first(ENERGY_IMAGES).images, network)
    return energy_tables(
        map_network(network), bits, CONDITIONS[ENERGY_CONDITION], ENERGY, ENERGY_CHIP
    )


Figure: TypeAlias = tuple[Callable[[], Tables], Callable[[Tables], Any]]
"""What gives a figure's tables, and what draws them."""

COMPUTED: dict[str, Figure] = {
    "ber": (ber_tables, draw_ber),
    "errors": (errors_tables, draw_errors),
    "energy": (_energy_tables, draw_energy),
}
"""Figures that need nothing but the package."""

NAMES = (*COMPUTED, "accuracy")


def add_parser(commands: Any) -> None:
    """Add the subparser ``figures`` to `commands`."""
    parser = commands.add_parser(
        "figures",
        help="figures for papers, with their data",
        description="Draws bit error rates (ber), error probabilities of neurons (errors), the "
        "energy of the shipped network (energy) and, from the results of popbridge accuracy, "
        "accuracies (accuracy), with published points where there are any. Writes each as NAME.svg "
        "and NAME.png, and its data as NAME-*.csv. Needs matplotlib.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--output", type=Path, default=BUILD_FOLDER / "figures", metavar="FOLDER",
        help="where the files go",
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", metavar="NAME",
        help=f"draw these of {', '.join(NAMES)}; without it all whose data are there",
    )  # fmt: skip
    parser.add_argument(
        "--accuracy", type=Path, metavar="PATH",
        help="the file that popbridge accuracy --json wrote, for the figure accuracy",
    )  # fmt: skip
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw and write."""
    figures = _selected(arguments)
    require_writable(arguments.json)
    require_matplotlib("popbridge figures")
    folder = _made_folder(arguments.output, list(figures))
    written: dict[str, list[str]] = {}
    for name, (tables, draw) in figures.items():
        progress(f"drawing {name}")
        files = figure_files(name, tables(), draw)
        for file, content in files.items():
            write_bytes(folder / file, content)
        written[name] = [str(folder / file) for file in files]
    progress("")
    for names in written.values():
        print("\n".join(names), file=text_stream(arguments.json))
    write_json(
        arguments.json,
        {"figures": [{"name": name, "files": files} for name, files in written.items()]},
    )
    return 0


def _selected(arguments: argparse.Namespace) -> dict[str, Figure]:
    """The figures of the command line, in the order of `NAMES`."""
    for name in arguments.only or ():
        if name not in NAMES:
            raise InputError(f"--only: found {name!r}, expected some of: {', '.join(NAMES)}")
    available = dict(COMPUTED)
    if arguments.accuracy is not None:
        tables = _read_accuracy(arguments.accuracy)
        available["accuracy"] = (lambda: tables, draw_accuracy)
    wanted = arguments.only or available
    if "accuracy" in wanted and "accuracy" not in available:
        raise InputError(
            "--only accuracy: found no --accuracy PATH, expected the file that popbridge accuracy "
            "--json wrote"
        )
    return {name: figure for name, figure in available.items() if name in wanted}


def _read_accuracy(path: Path) -> Tables:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        points = result["points"]
    except (ValueError, TypeError, KeyError):
        raise InputError(
            f"{path}: found no field points, expected the file that popbridge accuracy --json wrote"
        ) from None
    try:
        return accuracy_tables(points)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _made_folder(folder: Path, names: list[str]) -> Path:
    """The folder, made if it is not there, after a check that the figures can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: found {error.strerror}, expected a folder") from None
    for name in names:
        require_writable(folder / f"{name}.svg")
    return folder
