"""A co-simulation held against the software network."""

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.margins import layer_margins
from ...bnn import software
from ...bnn.images import ImageSet, require_labels
from ...bnn.mapping import MappedNetwork
from ...bnn.network import DenseLayer, Network
from ...errors import HardwareFault
from ...hdl.config import LayerConfig, Readout
from ...sim.job import Job
from ...sim.outcome import Outcome
from .layer_result import Cycles, LayerResult, Mapping, Phase, RowSpeed, StrobeSlots, WorstNeuron
from .result import Accuracy, Confusion, Matrix

WORST_NEURONS = 5
"""Neurons named per layer."""


def require_ideal_bits(mapped: MappedNetwork, outcome: Outcome) -> None:
    """Hold an ideal chip to what its arrays compute: not a neuron may differ.

    Raises
    ------
    HardwareFault
        One does.
    """
    wrong = [int(counts.sum()) for counts in neurons_differing(mapped.software_view, outcome)]
    if any(wrong):
        raise HardwareFault(
            f"ideal chip: {wrong} neuron outputs per layer differ from the software network's"
        )


def accuracy_and_confusion(
    mapped: MappedNetwork, job: Job, outcome: Outcome, images: ImageSet
) -> tuple[Accuracy, Confusion]:
    """How the software network and the hardware class the images."""
    software_classes = software.run(mapped.network, job.images).classes
    hardware_classes = outcome.results[:, 0]
    count = job.config.classes
    accuracy = Accuracy(
        software=_accuracy(software_classes, images), hardware=_accuracy(hardware_classes, images)
    )
    confusion = Confusion(
        software=confusion_matrix(software_classes, images, count),
        hardware=confusion_matrix(hardware_classes, images, count),
    )
    return accuracy, confusion


def layer_results(mapped: MappedNetwork, job: Job, outcome: Outcome) -> tuple[LayerResult, ...]:
    """Each layer beside that of the software network."""
    differing = neurons_differing(mapped.network, outcome)
    return tuple(
        LayerResult(
            name=layer.name,
            fan_in=layer.fan_in,
            bias_columns=layer.bias_columns,
            neurons=layer.neurons,
            macros=layer.macros,
            arrays=layer.arrays,
            evaluations=layer.neurons * len(job.images),
            bits_differing=int(differing[index].sum()),
            saturated=mapped.layers[index].saturated,
            bit_error_rate=outcome.bit_error_rates[index],
            cycles=Cycles(declared=layer.scan_cycles, measured=outcome.scans[index].longest),
            row_speed=_row_speed(layer, outcome.scans[index].longest),
            timing=_timing(job, outcome, index),
            mapping=_mapping(layer),
            worst_neurons=_worst_neurons(mapped, outcome, index, differing[index]),
        )
        for index, layer in enumerate(job.config.layers)
    )


def _timing(job: Job, outcome: Outcome, index: int) -> tuple[Phase, ...]:
    """Times that the phases of a layer have, need and spare, s.

    What an ideal chip needs is not known: it has no resistances.
    """
    if job.chip is None:
        return ()
    slowest_s = outcome.slowest_settling_s[index]
    margins = layer_margins(job.config.layers[index], job.parameters, slowest_s)
    return tuple(Phase(**phase._asdict(), margin_s=phase.margin_s) for phase in margins)


def _row_speed(layer: LayerConfig, scan_cycles: int) -> RowSpeed:
    row_us = layer.row_cycles * layer.macro.timing.clock_period_s * 1e6
    return RowSpeed(
        row_cycles=layer.row_cycles,
        evaluations_per_us=layer.macros / row_us,
        strobe_slots_busy=StrobeSlots(
            declared=layer.strobe_slots_busy,
            measured=layer.rows_used * layer.row_cycles / scan_cycles,
        ),
    )


def _mapping(layer: LayerConfig) -> Mapping:
    """What a layer occupies: a slot is a word-line step of one macro."""
    cells = layer.macros * layer.macro.rows * layer.line_columns
    return Mapping(
        inputs=layer.inputs,
        bits_per_input=layer.bits_per_input,
        readout=layer.readout.value,
        rows_used=layer.rows_used,
        columns_used=layer.fan_in,
        slot_use=layer.neurons / (layer.macros * layer.rows_used),
        cell_use=layer.neurons * layer.fan_in / cells,
    )


def neurons_differing(network: Network, outcome: Outcome) -> list[NDArray[np.int64]]:
    """Per layer (M,), outputs at the arrays that differ from a software network's."""
    scores = outcome.results[:, 1:]
    return software.neurons_differing(network, outcome.inputs, outcome.answers, scores)


def _worst_neurons(
    mapped: MappedNetwork, outcome: Outcome, index: int, differing: NDArray[np.int64]
) -> tuple[WorstNeuron, ...]:
    """The neurons of a layer that differ most often, worst first, and where they are."""
    layer = mapped.layers[index].config
    order = np.argsort(-differing, kind="stable")[:WORST_NEURONS]
    worst = order[differing[order] > 0]
    surplus = _mean_surplus(mapped, outcome, index, worst)
    rows = np.arange(layer.neurons) % layer.rows_used
    if outcome.programming:
        # Programming moves rows that it cannot repair to spare ones.
        rows = np.array(outcome.programming[index]["word_lines"])
    return tuple(
        WorstNeuron(
            neuron=int(neuron),
            macro=int(neuron) // layer.rows_used,
            row=int(rows[neuron]),
            differing=int(differing[neuron]),
            mean_surplus=surplus[place],
        )
        for place, neuron in enumerate(worst)
    )


def _mean_surplus(
    mapped: MappedNetwork, outcome: Outcome, index: int, neurons: NDArray[np.intp]
) -> list[float | None]:
    """Surplus (|s| - 1) / 2 of an ideal array's sums s, mean over the images. None where a count is
    read, not a sign.

    With inputs of one bit s is 2m - n: the surplus is the columns that a neuron has in hand. With
    several bits s is the sum of w (2v - T) and T b: the surplus counts least significant bits, of
    which a column has T.
    """
    layer = mapped.layers[index]
    if layer.config.readout is Readout.COUNT or len(neurons) == 0:
        return [None] * len(neurons)
    inputs = layer.weights[neurons, : layer.config.inputs]
    rows = DenseLayer(inputs, thresholds=np.zeros(len(neurons), np.int32))
    top = layer.config.input_top
    scores = software.layer_sums(rows, outcome.inputs[index], top) + top * layer.bias_sums[neurons]
    return ((np.abs(scores) - 1) / 2).mean(axis=0).tolist()


def confusion_matrix(classes: NDArray[np.integer], images: ImageSet, count: int) -> Matrix | None:
    """Images by true class (rows) and given class (columns); None without labels.

    Raises
    ------
    InputError
        A label is none of the `count` classes.
    """
    require_labels(images, count)
    if images.labels is None:
        return None
    cells = np.bincount(images.labels * count + classes, minlength=count**2)
    return tuple(map(tuple, cells.reshape(count, count).tolist()))


def _accuracy(classes: np.ndarray, images: ImageSet) -> float | None:
    return None if images.labels is None else software.accuracy(classes, images.labels)
