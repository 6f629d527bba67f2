"""What a run says beside accuracy, held against counting one by one."""

import dataclasses

import numpy as np
import pytest

from popbridge.bnn.images import ImageSet
from popbridge.errors import InputError
from popbridge.sim.cosim import simulate
from popbridge.study.run.evaluation import (
    WORST_NEURONS,
    accuracy_and_confusion,
    confusion_matrix,
    layer_results,
    neurons_differing,
)


@pytest.fixture(scope="module")
def cache():
    return {}


@pytest.fixture
def finished(make_mapped, make_job, cache):
    """A network whose first layer takes two macros, run on a bad chip with random labels."""
    if not cache:
        mapped = make_mapped((15, 11, 4), rows=8, columns=40)
        job = make_job(mapped, chip=3, images=24)
        labels = np.random.default_rng(7).integers(0, 4, 24)
        images = ImageSet(np.zeros((24, 15), np.uint8), labels, "random")
        cache["run"] = mapped, job, simulate(job, simulator="pysim"), images
    return cache["run"]


def test_confusion_matrix_counts_each_image(finished):
    mapped, job, outcome, images = finished
    accuracy, confusion = accuracy_and_confusion(mapped, job, outcome, images)
    counted = [[0] * 4 for _ in range(4)]
    for true, given in zip(images.labels.tolist(), outcome.results[:, 0].tolist(), strict=True):
        counted[true][given] += 1
    assert confusion.hardware == tuple(map(tuple, counted))
    for matrix, fraction in (
        (confusion.software, accuracy.software),
        (confusion.hardware, accuracy.hardware),
    ):
        cells = np.array(matrix)
        assert cells.trace() / cells.sum() == fraction
        assert cells.sum() == 24


def test_labels_that_are_no_class_have_no_confusion_matrix():
    images = ImageSet(np.zeros((4, 2), np.uint8), np.array([0, 9, 1, 1]), "odd")
    with pytest.raises(InputError, match="odd: labels: found 9, expected at most 1"):
        confusion_matrix(np.array([1, 1, 1, 0]), images, 2)


def test_no_labels_no_confusion_matrix(finished):
    mapped, job, outcome, images = finished
    unlabelled = ImageSet(images.images, None, "random")
    accuracy, confusion = accuracy_and_confusion(mapped, job, outcome, unlabelled)
    assert (accuracy.software, accuracy.hardware) == (None, None)
    assert (confusion.software, confusion.hardware) == (None, None)


