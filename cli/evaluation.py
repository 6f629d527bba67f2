"""A co-simulation held against the software network: what ``popbridge run`` reports."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..behav.margins import layer_margins
from ..bnn import software
from ..bnn.images import ImageSet
from ..bnn.mapping import MappedNetwork
from ..bnn.network import Network
from ..sim.job import Job, Outcome
from ..sim.verdict import HardwareFault


def evaluate(mapped: MappedNetwork, job: Job, outcome: Outcome, images: ImageSet) -> dict[str, Any]:
    """A co-simulation beside the software network: that part of the result of ``run --json``.

    Raises
    ------
    HardwareFault
        The chip is ideal, and a neuron differs from what an ideal array computes.
    """
    differing = bits_differing(mapped.network, job, outcome)
    if job.chip is None:
        wrong = bits_differing(mapped.software_view, job, outcome)
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
        "layers": [
            {
                "name": layer.name,
                "fan_in": layer.fan_in,
                "bias_columns": layer.bias_columns,
                "neurons": layer.neurons,
                "macros": layer.macros,
                "evaluations": layer.neurons * count,
                "bits_differing": differing[index],
                "saturated": mapped.layers[index].saturated,
                "bit_error_rate": outcome.bit_error_rates[index],
                "cycles": {
                    "declared": layer.scan_cycles,
                    "measured": outcome.scans[index].longest,
                },
                "timing": _timing(job, outcome, index),
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


def bits_differing(network: Network, job: Job, outcome: Outcome) -> list[int]:
    """Per layer, the neuron outputs that differ from the software's for the same inputs.

    Outputs are bits in the hidden layers, scores in the last one.
    """
    *hidden, last = zip(network.layers, outcome.inputs, outcome.answers, strict=True)
    counts = [
        int((software.layer_outputs(layer, inputs) != answers).sum())
        for layer, inputs, answers in hidden
    ]
    scores = software.layer_scores(last[0], last[1])
    return [*counts, int((scores != outcome.results[:, 1:]).sum())]


def _accuracy(classes: np.ndarray, images: ImageSet) -> float | None:
    return None if images.labels is None else software.accuracy(classes, images.labels)
