"""The all-digital layer against counting by hand: every input, every threshold, every stall."""

import random

import pytest
from support.components import simulate

from popbridge.errors import InputError
from popbridge.hdl.config import DigitalLayerConfig
from popbridge.hdl.digital.layer import DigitalLayer
from popbridge.hdl.digital.popcount_tree import PopcountThreshold

SEED = 5


def agreeing(bits, weights, inputs):
    """How many inputs equal their weights."""
    return sum((bits >> k & 1) == (weights >> k & 1) for k in range(inputs))


def reached(bits, words, inputs):
    """The result word by counting."""
    return sum(
        (agreeing(bits, weights, inputs) >= threshold) << neuron
        for neuron, (weights, threshold) in enumerate(words)
    )


def random_words(config, draw):
    """Thresholds about the middle, and every constant neuron there is place for."""
    middle = config.inputs // 2
    words = [
        (draw.getrandbits(config.inputs), max(0, middle + draw.randint(-2, 3)))
        for _ in range(config.neurons)
    ]
    for neuron, threshold in enumerate((0, config.inputs + 1)[: config.neurons - 1]):
        words[neuron] = (words[neuron][0], threshold)
    return words


@pytest.mark.parametrize("levels", [1, 2, 9])
@pytest.mark.parametrize("inputs", range(1, 8))
def test_every_word_against_every_threshold(inputs, levels):
    config = DigitalLayerConfig(inputs=inputs, neurons=1, adder_levels_per_stage=levels)
    dut = PopcountThreshold(config)
    cases = [(bits, limit) for bits in range(1 << inputs) for limit in range(inputs + 2)]
    seen = []

    async def bench(ctx):
        # A new word in every cycle, and the first results are older ones.
        for bits, threshold in [*cases, *[(0, 0)] * dut.latency]:
            ctx.set(dut.bits, bits)
            ctx.set(dut.threshold, threshold)
            seen.append(ctx.get(dut.reached))
            await ctx.tick()

    simulate(dut, bench)
    expected = [int(bin(bits).count("1") >= threshold) for bits, threshold in cases]
    assert seen[dut.latency :] == expected
    assert [dut.model(*case) for case in cases] == expected


@pytest.mark.parametrize("inputs", [63, 64, 150])
def test_wide_popcounts_about_their_threshold(inputs):
    """Words of every popcount, against thresholds just met and just missed."""
    dut = PopcountThreshold(DigitalLayerConfig(inputs=inputs, neurons=1))
    draw = random.Random(SEED)
    cases = []
    for count in range(inputs + 1):
        bits = sum(1 << place for place in draw.sample(range(inputs), count))
        cases += [(bits, count), (bits, count + 1)]
    seen = []

    async def bench(ctx):
        for bits, threshold in [*cases, *[(0, 0)] * dut.latency]:
            ctx.set(dut.bits, bits)
            ctx.set(dut.threshold, threshold)
            seen.append(ctx.get(dut.reached))
            await ctx.tick()

    simulate(dut, bench)
    assert seen[dut.latency :] == [1, 0] * (inputs + 1)


@pytest.mark.parametrize("inputs", [1, 7, 128, 512, 1127])
def test_a_tree_of_about_a_full_adder_per_input(inputs):
    config = DigitalLayerConfig(inputs=inputs, neurons=1)
    # Each takes one bit away.
    full_adders = sum(config.column_heights[0]) - sum(config.column_heights[-1])
    assert inputs - 12 < full_adders <= inputs
    # A full adder's outputs can be as much as its inputs, so the most that all columns can be
    # together stays, carries out of the last one aside.
    most = {
        sum(height << place for place, height in enumerate(heights)) % (2 << config.threshold_bits)
        for heights in config.column_heights
    }
    assert most == {(inputs + 2**config.threshold_bits) % (2 << config.threshold_bits)}
    assert max(config.column_heights[-1]) <= 2


