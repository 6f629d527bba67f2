"""Bridge against current-summing crossbar, from the same draws of the same devices.

The claim under test is that the bridge is immune to device variation and voltage drop. Three sweeps
ask: over the spread of the devices, over the wire's resistance, over the fan-in. The bridge keeps
the condition's comparators, inverters and capacitors; the crossbar's currents are compared, and in
the last layer digitised, without error, which is in the crossbar's favour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...behav.parameters.chip import ChipParameters
from ...behav.parameters.devices import LrsLaw
from ...bnn import software
from ...bnn.mapping import MappedNetwork
from ...sim.job import Job
from ...sim.montecarlo import run_chip
from .network import crossbar_classes, crossbar_layers, driven_signs
from .neurons import SOLVED_INPUTS, compare_fan_in, read_arrays

ARRAYS = ("bridge", "crossbar")
LOST = 0.01
"""Accuracy, below that without variation and wires, at which an array counts as failing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """What is compared."""

    mapped: MappedNetwork
    parameters: ChipParameters
    """The condition. Its wire per cell of a bit line is also that of the crossbar's lines."""
    images: NDArray[np.uint8]
    """(K, N) input bits."""
    labels: NDArray[Any]
    """(K,): the classes that count as right."""
    chips: tuple[int, ...]
    """Keys of the draws."""
    seed: int
    """Key of the comparators' noise, of random weights and inputs."""
    spreads: tuple[float, ...]
    """Of ln R in both states, rising."""
    wires_ohm: tuple[float, ...]
    """Per cell, rising."""
    fan_ins: tuple[int, ...]
    """Inputs of random neurons."""

    def job(self, parameters: ChipParameters, chip: int) -> Job:
        """The network on one chip of a condition."""
        weights = tuple(layer.weights for layer in self.mapped.layers)
        return Job(self.mapped.config, weights, parameters, chip, self.seed, self.images)

    def without_wire(self) -> ChipParameters:
        """The condition with lines of no resistance."""
        bridge = self.parameters.bridge.replace(bitline_wire_ohm=0.0)
        return self.parameters.replace(bridge=bridge)

    def without_variation(self) -> ChipParameters:
        """The condition with equal devices and lines of no resistance."""
        devices = self.parameters.devices.without_variation()
        return self.without_wire().replace(devices=devices)

    def with_spread(self, sigma_ln: float) -> ChipParameters:
        """Both states log-normal with this spread, lines of no resistance."""
        devices = self.parameters.devices.replace(
            lrs_law=LrsLaw.LOG_NORMAL, lrs_sigma_ln=sigma_ln, hrs_sigma_ln=sigma_ln
        )
        return self.without_wire().replace(devices=devices)

    def with_wire(self, wire_ohm: float) -> ChipParameters:
        """The condition with this wire per cell."""
        bridge = self.parameters.bridge.replace(bitline_wire_ohm=wire_ohm)
        return self.parameters.replace(bridge=bridge)


def compare(comparison: Comparison, report: Callable[[str], None]) -> dict[str, Any]:
    """All three sweeps.

    Parameters
    ----------
    comparison : Comparison
    report : callable
        Told what is going on.

    Returns
    -------
    dict
        ``reference``: accuracy of the software network and of both arrays without variation and
        wires. ``spread``, ``wire``, ``fan_in``: each ``points``, one per swept value, and the first
        two ``loss_at``, see `value_at_loss`. Accuracies are means over the chips. docs/crossbar.md
        describes every field.
    """
    right = software.run(comparison.mapped.network, comparison.images).classes
    plain = _accuracies(comparison, comparison.without_variation(), report, "no variation")
    references = {array: plain[array]["accuracy"] for array in ARRAYS}
    spreads = [_spread_point(comparison, sigma_ln, report) for sigma_ln in comparison.spreads]
    wires = [_wire_point(comparison, wire_ohm, report) for wire_ohm in comparison.wires_ohm]
    return {
        "reference": {"software": software.accuracy(right, comparison.labels), **references},
        "spread": {"points": spreads, "loss_at": _losses("sigma_ln", spreads, references)},
        "wire": {"points": wires, "loss_at": _losses("wire_ohm", wires, references)},
        "fan_in": {"points": _fan_in_points(comparison, report)},
    }


