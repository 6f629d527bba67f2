"""What ``popbridge run`` says of energy."""

from __future__ import annotations

import argparse
from typing import Any, TextIO

from ..behav.energy.layer import CAUSES, mean_bridge_siemens, network_energy, peak_evaluation_j
from ..behav.parameters.energy import ENERGY, EnergyParameters
from ..sim.job import Job
from ..sim.outcome import Outcome
from ..study.presets import find_energy
from .show.output import table


def add_energy_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--energy``."""
    parser.add_argument(
        "--energy", default="130nm", metavar="NAME",
        help=f"energy of the circuits: {', '.join(ENERGY)} or a TOML file",
    )  # fmt: skip


def selected_energy(arguments: argparse.Namespace) -> EnergyParameters:
    """The energy parameters of the command line."""
    return find_energy(arguments.energy)


def energy_of_run(
    name: str, parameters: EnergyParameters, job: Job, outcome: Outcome
) -> dict[str, Any]:
    """The field ``energy`` of ``run --json``, from the inputs that the arrays really had.

    ``tops_per_w`` counts 2 operations per column in ``peak`` (a full macro), and 2 per input and
    neuron in ``average``: bias columns cost energy and do not count.
    """
    config, chip = job.config, job.parameters
    layers = network_energy(config, job.weights, outcome.inputs, chip, parameters, job.chip)
    images_j = sum(layer.per_image_j for layer in layers)
    evaluations = sum(layer.evaluations for layer in layers)
    first = config.layers[0]
    siemens = mean_bridge_siemens(first, job.weights[0], chip, parameters, job.chip, 0)
    peak_j = sum(peak_evaluation_j(first.macro, chip, parameters, siemens).values())
    operations = sum(layer.operations for layer in layers)
    return {
        "preset": name,
        "per_image_j": images_j,
        "per_evaluation_j": {
            cause: sum(layer.causes_j[cause] for layer in layers) / evaluations for cause in CAUSES
        },
        "layers": [
            {
                "name": layer.name,
                "per_image_j": layer.per_image_j,
                "per_evaluation_j": {
                    cause: joules / layer.evaluations for cause, joules in layer.causes_j.items()
                },
            }
            for layer in layers
        ],
        "tops_per_w": {
            "peak": _tera_per_joule(2 * first.macro.columns, peak_j),
            "average": _tera_per_joule(operations, images_j),
        },
    }


def _tera_per_joule(operations: int, joules: float) -> float:
    return operations / joules / 1e12


def print_energy(energy: dict[str, Any], out: TextIO) -> None:
    """Print the field ``energy`` as a table."""
    rows = [
        [layer["name"]]
        + [f"{layer['per_evaluation_j'][cause] * 1e12:.2f}" for cause in CAUSES]
        + [f"{layer['per_image_j'] * 1e9:.2f}"]
        for layer in energy["layers"]
    ]
    titles = ["pJ per row", *(cause.replace("_", " ") for cause in CAUSES), "nJ per image"]
    print(table(titles, rows), file=out)
    tops = energy["tops_per_w"]
    print(
        f"arrays, {energy['preset']}: {energy['per_image_j'] * 1e9:.0f} nJ per image, "
        f"{tops['average']:.1f} TOPS/W (a full macro: {tops['peak']:.1f})\n",
        file=out,
    )
