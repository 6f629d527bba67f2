"""Co-simulation of small networks: every path gives the same bits, in the declared cycles."""

import dataclasses

import numpy as np
import pytest
from support.jobs import make_job, make_mapped

from popbridge.behav.chip.layer import LayerChip
from popbridge.bnn import software
from popbridge.sim import cosim, montecarlo

GEOMETRIES = {
    "fan-in 1, one neuron": ((1, 1), {"rows": 1, "columns": 1}),
    "even inputs, one class": ((2, 1), {"rows": 4, "columns": 3}),
    "one row per macro": ((3, 5, 2), {"rows": 1, "columns": 16}),
    "prime sizes": ((37, 13, 7), {"rows": 5, "columns": 80}),
    "a last macro of one row": ((10, 9, 4, 3), {"rows": 4, "columns": 24}),
    "chains of 3, 2 and 2 arrays": ((13, 9, 15, 3), {"rows": 4, "columns": 12}),
    "beats dominate": ((600, 2), {"rows": 8, "columns": 601}),
    "slow phases": (
        (9, 6, 2),
        {
            "rows": 4, "columns": 20, "precharge_cycles": 2, "dead_before_evaluate_cycles": 3,
            "evaluate_cycles": 4, "strobe_cycles": 2, "settle_cycles": 3,
            "dead_after_strobe_cycles": 2,
        },
    ),
    "no dead time": (
        (5, 6, 3),
        {
            "rows": 4, "columns": 16,
            "dead_before_evaluate_cycles": 0, "dead_after_strobe_cycles": 0,
        },
    ),
}  # fmt: skip


@pytest.fixture(params=GEOMETRIES.values(), ids=GEOMETRIES.keys())
def mapped(request):
    sizes, macro = request.param
    return make_mapped(sizes, **macro)


def ideal_codes(mapped, bits):
    """Scores by counting products one by one, in plain Python."""
    for layer, config in zip(mapped.layers, mapped.config.layers, strict=True):
        inputs = [*(2 * int(bit) - 1 for bit in bits), *[1] * config.bias_columns]
        scores = [
            sum(x * int(w) for x, w in zip(inputs, row, strict=True)) for row in layer.weights
        ]
        bits = [score > 0 for score in scores]
    return [score + offset for score, offset in zip(scores, mapped.config.offsets, strict=True)]


def test_pysim_with_ideal_chip_is_the_brute_force(mapped):
    job = make_job(mapped)
    outcome = cosim.simulate(job, simulator="pysim")
    expected = [ideal_codes(mapped, image) for image in job.images]
    assert outcome.results[:, 1:].tolist() == expected
    assert outcome.results[:, 0].tolist() == [scores.index(max(scores)) for scores in expected]


def test_ideal_chip_is_the_software_network():
    mapped = make_mapped((31, 17, 12, 5), rows=6, columns=64)
    assert mapped.saturated == 0
    job = make_job(mapped)
    outcome = cosim.simulate(job, simulator="pysim")
    reference = software.run(mapped.network, job.images)
    assert np.array_equal(outcome.results[:, 1:], reference.scores)
    for answers, bits in zip(outcome.answers, reference.layer_bits, strict=False):
        assert np.array_equal(answers, bits)


@pytest.mark.parametrize("strict", [False, True], ids=["bulk", "strict"])
def test_icarus_gives_the_bits_of_pysim_and_of_the_physics(mapped, icarus, build_root, strict):
    job = make_job(mapped, chip=3)
    in_icarus = cosim.simulate(job, simulator=icarus, strict=strict, root=build_root)
    in_pysim = cosim.simulate(job, simulator="pysim")
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    for index, answers in enumerate(direct.answers):
        assert np.array_equal(in_icarus.answers[index], answers)
        assert np.array_equal(in_pysim.answers[index], answers)
    assert np.array_equal(in_icarus.results, in_pysim.results)
    assert np.array_equal(in_icarus.results[:, 1:], direct.scores)
    assert in_icarus.scans == in_pysim.scans
    assert in_icarus.image_latency == in_pysim.image_latency
    assert in_icarus.result_interval == in_pysim.result_interval