def _accuracies(
    comparison: Comparison, parameters: ChipParameters, report: Callable[[str], None], what: str
) -> dict[str, dict[str, Any]]:
    """Accuracy of both arrays, of each chip and their mean."""
    found: dict[str, list[float]] = {array: [] for array in ARRAYS}
    for chip in comparison.chips:
        report(f"{what}, chip {chip} of {len(comparison.chips)}")
        job = comparison.job(parameters, chip)
        classes = {
            "bridge": run_chip(job.layer_chips(), job.config, job.images).classes,
            "crossbar": crossbar_classes(crossbar_layers(job), job.config, job.images),
        }
        for array in ARRAYS:
            found[array].append(software.accuracy(classes[array], comparison.labels))
    return {
        array: {"accuracy": float(np.mean(values)), "of_chips": values}
        for array, values in found.items()
    }


def _spread_point(
    comparison: Comparison, sigma_ln: float, report: Callable[[str], None]
) -> dict[str, Any]:
    parameters = comparison.with_spread(sigma_ln)
    accuracies = _accuracies(comparison, parameters, report, f"spread {sigma_ln:g}")
    return {"sigma_ln": sigma_ln, **accuracies}


def _wire_point(
    comparison: Comparison, wire_ohm: float, report: Callable[[str], None]
) -> dict[str, Any]:
    parameters = comparison.with_wire(wire_ohm)
    accuracies = _accuracies(comparison, parameters, report, f"wire {wire_ohm:g} ohm")
    read = _read_widest_layer(comparison, parameters)
    arrays = {array: {**accuracies[array], **read[array]} for array in ARRAYS}
    return {"wire_ohm": wire_ohm, **arrays, "fast_form": read["fast_form"]}


def _read_widest_layer(
    comparison: Comparison, parameters: ChipParameters
) -> dict[str, dict[str, Any]]:
    """`read_arrays` of the first chip's widest layer, fed as by the software network."""
    drawn_layers = comparison.job(parameters, comparison.chips[0]).drawn_layers
    widest = max(drawn_layers, key=lambda drawn: drawn.config.fan_in)
    first = comparison.images[:SOLVED_INPUTS]
    bits = (first, *software.run(comparison.mapped.network, first).layer_bits)[widest.key.layer]
    return read_arrays(widest, driven_signs(widest.config, bits))


def _fan_in_points(comparison: Comparison, report: Callable[[str], None]) -> list[dict[str, Any]]:
    macro = comparison.mapped.config.layers[0].macro
    points = []
    for inputs in comparison.fan_ins:
        report(f"{inputs} inputs")
        points.append(
            compare_fan_in(inputs, macro, comparison.parameters, comparison.chips, comparison.seed)
        )
    return points


def _losses(
    name: str, points: Sequence[dict[str, Any]], references: dict[str, float]
) -> dict[str, float | None]:
    values = [point[name] for point in points]
    return {
        array: value_at_loss(
            values, [point[array]["accuracy"] for point in points], references[array] - LOST
        )
        for array in ARRAYS
    }


def value_at_loss(
    values: Sequence[float], accuracies: Sequence[float], least: float
) -> float | None:
    """The value at which accuracy first falls below `least`, linear between the swept ones.

    The first value if accuracy is below from there on; None if it never is.
    """
    below = [accuracy < least for accuracy in accuracies]
    if not any(below):
        return None
    at = below.index(True)
    if at == 0:
        return values[0]
    part = (accuracies[at - 1] - least) / (accuracies[at - 1] - accuracies[at])
    return values[at - 1] + part * (values[at] - values[at - 1])
