"""Sweeps: the physics of the co-simulation, the same numbers whoever computes them."""

import dataclasses
import math

import numpy as np
import pytest

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.bnn import software
from popbridge.bnn.catalog import find_network, shipped_test_images
from popbridge.bnn.images import input_bits
from popbridge.bnn.mapping import map_network
from popbridge.errors import InputError
from popbridge.hdl.config import MacroConfig
from popbridge.sim import cosim
from popbridge.sim.job import Job
from popbridge.sim.montecarlo import run_chip
from popbridge.study.accuracy.chip import (
    ChipCounts,
    Point,
    Study,
    Unit,
    at_clock,
    physics_of,
    run_unit,
)
from popbridge.study.accuracy.sweep import summary, sweep
from popbridge.study.jobs.workers import Workers, run_units

SEED = 3
MACRO = MacroConfig(rows=8, columns=64)
ONE = Workers(count=1)


@pytest.fixture
def study(make_network):
    draw = np.random.default_rng(SEED)
    network = make_network((20, 13, 11, 4))
    images = draw.integers(0, 2, (60, 20), dtype=np.uint8)
    labels = software.run(network, images).classes.astype(np.int64)
    return Study(network=network, macro=MACRO, images=images, labels=labels, seed=5)


def device_point(name="weak", **changes):
    return Point(condition=name, parameters=CONDITIONS[name], **changes)


def test_a_chip_counts_what_the_co_simulation_finds(study):
    """pysim runs the hardware at the array's pins; software is held against both."""
    counts = run_unit(Unit(study.packed(), device_point(), 7, 1))
    mapped = map_network(study.network, MACRO)
    weights = mapped.weights
    job = Job(mapped.config, weights, CONDITIONS["weak"], 7, study.seed, study.images)
    outcome = cosim.simulate(job, simulator="pysim")
    assert counts.images == 60
    assert counts.correct == int(np.sum(outcome.results[:, 0] == study.labels)) < 60
    for index, layer in enumerate(study.network.layers[:-1]):
        expected = software.layer_outputs(layer, outcome.inputs[index])
        assert counts.wrong[index] == int(np.sum(expected != outcome.answers[index]))
    scores = software.layer_scores(study.network.layers[-1], outcome.inputs[-1])
    assert counts.wrong[-1] == int(np.sum(scores != outcome.results[:, 1:]))
    assert counts.evaluated == (60 * 13, 60 * 11, 60 * 4)


def test_a_calibrated_chip_counts_what_calibrated_hardware_gives(study):
    """pysim searches every trim at the pins; the sweep has the same ones, and counts the same."""
    trimmed = dataclasses.replace(study, macro=MACRO.replace(trim_bits=6))
    nominal = CONDITIONS["nominal"]
    comparator = nominal.comparator.replace(offset_sigma_v=0.1)
    offsets = nominal.replace(comparator=comparator)
    point = Point(condition="offsets", parameters=offsets)
    before, counts = (
        run_unit(Unit(trimmed.packed(), point.replace(calibrated=calibrated), 7, 1))
        for calibrated in (False, True)
    )
    mapped = map_network(trimmed.network, trimmed.macro)
    weights = mapped.weights
    job = Job(mapped.config, weights, offsets, 7, trimmed.seed, trimmed.images, calibrate=True)
    outcome = cosim.simulate(job, simulator="pysim")
    sampled = physics_of(mapped, point.replace(calibrated=True), 7, trimmed.seed)
    for found, layer in zip(outcome.trims, sampled, strict=True):
        assert found.any() and np.array_equal(found, layer.trims)
    direct = run_chip(sampled, mapped.config, trimmed.images)
    for seen, answers in zip(outcome.answers, direct.answers, strict=True):
        assert np.array_equal(seen, answers)
    assert np.array_equal(outcome.results[:, 1:], direct.scores)
    assert counts.correct == int(np.sum(outcome.results[:, 0] == trimmed.labels)) > before.correct
    scores = software.layer_scores(trimmed.network.layers[-1], outcome.inputs[-1])
    assert counts.wrong[-1] == int(np.sum(scores != outcome.results[:, 1:])) != before.wrong[-1]


