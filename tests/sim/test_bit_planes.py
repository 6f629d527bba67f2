"""Inputs of several bits: hardware, physics and software, bit plane by bit plane."""

import dataclasses
import math

import numpy as np
import pytest
from support.jobs import make_network

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.capacitors import layer_volts_per_score
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.evaluation import ArrayModel
from popbridge.bnn import software
from popbridge.bnn.mapping import map_network
from popbridge.bnn.thresholds import bias_for_thresholds, hidden_bias_columns
from popbridge.errors import InputError, PhaseError
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from popbridge.sim import cosim, montecarlo
from popbridge.sim.job import Job

SEED = 88


def network_of(sizes, bits, macro):
    """Random weights, the first layer's thresholds such as bias columns hold."""
    network = make_network(sizes)
    first = network.layers[0]
    columns = hidden_bias_columns(sizes[0])
    wanted = np.random.default_rng(SEED).integers(-30, 31, first.outputs).astype(np.int32)
    held = bias_for_thresholds(wanted, sizes[0], columns, 2**bits - 1).thresholds
    layers = (dataclasses.replace(first, thresholds=held), *network.layers[1:])
    return map_network(dataclasses.replace(network, layers=layers, bits_per_input=bits), macro)


def job_of(mapped, chip, images=4, condition="weak"):
    top = mapped.network.input_top
    draw = np.random.default_rng(SEED)
    return Job(
        config=mapped.config,
        weights=mapped.weights,
        parameters=CONDITIONS[condition],
        chip=chip,
        seed=5,
        images=draw.integers(0, top + 1, (images, mapped.network.inputs), dtype=np.uint8),
    )


TIMINGS = {
    "default": {},
    "slow": {
        "share_cycles": 2, "dead_after_share_cycles": 3, "settle_cycles": 2, "precharge_cycles": 2,
    },
}  # fmt: skip


@pytest.mark.parametrize("timing", TIMINGS.values(), ids=TIMINGS.keys())
@pytest.mark.parametrize("bits", [2, 4])
def test_ideal_chip_is_the_software_network(bits, timing):
    macro = MacroConfig(rows=6, columns=64)
    macro = macro.replace(timing=macro.timing.replace(**timing))
    mapped = network_of((9, 8, 3), bits, macro)
    assert mapped.saturated == 0
    job = job_of(mapped, None)
    outcome = cosim.simulate(job, simulator="pysim")
    reference = software.run(mapped.network, job.images)
    assert np.array_equal(outcome.answers[0], reference.layer_bits[0])
    assert np.array_equal(outcome.results[:, 1:], reference.scores)
    # Four rows on each of two macros: planes, then a settling and what a sign takes.
    used = macro.timing
    plane = used.precharge_cycles + 1 + 1 + used.share_cycles
    row = bits * plane + (bits - 1) * used.dead_after_share_cycles + used.settle_cycles + 1 + 1
    assert outcome.scans[0].longest == 4 * row


@pytest.mark.parametrize("strict", [False, True], ids=["bulk", "strict"])
def test_icarus_gives_the_bits_of_pysim_and_of_the_physics(icarus, build_root, strict):
    mapped = network_of((11, 13, 3), 4, MacroConfig(rows=6, columns=64, votes=3))
    job = job_of(mapped, 3)
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    for simulator in ("pysim", icarus):
        outcome = cosim.simulate(
            job, simulator=simulator, strict=strict and simulator != "pysim", root=build_root
        )
        for seen, answers in zip(outcome.answers, direct.answers, strict=True):
            assert np.array_equal(seen, answers)
    reference = software.run(mapped.network, job.images)
    assert not np.array_equal(direct.answers[0], reference.layer_bits[0])


def test_a_pipelined_macro_scans_planes_row_after_row():
    """Whatever bridge times its rows have with inputs of one bit."""
    macro = MacroConfig(rows=6, columns=64, pipelined=True)
    macro = macro.replace(timing=macro.timing.replace(bridge_cycles=6))
    mapped = network_of((9, 8, 3), 2, macro)
    job = job_of(mapped, 3)
    outcome = cosim.simulate(job, simulator="pysim")
    direct = montecarlo.run_chip(job.layer_chips(), job.config, job.images)
    for seen, answers in zip(outcome.answers, direct.answers, strict=True):
        assert np.array_equal(seen, answers)
    # Precharge, dead time, evaluate and share twice, a dead time; settle, strobe, dead time.
    assert outcome.scans[0].longest == 4 * (2 * 4 + 1 + 3)


def layer_of(bits, fan_in=101, neurons=64, rows=64):
    return LayerConfig(
        name="layer", inputs=fan_in, bias_columns=0, neurons=neurons, bits_per_input=bits,
        macro=MacroConfig(rows=rows, columns=fan_in),
    )  # fmt: skip


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_ideal_scores_are_the_integers_of_the_software(bits):
    config, draw = layer_of(bits), np.random.default_rng(SEED)
    weights = draw.choice(np.array([-1, 1], np.int8), (64, 101))
    inputs = 2 * draw.integers(0, 2**bits, (30, 101)) - (2**bits - 1)
    chip = sample_layer(config, weights, ChipParameters(), LayerKey(None))
    np.testing.assert_array_equal(chip.scores_seen(inputs) * 2**bits, inputs @ weights.T)


