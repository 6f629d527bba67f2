"""``popbridge run``: real images through the generated hardware and a chip's physics."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from ..bnn.catalog import shipped_test_images
from ..bnn.images import ImageSet, input_bits, random_images, read_images
from ..bnn.mapping import MappedNetwork, mapping_table
from ..bnn.network import Network
from ..errors import InputError
from ..sim.cosim import SIMULATORS, simulate, simulator_versions
from ..sim.job import Job
from .calibration import calibration_of_run, print_calibration
from .energy import add_energy_option, energy_of_run, print_energy, selected_energy
from .evaluation import evaluate
from .options.probes import add_waves_options, selected_probes
from .options.selection import (
    add_chip_options,
    add_network_options,
    selected_condition,
    selected_network,
)
from .output import (
    add_cache_option,
    add_json_option,
    progress,
    require_writable,
    table,
    text_stream,
    write_json,
)
from .programming import (
    add_programming_options,
    print_programming,
    programming_of_run,
    require_programmable,
)

DEFAULT_IMAGES = 100
FLAGS = ("strict", "netlist", "calibrate", "program", "self_test")
LARGEST_RANDOM_BYTES = 2**30
"""Of all random images together."""


def add_parser(commands: Any) -> None:
    """Add the subparser ``run`` to `commands`."""
    parser = commands.add_parser(
        "run",
        description="Simulates the network's generated hardware with a chip's physics at its array "
        "pins, checks every bit and every cycle, and compares with the software network.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_network_options(parser)
    add_chip_options(parser)
    add_energy_option(parser)
    parser.add_argument(
        "--data", type=Path, metavar="PATH",
        help="images: an .npz file or a folder of IDX files; without it the shipped test images "
        "where they fit, else random ones",
    )  # fmt: skip
    parser.add_argument(
        "--images", type=int, metavar="N",
        help=f"how many images, from the first; without it {DEFAULT_IMAGES}, or all if fewer",
    )  # fmt: skip
    parser.add_argument("--sim", choices=SIMULATORS, default="verilator", help="the simulator")
    parser.add_argument(
        "--strict", action="store_true",
        help="answer every strobe from the arrays' pins alone: slow; pysim always does",
    )  # fmt: skip
    parser.add_argument(
        "--netlist", action="store_true",
        help="simulate the gates that Yosys makes of the hardware instead of its SystemVerilog; "
        "needs the extra `synth`, and not pysim",
    )  # fmt: skip
    parser.add_argument(
        "--calibrate", action="store_true",
        help="have the hardware cancel its comparators' offsets before the images; needs a macro "
        "with trim_bits, as the preset `trimmed`",
    )  # fmt: skip
    add_programming_options(parser)
    add_waves_options(parser)
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the job and report."""
    require_writable(arguments.json)
    require_writable(arguments.waves)
    versions = simulator_versions(arguments.sim, netlist=arguments.netlist)
    energy = selected_energy(arguments)
    mapped = selected_network(arguments)
    require_programmable(arguments, mapped.config)
    probes = selected_probes(arguments, mapped.config)
    images = select_images(mapped.network, arguments.data, arguments.images, arguments.seed)
    job = dataclasses.replace(
        make_job(arguments, mapped, images, calibrate=arguments.calibrate),
        program=arguments.program,
        self_test=arguments.self_test,
    )
    out = text_stream(arguments.json)
    print(mapping_table(mapped), file=out)
    if mapped.saturated:
        print(
            f"{mapped.saturated} thresholds are beyond the reach of their bias columns: those "
            "neurons differ from the software network's even on an ideal chip",
            file=out,
        )
    outcome = simulate(
        job,
        simulator=arguments.sim,
        strict=arguments.strict,
        netlist=arguments.netlist,
        waves=arguments.waves,
        probes=probes,
        report=progress,
    )
    progress("")
    result = {
        "network": mapped.network.name,
        "images": len(images),
        "data": images.source,
        "chip": "ideal" if arguments.chip is None else arguments.chip,
        # An ideal chip has no devices for a condition to act on.
        "condition": None if arguments.chip is None else arguments.condition,
        "macro": arguments.macro,
        "simulator": arguments.sim,
        "strict": arguments.strict or arguments.sim == "pysim",
        "netlist": arguments.netlist,
        "calibration": calibration_of_run(job, outcome),
        **programming_of_run(job, outcome),
        **evaluate(mapped, job, outcome, images),
        "energy": energy_of_run(arguments.energy, energy, job, outcome),
        "seed": arguments.seed,
        "versions": versions,
        "command": repeat_command(arguments, len(images)),
    }
    print_report(result, out)
    write_json(arguments.json, result)
    return 0


def repeat_command(arguments: argparse.Namespace, images: int) -> list[str]:
    """The words of the command that gives the same result: every choice, defaults too."""
    words = ["popbridge", "run", arguments.network]
    for name in ("macro", "chip", "condition", "seed", "energy", "data", "sim"):
        value = getattr(arguments, name)
        if value is not None:
            words += [f"--{name}", str(value)]
        elif name == "chip":
            words += ["--chip", "ideal"]
    chosen = [f"--{name.replace('_', '-')}" for name in FLAGS if getattr(arguments, name)]
    return [*words, "--images", str(images), *chosen]