def test_shipped_network_meets_the_co_simulation_on_20_digits(build_root):
    network = find_network("mnist")
    shipped = shipped_test_images(network)
    bits, labels = input_bits(shipped.images[:20], network), shipped.labels[:20]
    study = Study(network=network, macro=MacroConfig(), images=bits, labels=labels, seed=1)
    counts = run_unit(Unit(study.packed(), device_point("nominal"), 7, 2))
    mapped = map_network(network)
    weights = mapped.weights
    job = Job(mapped.config, weights, CONDITIONS["nominal"], 7, seed=1, images=bits)
    outcome = cosim.simulate(job, root=build_root)
    assert counts.correct == int(np.sum(outcome.results[:, 0] == labels))
    for index, layer in enumerate(network.layers[:-1]):
        expected = software.layer_outputs(layer, outcome.inputs[index])
        assert counts.wrong[index] == int(np.sum(expected != outcome.answers[index])) > 0


def test_chips_of_an_error_law_err_each_on_its_own():
    """Nothing but noise differs between them: other images fall, and as many give or take."""
    network = find_network("mnist")
    shipped = shipped_test_images(network)
    bits, labels = input_bits(shipped.images[:400], network), shipped.labels[:400]
    study = Study(network=network, macro=MacroConfig(), images=bits, labels=labels, seed=1)
    packed, point = study.packed(), device_point("error-law-6ns")
    counts = [run_unit(Unit(packed, point, chip, 2)) for chip in (1, 2, 3, 1)]
    assert counts[3] == counts[0]
    found = summary(counts[:3], [layer.name for layer in map_network(network).config.layers])
    assert found.accuracy.std > 0
    first = np.array([chip.wrong[0] for chip in counts[:3]])
    assert len(set(first.tolist())) == 3
    # Sums of many rare events: their variance is their mean.
    assert np.all(abs(first - first.mean()) < 4 * math.sqrt(first.mean()))


def test_ideal_chips_are_the_software_network(study):
    counts = run_unit(Unit(study.packed(), Point(condition="ideal", parameters=None), 1, 1))
    assert (counts.correct, counts.wrong) == (60, (0, 0, 0))


@pytest.mark.parametrize("bits", [3, 8])
def test_inputs_of_several_bits_reach_the_workers(study, bits):
    draw = np.random.default_rng(SEED)
    network = dataclasses.replace(study.network, bits_per_input=bits)
    images = draw.integers(0, 2**bits, (60, 20), dtype=np.uint8)
    several = dataclasses.replace(study, network=network, images=images)
    counts = run_unit(Unit(several.packed(), Point(condition="ideal", parameters=None), 1, 1))
    mapped = map_network(network, MACRO)
    expected = software.run(mapped.software_view, images)
    assert counts.correct == int(np.sum(expected.classes == study.labels))
    held = software.neurons_differing(
        network, [images, *expected.layer_bits], expected.layer_bits, expected.scores
    )
    assert counts.wrong == tuple(int(neurons.sum()) for neurons in held)


def test_errors_come_where_they_are_asked_for(study):
    point = Point(
        condition="ideal", parameters=None, clock_ns=6.0, bit_error_rate=0.3,
        error_layers=("layer1",),
    )  # fmt: skip
    first, second = (run_unit(Unit(study.packed(), point, chip, 1)) for chip in (1, 2))
    assert first.wrong[0] == first.wrong[2] == 0 < first.wrong[1]
    assert first.wrong[1] != second.wrong[1]


def test_clock_sets_the_time_of_a_row():
    macro = at_clock(MACRO, 8.0)
    assert macro.timing.row_s(1) == pytest.approx(8e-9)
    assert at_clock(MACRO, None) is MACRO


def all_ways(study, folder, **settings):
    points = [device_point("weak"), device_point("nominal", clock_ns=6.0)]
    return sweep(study, points, range(4, 9), folder=folder, **settings)


def test_every_number_of_workers_gives_the_same(study, tmp_path):
    alone = all_ways(study, tmp_path / "one", workers=ONE)
    pooled = all_ways(study, tmp_path / "two", workers=Workers(count=2))
    assert alone == pooled and len(alone) == 2 and len(alone[0]) == 5
    assert len({tuple(counts.wrong) for counts in alone[0]}) > 1