def counted_neuron(mapped, outcome, index, neuron):
    """Outputs that differ and mean surplus of one neuron, cell by cell."""
    layer, weights = mapped.network.layers[index], mapped.layers[index].weights[neuron].tolist()
    differing, surpluses = 0, []
    for bits, answer in zip(outcome.inputs[index].tolist(), outcome.answers[index], strict=True):
        given = [2 * bit - 1 for bit in bits]
        total = sum(x * w for x, w in zip(given, layer.weights[neuron].tolist(), strict=True))
        differing += (total >= layer.thresholds[neuron]) != bool(answer[neuron])
        driven = given + [1] * (len(weights) - len(given))
        matches = sum(x == w for x, w in zip(driven, weights, strict=True))
        # Away from the narrowest majority, of ones or of zeros.
        majority = max(matches, len(weights) - matches)
        surpluses.append(majority - (len(weights) + 1) // 2)
    return differing, sum(surpluses) / len(surpluses)


def test_worst_neurons_and_where_they_are(finished):
    mapped, job, outcome, _ = finished
    layer = layer_results(mapped, job, outcome)[0]
    counted = [counted_neuron(mapped, outcome, 0, neuron) for neuron in range(11)]
    ranked = sorted(range(11), key=lambda neuron: (-counted[neuron][0], neuron))
    expected = [neuron for neuron in ranked if counted[neuron][0]][:WORST_NEURONS]
    assert len(expected) == WORST_NEURONS  # the chip is bad enough to fill the list
    assert [item.neuron for item in layer.worst_neurons] == expected
    for item in layer.worst_neurons:
        assert (item.differing, item.mean_surplus) == counted[item.neuron]
        assert item.neuron == mapped.layers[0].config.neurons_of_macro(item.macro)[item.row]
    assert layer.bits_differing == sum(differing for differing, _ in counted)


def test_worst_neurons_of_a_programmed_layer_are_where_programming_put_them(finished):
    """As if each neuron had been moved to the row behind its own."""
    mapped, job, outcome, _ = finished
    rows_used = mapped.config.layers[0].rows_used
    lines = [[neuron % rows_used + 1 for neuron in range(11)], [1, 2, 3, 7]]
    moved = dataclasses.replace(
        outcome, programming=[{"word_lines": of_layer} for of_layer in lines]
    )
    for index, layer in enumerate(layer_results(mapped, job, moved)):
        assert layer.worst_neurons
        for item in layer.worst_neurons:
            assert item.row == lines[index][item.neuron]


def test_scores_of_the_last_layer_differ_neuron_by_neuron(finished):
    mapped, job, outcome, _ = finished
    network, counted = mapped.network, [0] * 4
    for bits, packet in zip(outcome.inputs[1].tolist(), outcome.results.tolist(), strict=True):
        for neuron, weights in enumerate(network.layers[1].weights.tolist()):
            total = sum((2 * bit - 1) * weight for bit, weight in zip(bits, weights, strict=True))
            counted[neuron] += total + network.layers[1].offsets[neuron] != packet[1 + neuron]
    assert neurons_differing(network, outcome)[1].tolist() == counted
    last = layer_results(mapped, job, outcome)[1]
    assert all(item.mean_surplus is None for item in last.worst_neurons)


def test_mapping(finished):
    mapped, job, outcome, _ = finished
    for layer, config in zip(
        layer_results(mapped, job, outcome), mapped.config.layers, strict=True
    ):
        mapping = layer.mapping
        slots = [(macro, row) for macro in range(layer.macros) for row in range(mapping.rows_used)]
        filled = [slot for slot in slots if slot[1] < len(config.neurons_of_macro(slot[0]))]
        assert mapping.slot_use == len(filled) / len(slots)
        cells = sum(mapping.columns_used for _ in filled)
        assert mapping.cell_use == cells / (layer.macros * 8 * 40)


def test_chained_arrays_are_counted(make_mapped, make_job):
    """31 columns in use on chains of three arrays of 12, then an array alone."""
    mapped = make_mapped((15, 11, 4), rows=8, columns=12)
    job = make_job(mapped, chip=3, images=2)
    first, last = layer_results(mapped, job, simulate(job, simulator="pysim"))
    assert (first.macros, first.arrays, last.macros, last.arrays) == (2, 6, 1, 1)
    assert first.mapping.columns_used == 31
    assert first.mapping.cell_use == 11 * 31 / (6 * 8 * 12)
    assert last.mapping.cell_use == 4 * 11 / (8 * 12)


def test_speed_of_rows_counted_by_hand(make_mapped, make_job):
    """Two macros whose bridges take six cycles, longer than their other phases, then a count."""
    mapped = make_mapped((15, 11, 4), rows=8, columns=40, pipelined=True, bridge_cycles=6)
    job = make_job(mapped, chip=3, images=2)
    first, last = layer_results(mapped, job, simulate(job, simulator="pysim"))
    # The bridges' 6 cycles and that of the latches; 5 ns each.
    assert first.row_speed.row_cycles == 7
    assert first.row_speed.evaluations_per_us == pytest.approx(2 / 0.035)
    # Six rows: 6 cycles before the first evaluate, then five slots; evaluate, strobe, dead time.
    busy = first.row_speed.strobe_slots_busy
    assert busy.declared == busy.measured == 6 * 7 / (6 + 5 * 7 + 3)
    # 11 columns are a count of 4 bits: two, evaluate, 4 strobes, 3 settlings, a dead time.
    assert last.row_speed.row_cycles == 11
    assert last.row_speed.evaluations_per_us == pytest.approx(1 / 0.055)
    busy = last.row_speed.strobe_slots_busy
    assert busy.declared == busy.measured == 4 * 11 / (6 + 3 * 11 + 9)