class Bench:
    """Writes the weights, offers images, takes results, and keeps the cycles of both."""

    def __init__(self, dut, words, images, stalls):
        self.dut = dut
        self.words = words
        self.images = images
        self.stalls = stalls
        self.draw = random.Random(SEED)
        self.accepted, self.results, self.valid_since = [], [], []

    async def run(self, ctx):
        await self.fill(ctx)
        dut, left, held, offered = self.dut, list(self.images), None, False
        busy_until = 0
        for cycle in range(40 * dut.latency * len(left)):
            offered = bool(left) and (offered or self.draw.random() >= self.stalls[0])
            ready = self.draw.random() >= self.stalls[1]
            noise = self.draw.getrandbits(dut.config.inputs)
            ctx.set(dut.i.valid, offered)
            ctx.set(dut.i.payload, left[0] if offered else noise)
            ctx.set(dut.o.ready, ready)
            valid, payload = ctx.get(dut.o.valid), ctx.get(dut.o.payload)
            if valid and held is None:
                self.valid_since.append(cycle)
            assert held in (None, (valid, payload)), "the result did not hold"
            held = (valid, payload) if valid and not ready else None
            taking = cycle >= busy_until and (not valid or ready)
            assert ctx.get(dut.i.ready) == taking
            assert ctx.get(dut.busy) == (valid or cycle < busy_until)
            if valid and ready:
                self.results.append(payload)
            if offered and taking:
                self.accepted.append(cycle)
                busy_until = cycle + dut.latency
                left.pop(0)
                offered = False
            if len(self.results) == len(self.images):
                return
            await ctx.tick()
        raise AssertionError("the layer is stuck")

    async def fill(self, ctx):
        for row, (weights, threshold) in enumerate(self.words):
            ctx.set(self.dut.write.row, row)
            ctx.set(self.dut.write.word.weights, weights)
            ctx.set(self.dut.write.word.threshold, threshold)
            ctx.set(self.dut.write.enable, 1)
            await ctx.tick()
        ctx.set(self.dut.write.enable, 0)


CYCLES = {
    # Of an image, by hand: neurons, address, read, and the tree's ranks of registers.
    (1, 1, 4): 1 + 2 + 1,
    (4, 5, 1): 5 + 2 + 2,
    (5, 1, 4): 1 + 2 + 1,
    (9, 4, 2): 4 + 2 + 2,
    (33, 6, 4): 6 + 2 + 2,
}


@pytest.mark.parametrize("sizes", CYCLES)
@pytest.mark.parametrize("stalls", [(0, 0), (0.9, 0), (0.3, 0.95)])
def test_results_and_cycles(sizes, stalls):
    inputs, neurons, levels = sizes
    config = DigitalLayerConfig(inputs=inputs, neurons=neurons, adder_levels_per_stage=levels)
    draw = random.Random(SEED)
    words = random_words(config, draw)
    dut = DigitalLayer(config)
    images = [draw.getrandbits(inputs) for _ in range(6)]
    bench = Bench(dut, words, images, stalls)
    simulate(dut, bench.run)
    assert bench.results == [reached(bits, words, inputs) for bits in images]
    assert [dut.model(bits, words) for bits in images] == bench.results
    assert dut.latency == CYCLES[sizes]
    taken = [cycle + dut.latency for cycle in bench.accepted]
    assert bench.valid_since == taken
    if stalls == (0, 0):
        assert bench.accepted[1:] == taken[:-1]


def test_every_input_word_of_a_small_layer():
    config = DigitalLayerConfig(inputs=5, neurons=3)
    words = [(0b10110, 3), (0b00011, 1), (0b11111, 5)]
    dut = DigitalLayer(config)
    bench = Bench(dut, words, range(32), (0, 0))
    simulate(dut, bench.run)
    assert bench.results == [reached(bits, words, 5) for bits in range(32)]


@pytest.mark.parametrize("name", ["inputs", "neurons", "adder_levels_per_stage"])
def test_sizes_of_zero_are_refused(name):
    sizes = {"inputs": 3, "neurons": 2} | {name: 0}
    with pytest.raises(InputError, match=f"{name}: found 0, expected an integer of at least 1"):
        DigitalLayerConfig(**sizes)
