"""A layer with its arrays answered row by row, held to the protocol in every cycle."""

import random

import pytest
from amaranth.back import rtlil
from support.components import simulate
from support.controller_bench import Arrays
from support.layers import random_weights, score, small_layer

from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.hdl.layer.dense_layer import DenseLayer

SEED = 50

CASES = {
    "one macro": {"inputs": 9, "neurons": 4},
    "macros side by side": {"inputs": 7, "neurons": 12},
    "last macro shorter": {"inputs": 7, "neurons": 11},
    "one neuron": {"inputs": 3, "neurons": 1},
    "fan-in 1": {"inputs": 1, "neurons": 3, "rows": 2},
    "even inputs": {"inputs": 8, "neurons": 5},
    "three bias columns": {"inputs": 4, "neurons": 5, "bias_columns": 3},
    "three votes": {"inputs": 7, "neurons": 5, "votes": 3, "settle_cycles": 2},
    "pipelined": {"inputs": 7, "neurons": 11, "pipelined": True},
    "pipelined, slow bridges": {
        "inputs": 7,
        "neurons": 11,
        "pipelined": True,
        "bridge_cycles": 9,
        "evaluate_cycles": 2,
    },
    "pipelined, three votes, last macro shorter by two": {
        "inputs": 5,
        "neurons": 10,
        "rows": 4,
        "pipelined": True,
        "votes": 3,
        "bridge_cycles": 3,
    },
    "pipelined, one row, no dead time": {
        "inputs": 5,
        "neurons": 1,
        "pipelined": True,
        "bridge_cycles": 4,
        "dead_before_evaluate_cycles": 0,
        "dead_after_strobe_cycles": 0,
    },
    "slow": {"inputs": 5, "neurons": 3, "precharge_cycles": 3, "evaluate_cycles": 2, "rows": 2},
    "no dead time": {
        "inputs": 5,
        "neurons": 3,
        "dead_before_evaluate_cycles": 0,
        "dead_after_strobe_cycles": 0,
    },
}


@pytest.fixture(params=CASES)
def settings(request):
    return CASES[request.param]


def declared_cycles(config):
    """Rows, then one cycle; from the configuration by hand."""
    count = -(-config.neurons // config.macro.rows)
    timing = config.macro.timing
    counting = config.readout.value == "count"
    trials = config.fan_in.bit_length() if counting else config.macro.votes
    row = timing.precharge_cycles + timing.dead_before_evaluate_cycles + timing.evaluate_cycles
    row += trials * timing.strobe_cycles + (trials - 1) * timing.settle_cycles
    row += timing.dead_after_strobe_cycles
    rows = -(-config.neurons // count)
    if not config.macro.pipelined:
        return rows * row + 1
    late = max(0, timing.bridge_cycles - timing.precharge_cycles
               - timing.dead_before_evaluate_cycles)  # fmt: skip
    return late + row + (rows - 1) * max(row, timing.bridge_cycles + 1) + 1


def expected_word(config, weights, bits):
    word, width = 0, config.fan_in.bit_length()
    for neuron in range(config.neurons):
        value = score(config, weights, neuron, bits)
        if config.readout.value == "count":
            word |= (value - 1 + 2**width) // 2 << width * neuron
        else:
            word |= (value > 0) << neuron
    return word


class Bench:
    """Offers inputs, takes results, and keeps the cycles of both."""

    def __init__(self, dut, arrays, images, stalls, seed):
        self.dut = dut
        self.arrays = arrays
        self.images = images
        self.stalls = stalls
        self.draw = random.Random(seed)
        self.accepted, self.results, self.valid_since = [], [], []

    async def run(self, ctx):
        dut, left, held, offered = self.dut, list(self.images), None, False
        busy_until = 0
        for cycle in range(4000):
            self.arrays.cycle(ctx)
            offered = bool(left) and (offered or self.draw.random() >= self.stalls[0])
            ready = self.draw.random() >= self.stalls[1]
            ctx.set(dut.i.valid, offered)
            ctx.set(dut.i.payload, left[0] if offered else self.draw.getrandbits(dut.config.inputs))
            ctx.set(dut.o.ready, ready)
            valid = ctx.get(dut.o.valid)
            if valid and held is None:
                self.valid_since.append(cycle)
            assert held in (None, (valid, ctx.get(dut.o.payload))), "the result did not hold"
            held = (valid, ctx.get(dut.o.payload)) if valid and not ready else None
            # The documented contract: no row in progress, and the result gone or going.
            taking = cycle >= busy_until and (not valid or ready)
            assert ctx.get(dut.i.ready) == taking
            if valid and ready:
                self.results.append(ctx.get(dut.o.payload))
            if offered and taking:
                self.accepted.append(cycle)
                busy_until = cycle + dut.latency
                left.pop(0)
                offered = False
            if len(self.results) == len(self.images):
                return
            await ctx.tick()
        raise AssertionError("the layer is stuck")


@pytest.mark.parametrize("count", [False, True], ids=["sign", "count"])
@pytest.mark.parametrize("stalls", [(0, 0), (0.9, 0), (0.3, 0.95)])
def test_results_pins_and_cycles(settings, count, stalls):
    config = small_layer(**settings, count=count)
    weights = random_weights(config, SEED)
    dut = DenseLayer(config)
    names = [f"macro{k}" for k in range(-(-config.neurons // config.macro.rows))]
    arrays = Arrays(config, [getattr(dut, name) for name in names], weights)
    draw = random.Random(SEED)
    images = [draw.getrandbits(config.inputs) for _ in range(4)]
    bench = Bench(dut, arrays, images, stalls, SEED)
    simulate(dut, bench.run)
    assert bench.results == [expected_word(config, weights, bits) for bits in images]
    assert arrays.scans == len(images)
    assert dut.latency == declared_cycles(config)
    taken = [cycle + dut.latency for cycle in bench.accepted]
    assert bench.valid_since == taken
    if stalls == (0, 0):
        assert bench.accepted[1:] == taken[:-1]
    for bits, result in zip(images, bench.results, strict=True):
        model = dut.model(bits, lambda neuron, bits: score(config, weights, neuron, bits))
        assert model == result


def test_unresolved_comparators_are_counted_together():
    config = small_layer(inputs=5, neurons=8, rows=3)  # three macros of 3, 3 and 2 rows
    dut = DenseLayer(config)
    macros = [dut.macro0, dut.macro1, dut.macro2]
    weights = random_weights(config, SEED)
    arrays = Arrays(config, macros, weights, unresolved={0, 3, 6, 1, 5})
    seen = []

    async def bench(ctx):
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.o.ready, 1)
        for _ in range(dut.latency):
            arrays.cycle(ctx)
            seen.append(ctx.get(dut.unresolved))
            await ctx.tick()

    simulate(dut, bench)
    # Row 0: neurons 0, 3, 6. Row 1: 1. Row 2: 5; the last macro has no row 2 that could count.
    assert [count for count in seen if count] == [3, 1, 1]


def test_hundreds_of_macros_convert():
    macro = MacroConfig(rows=1, columns=1)
    config = LayerConfig(name="wide", inputs=1, bias_columns=0, neurons=400, macro=macro)
    assert config.macros == 400
    assert "unresolved" in rtlil.convert(DenseLayer(config))