def test_two_dask_workers_give_the_same(study, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra dist")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        spread = all_ways(
            study, tmp_path / "dask", workers=Workers(scheduler=cluster.scheduler_address)
        )
    assert spread == all_ways(study, tmp_path / "one", workers=ONE)


def test_no_scheduler_is_one_line(study, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra dist")
    monkeypatch.setattr("popbridge.study.jobs.cluster.CONNECT_S", 0.2)
    for address in ("tcp://127.0.0.1:1", "nonsense"):
        with pytest.raises(InputError, match="--scheduler: found no Dask scheduler at") as found:
            all_ways(study, tmp_path, workers=Workers(scheduler=address))
        assert "\n" not in str(found.value)


def test_finished_chips_are_not_computed_again(study, tmp_path, monkeypatch):
    reported = []
    first = all_ways(study, tmp_path, workers=ONE)
    monkeypatch.setattr(
        "popbridge.study.accuracy.sweep.run_unit", lambda unit: pytest.fail("computed again")
    )
    again = all_ways(study, tmp_path, workers=ONE, progress=lambda *told: reported.append(told))
    assert again == first and reported == [("chips", 10, 10)]


def test_another_study_does_not_find_them(study, tmp_path):
    all_ways(study, tmp_path, workers=ONE)
    files = set(tmp_path.iterdir())
    other = Study(
        network=study.network, macro=study.macro, images=study.images, labels=study.labels, seed=6
    )
    all_ways(other, tmp_path, workers=ONE)
    assert len(set(tmp_path.iterdir()) - files) == 1


def test_units_are_handed_over_a_few_at_a_time():
    """Memory does not grow with a sweep: no more units wait than workers can soon take."""
    from concurrent.futures import ThreadPoolExecutor

    taken = []

    def units():
        for number in range(50):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(2) as pool:
        for done, (unit, result) in enumerate(run_units(lambda unit: -unit, units(), pool, 2), 1):
            assert result == -unit
            assert len(taken) - done <= 4
    assert len(taken) == 50


def test_summary_is_mean_and_students_interval():
    chips = [
        ChipCounts(images=100, correct=correct, evaluated=(50, 10), wrong=(1, 2))
        for correct in (90, 94, 95, 97)
    ]
    result = summary(chips, ["a", "b"])
    assert (result.chips, result.chip_accuracies) == (4, (0.90, 0.94, 0.95, 0.97))
    assert result.accuracy.mean == pytest.approx(0.94)
    std = math.sqrt((0.04**2 + 0 + 0.01**2 + 0.03**2) / 3)
    assert result.accuracy.std == pytest.approx(std)
    half = 3.182446305284263 * std / 2  # Student's t, 97.5 %, 3 degrees: any table
    assert result.accuracy.ci95 == pytest.approx([0.94 - half, 0.94 + half])
    assert [(layer.name, layer.error_rate) for layer in result.layers] == [("a", 0.02), ("b", 0.2)]
    alone = summary(chips[:1], ["a", "b"]).accuracy
    assert (alone.mean, alone.std, alone.ci95) == (0.9, None, None)


def test_interval_holds_the_true_mean_19_times_in_20():
    draw = np.random.default_rng(SEED)
    held = 0
    for _ in range(2000):
        counts = [
            ChipCounts(images=10_000, correct=int(right), evaluated=(1,), wrong=(0,))
            for right in draw.normal(9000, 60, 5).round()
        ]
        low, high = summary(counts, ["a"]).accuracy.ci95
        held += low <= 0.9 <= high
    assert abs(held / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_sampled_layers_are_those_of_the_chip(study):
    """The condition's clock reaches the physics: a short row makes more errors."""
    mapped = map_network(study.network, at_clock(MACRO, 0.5))
    layer = mapped.layers[0]
    hasty = sample_layer(layer.config, layer.weights, CONDITIONS["weak"], LayerKey(4, seed=5))
    counts = run_unit(Unit(study.packed(), device_point(clock_ns=0.5), 4, 1))
    signs = np.ones((60, layer.config.fan_in), np.float32)
    signs[:, :20] = 2.0 * study.images - 1
    expected = software.layer_outputs(study.network.layers[0], study.images)
    assert counts.wrong[0] == int(np.sum(hasty.signs(signs, np.arange(60)) != (expected > 0)))
