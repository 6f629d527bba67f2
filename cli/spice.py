"""``popbridge spice``: a row as a netlist, and the model beside ngspice."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from ..behav.draws import LayerKey
from ..behav.parameters.chip import ChipParameters
from ..bnn import software
from ..bnn.images import input_bits
from ..errors import InputError
from ..sim.spice import check as spice_check
from ..sim.spice import netlist as spice
from ..sim.spice import ngspice
from ..sim.spice.row import LayerRows
from .options.selection import (
    add_chip_options,
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

QUANTITIES = {
    "sl_error_v": "V_SL after evaluate",
    "line_error_counts": "V_P, V_N after evaluate",
    "crossing_error": "time at which SL crosses",
    "bridge_energy_error": "energy of bridges and SL",
    "capacitor_energy_error": "energy of capacitors",
    "decisions_differing": "decisions that differ",
}


def add_parser(commands: Any) -> None:
    """Add the subparser ``spice`` to `commands`."""
    parser = commands.add_parser(
        "spice",
        description="Writes the netlist of one row of a sampled chip, runs ngspice where it is "
        "installed and compares. Of inputs of several bits it takes the most significant bit "
        "plane. With --check, random rows of three sizes instead.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_network_options(parser)
    add_chip_options(parser)
    parser.add_argument("--layer", type=int, default=0, metavar="L", help="layer, from 0")
    parser.add_argument("--row", type=int, default=0, metavar="R", help="neuron, from 0")
    parser.add_argument(
        "--columns", type=int, metavar="N", help="drive the first N columns only; without it all"
    )
    parser.add_argument("--image", type=int, default=0, metavar="K", help="test image, from 0")
    parser.add_argument(
        "--models", type=Path, metavar="FILE",
        help=f"transistor models: a file that defines {spice.NMOS} and {spice.PMOS}; without it "
        "level-1 models",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path("row.cir"), metavar="PATH", help="the netlist"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="random rows of 23, 127 and 1127 columns; needs minutes",
    )
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write and compare one row, or compare many."""
    require_writable(arguments.json)
    parameters = selected_condition(arguments)
    if arguments.check:
        return _check(arguments, parameters)
    require_writable(arguments.output)
    if arguments.models is not None and not arguments.models.is_file():
        raise InputError(f"--models: found no file {arguments.models}, expected transistor models")
    job, plane = _selected_row(arguments, parameters)
    installed = ngspice.find_ngspice() is not None
    threshold_v = None
    if arguments.models is not None and installed:
        text = spice.inverter_netlist(arguments.models, parameters.bridge.vdd_v)
        threshold_v = float(ngspice.simulate(text)["v(x)"][0])
    text = spice.netlist(job.row, arguments.models, threshold_v)
    write_text(arguments.output, text)
    out = text_stream(arguments.json)
    print(f"{arguments.output}: {job.row.title}, {job.row.columns} columns{plane}", file=out)
    result: dict[str, Any] = {"netlist": str(arguments.output), "columns": job.row.columns}
    result["comparison"] = None
    lines: list[list[str]] = []
    if not installed:
        print(ngspice.MISSING, file=out)
    else:
        found = spice_check.compare_row(job.row, job.model, ngspice.simulate(text))
        result["comparison"] = dataclasses.asdict(found)
        lines = _lines([found])
        print(table(TITLES, lines), file=out)
    write_json(arguments.json, result)
    return _exit_status(lines)


VERDICTS = {True: "pass", False: "FAIL", None: "-"}
TITLES = ("", "columns", "of", "largest difference", "bound", "")


def _lines(rows: list[spice_check.RowComparison]) -> list[list[str]]:
    """A table line for each quantity."""
    cells, crossings = sum(row.cells for row in rows), sum(row.crossings for row in rows)
    of = {"sl_error_v": f"{cells} cells", "crossing_error": f"{crossings} crossings"}
    shown = {"sl_error_v": "{:.2e} V", "line_error_counts": "{:.2%} of a count"}
    shown["decisions_differing"] = "{:.0f}"
    lines = []
    for name, bound in spice_check.BOUNDS.items():
        values = [getattr(row, name) for row in rows]
        worst = sum(values) if name == "decisions_differing" else max(values)
        text, columns = shown.get(name, "{:.2%}"), rows[0].cells
        result = VERDICTS[spice_check.verdict(name, columns, worst)]
        lines.append(
            [
                QUANTITIES[name], str(columns), of.get(name, f"{len(rows)} rows"),
                text.format(worst), text.format(bound), result,
            ]
        )  # fmt: skip
    return lines


def _selected_row(
    arguments: argparse.Namespace, parameters: ChipParameters
) -> tuple[spice_check.RowJob, str]:
    """The row of the command line, and what to say of its inputs."""
    mapped = selected_network(arguments)
    if mapped.config.layers[0].macro.pipelined:
        raise InputError(
            f"--macro: found {arguments.macro}, a pipelined macro, expected one without latches: "
            "the netlist has none"
        )
    if not 0 <= arguments.layer < len(mapped.layers):
        raise InputError(
            f"--layer: found {arguments.layer}, expected 0 to {len(mapped.layers) - 1}"
        )
    if arguments.image < 0:
        raise InputError(f"--image: found {arguments.image}, expected at least 0")
    images = select_images(mapped.network, None, arguments.image + 1, arguments.seed)
    bits = input_bits(images.images[-1:], mapped.network)
    if arguments.layer:
        bits = software.run(mapped.software_view, bits).layer_bits[arguments.layer - 1]
    layer = mapped.layers[arguments.layer]
    # Of inputs of several bits, the most significant plane: the one that weighs most.
    bits = bits >> (layer.config.bits_per_input - 1)
    signs = np.ones(layer.config.fan_in, dtype=np.int8)
    signs[: layer.config.inputs] = 2 * bits[0].astype(np.int8) - 1
    columns = len(signs) if arguments.columns is None else arguments.columns
    rows = LayerRows.of(
        layer.config.replace(bits_per_input=1), layer.weights, parameters,
        LayerKey(arguments.chip, arguments.layer),
    )  # fmt: skip
    inputs = signs[: max(columns, 0)]
    row = rows.circuit(arguments.row, inputs)
    planes = layer.config.bits_per_input
    said = f", the most significant of {planes} bit planes" if planes > 1 else ""
    return spice_check.RowJob(row=row, model=rows.model(arguments.row, inputs)), said


def _check(arguments: argparse.Namespace, parameters: ChipParameters) -> int:
    ngspice.require_ngspice()
    lines: list[list[str]] = []
    for columns, macro, count in spice_check.SIZES:
        jobs = spice_check.random_rows(columns, macro, count, parameters, arguments.seed)
        lines += _lines(spice_check.compare_rows(jobs, progress))
    progress("")
    print(table(TITLES, lines), file=text_stream(arguments.json))
    write_json(arguments.json, {"checks": [dict(zip(FIELDS, line, strict=True)) for line in lines]})
    return _exit_status(lines)


def _exit_status(lines: list[list[str]]) -> int:
    """1 if a bound does not hold, as a failed check of any command."""
    return int(any(line[-1] == VERDICTS[False] for line in lines))


FIELDS = ("quantity", "columns", "of", "largest_difference", "bound", "result")