def make_job(
    arguments: argparse.Namespace,
    mapped: MappedNetwork,
    images: ImageSet,
    *,
    calibrate: bool = False,
) -> Job:
    """The co-simulation that the command line asks for."""
    return Job(
        config=mapped.config,
        weights=tuple(layer.weights for layer in mapped.layers),
        parameters=selected_condition(arguments),
        chip=arguments.chip,
        seed=arguments.seed,
        images=input_bits(images.images, mapped.network),
        calibrate=calibrate,
    )


def select_images(
    network: Network,
    data: Path | None,
    count: int | None,
    seed: int,
    default: int | None = DEFAULT_IMAGES,
) -> ImageSet:
    """The first `count` images of `data`, or of what stands in for it.

    Without a count, `default` images, or all if fewer; all with None.
    """
    if count is not None and count < 1:
        raise InputError(f"--images: found {count}, expected at least 1")
    if data is not None:
        images: ImageSet | None = read_images(data, network.input_shape)
    else:
        images = shipped_test_images(network)
    if images is None:
        most = max(1, LARGEST_RANDOM_BYTES // network.inputs)
        if count is not None and count > most:
            raise InputError(f"--images: found {count}, expected at most {most} random images")
        return random_images(
            count or min(default or DEFAULT_IMAGES, most), network.input_shape, seed
        )
    if count is not None and count > len(images):
        raise InputError(f"--images: found {count}, expected at most {len(images)}, all there are")
    return images.first(count or min(default or len(images), len(images)))


def print_report(result: dict[str, Any], out: TextIO) -> None:
    """Print the tables of a result."""
    rows = [
        [
            layer["name"], layer["evaluations"], layer["bits_differing"],
            f"{layer['bits_differing'] / layer['evaluations']:.3%}",
            layer["cycles"]["declared"], layer["cycles"]["measured"],
        ]
        for layer in result["layers"]
    ]  # fmt: skip
    for title, name in (("image, one", "latency_cycles"), ("image, each", "cycles_per_image")):
        measured = result[name]["measured"]
        shown = "-" if measured is None else measured
        rows.append([title, "", "", "", result[name]["declared"], shown])
    titles = ["", "evaluations", "differing", "share", "cycles declared", "measured"]
    print(f"\n{table(titles, rows)}\n", file=out)
    _print_row_speed(result["layers"], out)
    print_calibration(result["calibration"], out)
    if "programming" in result:
        print_programming(result["programming"], result["programming_errors"], out)
    _print_timing(result["layers"], out)
    print_energy(result["energy"], out)
    accuracy = result["accuracy"]
    chip = "ideal chip" if result["chip"] == "ideal" else f"chip {result['chip']}"
    condition = "" if result["condition"] is None else f", condition {result['condition']}"
    where = f"{chip}{condition}, seed {result['seed']}"
    simulated = f"netlist in {result['simulator']}" if result["netlist"] else result["simulator"]
    print(f"{result['images']} images of {result['data']}, {where}, {simulated}", file=out)
    if accuracy["software"] is None:
        print("accuracy: not known, the images have no labels", file=out)
    else:
        print(
            f"accuracy: hardware {accuracy['hardware']:.2%}, software {accuracy['software']:.2%}",
            file=out,
        )
    speed = result["speed"]
    print(
        f"simulated {speed['images_per_s']:.0f} images/s, "
        f"{speed['evaluations_per_s']:,.0f} neuron evaluations/s",
        file=out,
    )


def _print_row_speed(layers: Sequence[dict[str, Any]], out: TextIO) -> None:
    """Print how fast each layer's rows follow each other, all its macros together."""
    rows = [
        [
            layer["name"], speed["row_cycles"], f"{speed['evaluations_per_us']:.1f}",
            *(f"{speed['strobe_slots_busy'][how]:.1%}" for how in ("declared", "measured")),
        ]
        for layer in layers
        for speed in [layer["row_speed"]]
    ]  # fmt: skip
    titles = ["", "cycles per row", "evaluations/us", "strobe slots busy: declared", "measured"]
    print(f"{table(titles, rows)}\n", file=out)


def _print_timing(layers: Sequence[dict[str, Any]], out: TextIO) -> None:
    """Print each layer's phases in ns, and which of them are too short for this chip."""
    phases = [(layer, phase) for layer in layers for phase in layer["timing"]]
    if not phases:
        return
    rows = [
        [
            layer["name"], f"{layer['bit_error_rate']:.3%}", phase["phase"],
            *(f"{phase[name] * 1e9:.2f}" for name in ("configured_s", "needed_s", "margin_s")),
        ]
        for layer, phase in phases
    ]  # fmt: skip
    titles = ["", "bit errors", "phase, ns", "configured", "needed", "margin"]
    print(f"{table(titles, rows)}\n", file=out)
    for layer, phase in phases:
        if phase["margin_s"] < 0:
            print(
                f"too short: {layer['name']}, {phase['phase']}: this chip needs "
                f"{phase['needed_s'] * 1e9:.2f} ns, the configuration gives "
                f"{phase['configured_s'] * 1e9:.2f} ns; the errors that follow are in the result\n",
                file=out,
            )
