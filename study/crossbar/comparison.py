"""Bridge against current-summing crossbar, from the same draws of the same devices.

The claim under test is that the bridge is immune to device variation and voltage drop. Three sweeps
ask: over the spread of the devices, over the wire's resistance, over the fan-in. The bridge keeps
the condition's comparators, inverters and capacitors; the crossbar's currents are compared, and in
the last layer digitised, without error, which is in the crossbar's favour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...behav.parameters.chip import ChipParameters
from ...behav.parameters.devices import LrsLaw
from ...bnn import software
from ...bnn.mapping import MappedNetwork
from ...progress import Progress
from ...sim.job import Job
from ...sim.montecarlo import run_chip
from .network import crossbar_classes, crossbar_layers, driven_signs
from .neurons import SOLVED_INPUTS, ArrayReads, compare_fan_in, read_arrays
from .result import (
    ArrayAccuracy,
    FanInSweep,
    Losses,
    Pair,
    ReadAccuracy,
    References,
    SpreadPoint,
    SpreadSweep,
    WirePoint,
    WireSweep,
)

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
        mapped = self.mapped
        return Job(mapped.config, mapped.weights, parameters, chip, self.seed, self.images)

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


def references(comparison: Comparison, progress: Progress) -> References:
    """Accuracy of the software network, and of both arrays without variation and wires."""
    right = software.run(comparison.mapped.network, comparison.images).classes
    bridge, crossbar = _accuracies(
        comparison, comparison.without_variation(), progress, "no variation"
    )
    return References(
        software=software.accuracy(right, comparison.labels),
        bridge=bridge.accuracy,
        crossbar=crossbar.accuracy,
    )


def spread_sweep(comparison: Comparison, without: References, progress: Progress) -> SpreadSweep:
    """Both arrays over the spread of the devices, and where they have lost of `without`."""
    points = []
    for sigma_ln in comparison.spreads:
        parameters = comparison.with_spread(sigma_ln)
        bridge, crossbar = _accuracies(comparison, parameters, progress, f"spread {sigma_ln:g}")
        points.append(SpreadPoint(sigma_ln=sigma_ln, bridge=bridge, crossbar=crossbar))
    return SpreadSweep(points=tuple(points), loss_at=_losses(comparison.spreads, points, without))


def wire_sweep(comparison: Comparison, without: References, progress: Progress) -> WireSweep:
    """Both arrays over the wire's resistance, and where they have lost of `without`."""
    points = []
    for wire_ohm in comparison.wires_ohm:
        parameters = comparison.with_wire(wire_ohm)
        bridge, crossbar = _accuracies(comparison, parameters, progress, f"wire {wire_ohm:g} ohm")
        read = _read_widest_layer(comparison, parameters)
        points.append(
            WirePoint(
                wire_ohm=wire_ohm,
                bridge=ReadAccuracy(**vars(bridge), read=read.bridge),
                crossbar=ReadAccuracy(**vars(crossbar), read=read.crossbar),
                fast_form=read.fast_form,
            )
        )
    return WireSweep(points=tuple(points), loss_at=_losses(comparison.wires_ohm, points, without))


def fan_in_sweep(comparison: Comparison, progress: Progress) -> FanInSweep:
    """Both arrays under random neurons of every size."""
    macro = comparison.mapped.config.layers[0].macro
    points = []
    for inputs in comparison.fan_ins:
        progress(f"{inputs} inputs")
        points.append(
            compare_fan_in(inputs, macro, comparison.parameters, comparison.chips, comparison.seed)
        )
    return FanInSweep(points=tuple(points))


def _accuracies(
    comparison: Comparison, parameters: ChipParameters, progress: Progress, what: str
) -> tuple[ArrayAccuracy, ArrayAccuracy]:
    """Of bridge and crossbar, from the same chips."""
    bridge, crossbar = [], []
    for chip in comparison.chips:
        progress(f"{what}, chip {chip} of {len(comparison.chips)}")
        job = comparison.job(parameters, chip)
        bridge.append(run_chip(job.layer_chips(), job.config, job.images).classes)
        crossbar.append(crossbar_classes(crossbar_layers(job), job.config, job.images))
    return _of_chips(bridge, comparison.labels), _of_chips(crossbar, comparison.labels)


def _of_chips(classes: Sequence[NDArray[np.int64]], labels: NDArray[Any]) -> ArrayAccuracy:
    values = [software.accuracy(of_chip, labels) for of_chip in classes]
    return ArrayAccuracy(accuracy=float(np.mean(values)), of_chips=tuple(values))


def _read_widest_layer(comparison: Comparison, parameters: ChipParameters) -> ArrayReads:
    """`read_arrays` of the first chip's widest layer, fed as by the software network."""
    drawn_layers = comparison.job(parameters, comparison.chips[0]).drawn_layers
    widest = max(drawn_layers, key=lambda drawn: drawn.config.fan_in)
    first = comparison.images[:SOLVED_INPUTS]
    bits = (first, *software.run(comparison.mapped.network, first).layer_bits)[widest.key.layer]
    return read_arrays(widest, driven_signs(widest.config, bits))


def _losses(
    values: Sequence[float], points: Sequence[Pair[ArrayAccuracy]], without: References
) -> Losses:
    bridge = [point.bridge.accuracy for point in points]
    crossbar = [point.crossbar.accuracy for point in points]
    return Losses(
        bridge=value_at_loss(values, bridge, without.bridge - LOST),
        crossbar=value_at_loss(values, crossbar, without.crossbar - LOST),
    )


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