@pytest.mark.parametrize("strict", [False, True], ids=["bulk", "strict"])
def test_votes_in_icarus_pysim_and_physics(icarus, build_root, strict):
    mapped = make_mapped((20, 15, 4), rows=6, votes=3)
    job = make_job(mapped, chip=3, images=5)
    noisy = job.parameters.comparator.replace(noise_sigma_v=0.05)
    job = dataclasses.replace(job, parameters=job.parameters.replace(comparator=noisy))
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    single = dataclasses.replace(job, config=make_mapped((20, 15, 4), rows=6).config)
    once = montecarlo.run_chip(single.layer_chips(), single.config, job.images)
    assert not np.array_equal(direct.answers[0], once.answers[0])
    for simulator in ("pysim", icarus):
        outcome = cosim.simulate(
            job, simulator=simulator, strict=strict and simulator != "pysim", root=build_root
        )
        for seen, answers in zip(outcome.answers, direct.answers, strict=True):
            assert np.array_equal(seen, answers)
        # Five phases, a settling and a strobe for each further vote.
        assert outcome.scans[0].longest == 5 * (5 + 2 * 2)


PIPELINES = {
    "phases longer than bridges": {"bridge_cycles": 2, "strobe_cycles": 2},
    "bridges longer than phases": {"bridge_cycles": 11},
}


@pytest.mark.parametrize("strict", [False, True], ids=["bulk", "strict"])
@pytest.mark.parametrize("timing", PIPELINES.values(), ids=PIPELINES.keys())
def test_pipelined_in_icarus_pysim_and_physics(icarus, build_root, strict, timing):
    """Two word lines at work at once; the last macro has fewer rows than the others."""
    mapped = make_mapped((20, 43, 4), rows=16, pipelined=True, **timing)
    job = make_job(mapped, chip=3, images=4)
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    for simulator in ("pysim", icarus):
        outcome = cosim.simulate(
            job, simulator=simulator, strict=strict and simulator != "pysim", root=build_root
        )
        for seen, answers in zip(outcome.answers, direct.answers, strict=True):
            assert np.array_equal(seen, answers)
        # 43 neurons on three macros: 15 rows.
        slot = max(5 + timing.get("strobe_cycles", 1) - 1, timing["bridge_cycles"] + 1)
        busy = 15 * slot / outcome.scans[0].longest
        assert busy == job.config.layers[0].strobe_slots_busy > 0.93


def test_pipelined_and_sequential_ideal_chips_give_the_same_bits():
    sequential, pipelined = (
        make_mapped((31, 17, 12, 5), rows=6, pipelined=pipelined, bridge_cycles=7)
        for pipelined in (False, True)
    )
    jobs = [make_job(mapped, images=6) for mapped in (sequential, pipelined)]
    first, second = (cosim.simulate(job, simulator="pysim") for job in jobs)
    assert np.array_equal(first.results, second.results)
    for one, other in zip(first.answers, second.answers, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("law", [False, True], ids=["voltage noise", "error law"])
def test_same_seed_same_bits_other_seed_other_noise(law):
    mapped = make_mapped((62, 40, 10), rows=8, columns=128)

    def results(seed):
        job = make_job(mapped, chip=3, images=6, seed=seed)
        comparator = job.parameters.comparator.replace(error_law=law, noise_sigma_v=0.1)
        job = dataclasses.replace(job, parameters=job.parameters.replace(comparator=comparator))
        return cosim.simulate(job, simulator="pysim").results

    assert np.array_equal(results(5), results(5))
    assert not np.array_equal(results(5), results(6))


def test_unresolved_decisions_are_counted_and_read_as_minus_one(monkeypatch):
    mapped = make_mapped((8, 6, 3), rows=4, columns=32)
    decide = LayerChip.decide

    def some_unresolved(chip, scores, images, *rest, **more):
        answers = decide(chip, scores, images, *rest, **more)
        return np.where(np.abs(scores) <= 1, 0, answers)

    monkeypatch.setattr(LayerChip, "decide", some_unresolved)
    outcome = cosim.simulate(make_job(mapped), simulator="pysim")
    assert outcome.unresolved > 0  # simulate() holds it against the number left unresolved


def test_waves_hold_the_signals(tmp_path, icarus, build_root):
    job = make_job(make_mapped((5, 4, 2), rows=2, columns=12))
    for simulator in ("pysim", icarus):
        path = tmp_path / f"{simulator}.vcd"
        cosim.simulate(job, simulator=simulator, waves=path, root=build_root)
        text = path.read_text()
        assert "$enddefinitions" in text and "strobe" in text and "wl" in text


def test_one_image():
    outcome = cosim.simulate(make_job(make_mapped((5, 4, 2)), images=1), simulator="pysim")
    assert outcome.result_interval.count == 0