def test_spread_of_a_real_chip_is_that_of_theory():
    """Share mismatch alone: a held score errs by the derivative of its recursion."""
    bits, sigma = 4, 0.01
    ideal = ChipParameters().without_variation()
    parameters = ideal.replace(neuron=ideal.neuron.replace(share_mismatch_sigma=sigma))
    config, draw = layer_of(bits, neurons=4000, rows=1), np.random.default_rng(SEED)
    weights = np.ones((4000, 101), np.int8)
    levels = draw.integers(0, 2**bits, 101)
    chip = sample_layer(config, weights, parameters, LayerKey(7))
    seen = chip.scores_seen(2 * levels - 15)
    planes = [float((2 * (levels >> plane & 1) - 1).sum()) for plane in range(bits)]

    def held(kept):
        total = 0.0
        for score in planes:
            total = kept * total + (1 - kept) * score
        return total

    slope = (held(0.5 + 1e-6) - held(0.5 - 1e-6)) / 2e-6
    assert abs(seen.mean() - held(0.5)) < 4 * abs(slope) * sigma / math.sqrt(4000)
    assert abs(seen.std() / abs(slope * sigma) - 1) < 4 / math.sqrt(2 * 4000)


def test_noise_of_shares_is_halved_by_each_one_behind():
    """Decisions on one score: the share noise of four planes, 1 + 1/4 + 1/16 + 1/64 of a square."""
    ideal = ChipParameters().without_variation()
    config = layer_of(4, neurons=2000, rows=2000)
    unit_v = layer_volts_per_score(config, ideal.neuron, ideal.bridge)
    parameters = ideal.replace(neuron=ideal.neuron.replace(share_noise_v=0.5 * unit_v))
    chip = sample_layer(config, np.ones((2000, 101), np.int8), parameters, LayerKey(1, seed=SEED))
    scores = np.full((50, 2000), 0.5, np.float32)
    positive = np.mean(chip.decide(scores, np.arange(50)) > 0)
    sigma = 0.5 * math.sqrt(1 + 1 / 4 + 1 / 16 + 1 / 64)
    expected = 0.5 * math.erfc(-0.5 / sigma / math.sqrt(2))
    assert abs(positive - expected) < 4 * math.sqrt(expected * (1 - expected) / 100_000)
    # All strobes of a row see what is held: they agree.
    again = chip.decide(scores, np.arange(50), trial=1)
    np.testing.assert_array_equal(again, chip.decide(scores, np.arange(50)))


@pytest.fixture
def bench():
    """One row of an ideal layer of two bit planes, held to the order of shares."""
    chip = sample_layer(layer_of(2, 3, 1, 1), np.ones((1, 3)), ChipParameters(), LayerKey(None))

    class Pins:
        def __init__(self):
            from popbridge.hdl.config.pins import ArrayPins

            self.model, self.pins, self.cycle = ArrayModel(chip, 0), ArrayPins(), 0

        def set(self, **pins):
            for name, value in pins.items():
                setattr(self.pins, name, value)
            answer = self.model.observe(self.cycle * 5e-9, self.pins)
            self.cycle += 1
            return answer

        def plane(self, bits, **first):
            self.set(
                precharge=1, wl=1, bl=bits, blb=7 & ~bits, evaluate=0, strobe=0, share=0, **first
            )
            self.set(precharge=0, acc_reset=0)
            self.set(evaluate=1)

        def share(self):
            self.set(share=1)
            self.set(share=0)

    return Pins()


def test_planes_add_up_by_their_weight(bench):
    """Planes 000 and 110: -3 and twice +1, together -1."""
    bench.plane(0b000, acc_reset=1)
    bench.share()
    bench.set(evaluate=0)
    bench.plane(0b110)
    bench.share()
    assert bench.set(strobe=1) == (0, 1)


def test_a_share_too_few(bench):
    bench.plane(0b111, acc_reset=1)
    bench.share()
    with pytest.raises(PhaseError, match="found 1 shares, expected 2 before strobe"):
        bench.set(strobe=1)


def test_share_outside_evaluate(bench):
    bench.plane(0b111, acc_reset=1)
    with pytest.raises(PhaseError, match="found share high while evaluate is low"):
        bench.set(share=1, evaluate=0)


def test_reset_outside_precharge(bench):
    bench.plane(0b111, acc_reset=1)
    with pytest.raises(PhaseError, match="found acc_reset outside precharge"):
        bench.set(acc_reset=1)


def test_where_several_bits_are_refused():
    with pytest.raises(InputError, match="found inputs of 4 bits in a count layer"):
        layer_of(4).replace(readout=Readout.COUNT)
    first = layer_of(1, 5, 3, 4)
    last = LayerConfig(
        name="last", inputs=3, bias_columns=0, neurons=2, readout=Readout.COUNT,
        macro=first.macro.replace(columns=5),
    )  # fmt: skip
    several = first.replace(name="again", inputs=3, bias_columns=0, neurons=3, bits_per_input=2)
    with pytest.raises(InputError, match="again: found inputs of 2 bits, expected them in the"):
        NetworkConfig(layers=(first, several, last), offsets=(0, 0))
