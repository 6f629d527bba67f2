"""The shipped network on real digits, in Verilator: the main job."""

import numpy as np
import pytest
from support.jobs import make_job, make_mapped

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn import software
from popbridge.bnn.catalog import find_network, shipped_test_images
from popbridge.bnn.images import input_bits
from popbridge.bnn.mapping import map_network
from popbridge.sim import cosim, montecarlo
from popbridge.sim.job import Job


@pytest.fixture(scope="module")
def mapped():
    return map_network(find_network("mnist"))


@pytest.fixture(scope="module")
def digits(mapped):
    return input_bits(shipped_test_images(mapped.network).images[:100], mapped.network)


def job_of(mapped, chip, bits):
    weights = mapped.weights
    return Job(mapped.config, weights, CONDITIONS["nominal"], chip, seed=1, images=bits)


def test_ideal_chip_is_the_software_network_on_100_digits(mapped, digits, build_root):
    outcome = cosim.simulate(job_of(mapped, None, digits), root=build_root)
    reference = software.run(mapped.network, digits)
    assert np.array_equal(outcome.results[:, 1:], reference.scores)
    assert np.array_equal(outcome.results[:, 0], reference.classes)
    for answers, bits in zip(outcome.answers, reference.layer_bits, strict=False):
        assert np.array_equal(answers, bits)


def test_sampled_chip_is_the_physics_on_20_digits(mapped, digits, build_root):
    job = job_of(mapped, 7, digits[:20])
    outcome = cosim.simulate(job, root=build_root)
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    for seen, answers in zip(outcome.answers, direct.answers, strict=True):
        assert np.array_equal(seen, answers)
    assert np.array_equal(outcome.results[:, 0], direct.classes)
    reference = software.run(mapped.network, digits[:20])
    assert not np.array_equal(outcome.results[:, 1:], reference.scores)  # the chip is not ideal


def test_strict_and_bulk_agree_in_verilator(build_root):
    job = make_job(make_mapped((70, 33, 9), rows=16, columns=128), chip=3, images=12)
    bulk, strict = (cosim.simulate(job, strict=strict, root=build_root) for strict in (False, True))
    assert np.array_equal(bulk.results, strict.results)
    for one, other in zip(bulk.answers, strict.answers, strict=True):
        assert np.array_equal(one, other)


def test_ideal_chip_of_four_bit_pixels_is_the_software_network():
    mapped = map_network(find_network("mnist-4bit"))
    images = shipped_test_images(mapped.network).images[:200]
    job = job_of(mapped, None, input_bits(images, mapped.network))
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    reference = software.run(mapped.network, job.images)
    assert np.array_equal(direct.scores, reference.scores)
    for answers, bits in zip(direct.answers, reference.layer_bits, strict=False):
        assert np.array_equal(answers, bits)
