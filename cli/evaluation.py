"""A co-simulation held against the software network: what ``popbridge run`` reports."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..behav.chip.margins import layer_margins
from ..bnn import software
from ..bnn.images import ImageSet
from ..bnn.mapping import MappedNetwork
from ..bnn.network import DenseLayer, Network
from ..errors import HardwareFault
from ..hdl.config import LayerConfig, Readout
from ..sim.job import Job
from ..sim.outcome import Outcome

WORST_NEURONS = 5
"""Neurons named per layer."""


def evaluate(mapped: MappedNetwork, job: Job, outcome: Outcome, images: ImageSet) -> dict[str, Any]:
    """A co-simulation beside the software network: that part of the result of ``run --json``.

    Raises
    ------
    HardwareFault
        The chip is ideal, and a neuron differs from what an ideal array computes.
    """
    differing = neurons_differing(mapped.network, outcome)
    if job.chip is None:
        against_view = neurons_differing(mapped.software_view, outcome)
        wrong = [int(counts.sum()) for counts in against_view]
        if any(wrong):
            raise HardwareFault(
                f"ideal chip: {wrong} neuron outputs per layer differ from the software network's"
            )
    reference = software.run(mapped.network, job.images)
    config = job.config
    neurons = sum(layer.neurons for layer in config.layers)
    count = len(job.images)
    several = count > 1
    return {
        "accuracy": {
            "software": _accuracy(reference.classes, images),
            "hardware": _accuracy(outcome.results[:, 0], images),
        },
        "confusion": {
            "software": confusion_matrix(reference.classes, images, config.classes),
            "hardware": confusion_matrix(outcome.results[:, 0], images, config.classes),
        },
        "geometry": config.layers[0].macro.to_dict(),
        "layers": [
            {
                "name": layer.name,
                "fan_in": layer.fan_in,
                "bias_columns": layer.bias_columns,
                "neurons": layer.neurons,
                "macros": layer.macros,
                "arrays": layer.arrays,
                "evaluations": layer.neurons * count,
                "bits_differing": int(differing[index].sum()),
                "saturated": mapped.layers[index].saturated,
                "bit_error_rate": outcome.bit_error_rates[index],
                "cycles": {
                    "declared": layer.scan_cycles,
                    "measured": outcome.scans[index].longest,
                },
                "row_speed": _row_speed(layer, outcome.scans[index].longest),
                "timing": _timing(job, outcome, index),
                "mapping": _mapping(layer),
                "worst_neurons": _worst_neurons(mapped, outcome, index, differing[index]),
            }
            for index, layer in enumerate(config.layers)
        ],
        "cycles_per_image": {
            "declared": config.interval,
            "measured": outcome.result_interval.longest if several else None,
        },
        "latency_cycles": {
            "declared": config.latency,
            "measured": outcome.image_latency.longest,
        },
        "unresolved": outcome.unresolved,
        "speed": {
            "images_per_s": count / outcome.seconds,
            "evaluations_per_s": count * neurons / outcome.seconds,
        },
    }


def _timing(job: Job, outcome: Outcome, index: int) -> list[dict[str, Any]]:
    """Times that the phases of a layer have, need and spare, s.

    What an ideal chip needs is not known: it has no resistances.
    """
    if job.chip is None:
        return []
    slowest_s = outcome.slowest_settling_s[index]
    return [
        {**phase._asdict(), "margin_s": phase.margin_s}
        for phase in layer_margins(job.config.layers[index], job.parameters, slowest_s)
    ]


def _row_speed(layer: LayerConfig, scan_cycles: int) -> dict[str, Any]:
    """How fast a layer's rows follow each other, all its macros together.

    Busy is the share of a scan, in slots of a row's cycles, in which a row is evaluated: as the
    configuration declares it, and of the cycles that the scan took.
    """
    row_us = layer.row_cycles * layer.macro.timing.clock_period_s * 1e6
    return {
        "row_cycles": layer.row_cycles,
        "evaluations_per_us": layer.macros / row_us,
        "strobe_slots_busy": {
            "declared": layer.strobe_slots_busy,
            "measured": layer.rows_used * layer.row_cycles / scan_cycles,
        },
    }


def _mapping(layer: LayerConfig) -> dict[str, Any]:
    """What a layer occupies of its macros; the shares are fractions.

    A slot is a word-line step of one macro; a cell in use belongs to a neuron and to one of its
    columns.
    """
    cells = layer.macros * layer.macro.rows * layer.line_columns
    return {
        "inputs": layer.inputs,
        "bits_per_input": layer.bits_per_input,
        "readout": layer.readout.value,
        "rows_used": layer.rows_used,
        "columns_used": layer.fan_in,
        "slot_use": layer.neurons / (layer.macros * layer.rows_used),
        "cell_use": layer.neurons * layer.fan_in / cells,
    }


def neurons_differing(network: Network, outcome: Outcome) -> list[NDArray[np.int64]]:
    """Per layer (M,), outputs at the arrays that differ from a software network's."""
    scores = outcome.results[:, 1:]
    return software.neurons_differing(network, outcome.inputs, outcome.answers, scores)


def _worst_neurons(
    mapped: MappedNetwork, outcome: Outcome, index: int, differing: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """The neurons of a layer that differ most often, worst first, and where they are."""
    layer = mapped.layers[index].config
    order = np.argsort(-differing, kind="stable")[:WORST_NEURONS]
    worst = order[differing[order] > 0]
    surplus = _mean_surplus(mapped, outcome, index, worst)
    return [
        {
            "neuron": int(neuron),
            "macro": int(neuron) // layer.rows_used,
            "row": int(neuron) % layer.rows_used,
            "differing": int(differing[neuron]),
            "mean_surplus": surplus[place],
        }
        for place, neuron in enumerate(worst)
    ]


def _mean_surplus(
    mapped: MappedNetwork, outcome: Outcome, index: int, neurons: NDArray[np.intp]
) -> list[float | None]:
    """Popcount surplus d = (|2m - n| - 1) / 2 of an ideal array, mean over the images: the
    columns that a neuron has in hand. None where a count is read, not a sign."""
    layer = mapped.layers[index]
    if layer.config.readout is Readout.COUNT or len(neurons) == 0:
        return [None] * len(neurons)
    inputs = layer.weights[neurons, : layer.config.inputs]
    rows = DenseLayer(inputs, thresholds=np.zeros(len(neurons), np.int32))
    scores = software.layer_sums(rows, outcome.inputs[index]) + layer.bias_sums[neurons]
    return ((np.abs(scores) - 1) / 2).mean(axis=0).tolist()


def confusion_matrix(
    classes: NDArray[np.integer], images: ImageSet, count: int
) -> list[list[int]] | None:
    """Images by true class (rows) and given class (columns); None without labels.

    An image whose label is none of the `count` classes is left out.
    """
    if images.labels is None:
        return None
    known = images.labels < count
    cells = np.bincount(images.labels[known] * count + classes[known], minlength=count**2)
    return cells.reshape(count, count).tolist()


def _accuracy(classes: np.ndarray, images: ImageSet) -> float | None:
    return None if images.labels is None else software.accuracy(classes, images.labels)
