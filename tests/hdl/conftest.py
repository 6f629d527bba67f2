"""Benches in Amaranth's simulator: one step per clock cycle, arrays answered at their pins."""

import gc
import random
import warnings
from dataclasses import dataclass, field

import pytest
from amaranth.hdl import UnusedElaboratable
from amaranth.sim import Simulator

from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, PhaseTiming, Readout
from popbridge.hdl.controller.controller import NetworkController


def _simulate(component, bench):
    """Run the coroutine function `bench` to its end, with a clock."""
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def _layer(
    inputs=5,
    neurons=3,
    *,
    rows=4,
    name="fc",
    bias_columns=None,
    count=False,
    votes=1,
    pipelined=False,
    **timing,
):
    """A small layer; an even number of inputs gets a bias column."""
    bias_columns = (inputs + 1) % 2 if bias_columns is None else bias_columns
    macro = MacroConfig(
        rows=rows,
        columns=inputs + bias_columns + 2,
        votes=votes,
        pipelined=pipelined,
        zero_dead_time_allowed=0 in timing.values(),
        timing=PhaseTiming(**timing),
    )
    return LayerConfig(
        name=name,
        inputs=inputs,
        bias_columns=bias_columns,
        neurons=neurons,
        readout=Readout.COUNT if count else Readout.SIGN,
        macro=macro,
    )


def _network(*sizes, rows=4, offsets=None, **timing):
    """Layers of the given sizes; `rows` for all or for each of them."""
    rows = rows if isinstance(rows, tuple) else (rows,) * (len(sizes) - 1)
    layers = [
        _layer(sizes[k], sizes[k + 1], rows=rows[k], name=f"fc{k}", count=final, **timing)
        for k, final in enumerate([False] * (len(sizes) - 2) + [True])
    ]
    return NetworkConfig(layers=tuple(layers), offsets=offsets or (0,) * sizes[-1])


def _random_weights(config, seed):
    """Per neuron of a layer, its n weights of +1 and -1."""
    draw = random.Random(seed)
    return [[draw.choice((-1, 1)) for _ in range(config.fan_in)] for _ in range(config.neurons)]


def _score(config, weights, neuron, bits):
    """2m - n by counting the columns that agree; bias columns see +1."""
    agreeing = 0
    for column, weight in enumerate(weights[neuron]):
        value = 1 if column >= config.inputs or bits >> column & 1 else -1
        agreeing += value == weight
    return 2 * agreeing - config.fan_in


def _row_phases(timing, trials, planes=1):
    """(precharge, evaluate, strobe, trial, share, acc_reset, plane) of each cycle of one row."""
    cycles, several = [], planes > 1
    for plane in range(planes):
        cycles += [(1, 0, 0, 0, 0, int(several and plane == 0), plane)] * timing.precharge_cycles
        cycles += [(0, 0, 0, 0, 0, 0, plane)] * timing.dead_before_evaluate_cycles
        cycles += [(0, 1, 0, 0, 0, 0, plane)] * timing.evaluate_cycles
        cycles += [(0, 1, 0, 0, 1, 0, plane)] * (timing.share_cycles if several else 0)
        if plane < planes - 1:
            cycles += [(0, 0, 0, 0, 0, 0, plane)] * timing.dead_after_share_cycles
    last = planes - 1
    for trial in range(trials):
        cycles += [(0, 1, 0, trial, 0, 0, last)] * (timing.settle_cycles if trial or several else 0)
        cycles += [(0, 1, 1, trial, 0, 0, last)] * timing.strobe_cycles
    return cycles + [(0, 0, 0, trials, 0, 0, last)] * timing.dead_after_strobe_cycles


def _scan_cycles(timing, trials, rows, pipelined):
    """(precharge, evaluate, strobe, trial, row read, row of the word line) of each cycle of a scan.

    A pipelined scan from the times of its evaluates alone: the first comes when lines and bridges
    are ready, each further one when the row before is done and its own bridges have had their time
    since the cycle after that row's evaluate.
    """
    row = [phase[:4] for phase in _row_phases(timing, trials)]
    if not pipelined:
        return [(*pins, k, k) for k in range(rows) for pins in row]
    before = timing.precharge_cycles + timing.dead_before_evaluate_cycles
    evaluates = [max(before, timing.bridge_cycles)]
    while len(evaluates) < rows:
        evaluates.append(evaluates[-1] + max(len(row), timing.bridge_cycles + 1))
    cycles = []
    for k, rise in enumerate(evaluates):
        precharge = rise - timing.dead_before_evaluate_cycles - len(cycles)
        cycles += [(1, 0, 0, 0, k)] * precharge
        cycles += [(*pins, k) for pins in row[timing.precharge_cycles :]]
    ahead = [sum(cycle > rise for rise in evaluates[:-1]) for cycle in range(len(cycles))]
    return [(*pins, up) for pins, up in zip(cycles, ahead, strict=True)]


class Arrays:
    """All arrays of one layer: holds their pins to the protocol, answers by brute force.

    A scan begins when a word line rises in array 0. From then on every pin of every array is
    known in advance, cycle by cycle; outside a scan all of them are 0.
    """

    def __init__(self, config, macros, weights, unresolved=()):
        self.config = config
        self.macros = macros
        self.weights = weights
        self.unresolved = unresolved
        """Neurons whose comparators never resolve."""
        bank = (config.fan_in).bit_length()
        self.bank = bank if config.readout is Readout.COUNT else 0
        count = -(-config.neurons // config.macro.rows)
        assert len(macros) == count
        self.rows = -(-config.neurons // count)
        self.cycles = _scan_cycles(
            config.macro.timing, self.bank or config.macro.votes, self.rows, config.macro.pipelined
        )
        self.step = None
        self.driven = 0
        self.codes = [0] * count
        self.scans = 0

    def cycle(self, ctx):
        """Check the pins of this cycle and set the comparators' outputs."""
        if self.step is None and ctx.get(self.macros[0].wl):
            self.step = 0
            self.driven = ctx.get(self.macros[0].bl)
            self.scans += 1
            bias = self.driven >> self.config.inputs
            assert bias == (1 << self.config.bias_columns) - 1, f"{self.config.name}: bias columns"
        for index, pins in enumerate(self.macros):
            positive, negative = self._array(ctx, index, pins)
            ctx.set(pins.sense_p, positive)
            ctx.set(pins.sense_n, negative)
        if self.step is not None:
            self.step += 1
            if self.step == len(self.cycles):
                self.step = None

    def _array(self, ctx, index, pins):
        where = f"{self.config.name}, array {index}, cycle {self.step} of the scan"
        precharge, evaluate, strobe, trial, row, up = self.cycles[self.step or 0]
        neuron = index * self.rows + row
        here = neuron < self.config.neurons
        used = (1 << self.config.fan_in) - 1
        lines = (index * self.rows + up < self.config.neurons) << up, self.driven
        lines += (used & ~self.driven,)
        levels = precharge, evaluate, strobe
        if self.step is None:
            lines, levels = (0, 0, 0), (0, 0, 0)
        assert ctx.get(pins.wl) == lines[0], f"{where}: word line"
        assert (ctx.get(pins.bl), ctx.get(pins.blb)) == lines[1:], f"{where}: bit lines"
        seen = tuple(ctx.get(pin) for pin in (pins.precharge, pins.evaluate, pins.strobe))
        assert seen == levels, f"{where}: phases"
        difference = self._bank(ctx, pins, index, trial, levels, where) if self.bank else 0
        if not (levels[2] and here) or neuron in self.unresolved:
            return 0, 0
        # What this array computes depends on its own bit lines alone.
        score = difference
        for column, weight in enumerate(self.weights[neuron]):
            score += weight * ((ctx.get(pins.bl) >> column & 1) - (ctx.get(pins.blb) >> column & 1))
        assert score, f"{where}: a tie"
        bit = self.bank - 1 - trial
        if self.bank and score > 0:
            self.codes[index] |= 1 << bit
        return int(score > 0), int(score < 0)

    def _bank(self, ctx, pins, index, trial, levels, where):
        """dac_p - dac_n, after both were checked against the code so far."""
        if levels[0]:
            self.codes[index] = 0
        bit = 1 << max(self.bank - 1 - trial, 0)
        tried = (self.codes[index] & -(bit << 1)) | bit if levels[1] else 0
        plates = ctx.get(pins.dac_p), ctx.get(pins.dac_n)
        assert plates == ((1 << self.bank) - tried if tried else 0, tried), f"{where}: bank"
        return plates[0] - plates[1]


@dataclass
class Run:
    """What streaming images through a controller gave."""

    controller: NetworkController
    packets: list = field(default_factory=list)
    first_beats: list = field(default_factory=list)
    """Cycle of each frame's first transfer."""
    last_beats: list = field(default_factory=list)
    """Cycle of each packet's last transfer."""
    dropped: int = 0
    unresolved: int = 0
    scans: list = field(default_factory=list)


def _frames_of(config, images):
    """The (tdata, tlast) beats of images given as integers."""
    count = -(-config.layers[0].inputs // 32)
    return [
        [(image >> 32 * beat & 0xFFFFFFFF, int(beat == count - 1)) for beat in range(count)]
        for image in images
    ]


class Stream:
    """Streams frames through a controller whose arrays are answered by brute force."""

    def __init__(self, config, weights, frames, *, packets, stalls=(0, 0), seed=0, unresolved=()):
        self.controller = NetworkController(config)
        self.arrays = [
            Arrays(
                layer,
                [
                    getattr(self.controller, f"{layer.name}_macro{index}")
                    for index in range(-(-layer.neurons // layer.macro.rows))
                ],
                weights[k],
                unresolved=unresolved if k == 0 else (),
            )
            for k, layer in enumerate(config.layers)
        ]
        self.beats = [(*beat, not k) for frame in frames for k, beat in enumerate(frame)]
        self.expected = packets
        self.stalls = stalls
        self.draw = random.Random(seed)
        slowdown = 8 if any(stalls) else 1
        self.limit = (config.latency + len(frames) * config.interval) * slowdown + 50
        self.run = Run(self.controller)

    def simulate(self):
        _simulate(self.controller, self._bench)
        self.run.scans = [layer.scans for layer in self.arrays]
        return self.run

    async def _bench(self, ctx):
        dut, run, packet, held = self.controller, self.run, [], None
        offered = False
        for cycle in range(self.limit):
            for layer in self.arrays:
                layer.cycle(ctx)
            offered = bool(self.beats) and (offered or self.draw.random() >= self.stalls[0])
            data, last, first = self.beats[0] if offered else (0, 0, 0)
            ready = self.draw.random() >= self.stalls[1]
            ctx.set(dut.s_axis_tvalid, offered)
            ctx.set(dut.s_axis_tdata, data)
            ctx.set(dut.s_axis_tlast, last)
            ctx.set(dut.m_axis_tready, ready)
            if offered and ctx.get(dut.s_axis_tready):
                run.first_beats += [cycle] if first else []
                self.beats.pop(0)
                offered = False
            beat = (ctx.get(dut.m_axis_tdata), ctx.get(dut.m_axis_tlast))
            valid = ctx.get(dut.m_axis_tvalid)
            assert held is None or (valid and beat == held), f"cycle {cycle}: packet did not hold"
            held = beat if valid and not ready else None
            if valid and ready:
                packet.append(beat[0] - (beat[0] >> 31 << 32))
                if beat[1]:
                    run.packets.append(packet)
                    run.last_beats.append(cycle)
                    packet = []
            await ctx.tick()
            if len(run.packets) == self.expected and not self.beats:
                break
        run.dropped = ctx.get(dut.status.dropped)
        run.unresolved = ctx.get(dut.status.unresolved)


def _expected_packet(config, weights, image):
    """Class and scores of one image, by brute force over the cells."""
    for layer, cells in zip(config.layers, weights, strict=True):
        scores = [_score(layer, cells, neuron, image) for neuron in range(layer.neurons)]
        image = sum((score > 0) << neuron for neuron, score in enumerate(scores))
    scores = [score + offset for score, offset in zip(scores, config.offsets, strict=True)]
    winner = max(range(len(scores)), key=lambda index: (scores[index], -index))
    return [winner, *scores]


def _refuses(construct, error, match):
    """As pytest.raises, for constructors: without Amaranth's warning of an unused component."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        with pytest.raises(error, match=match):
            construct()
        gc.collect()


def _stream(config, weights, frames, **settings):
    """Stream frames through a network's controller; gives a `Run`."""
    return Stream(config, weights, frames, **settings).simulate()


# What the tests ask for by name; each is documented where it is defined above.
simulate = pytest.fixture(lambda: _simulate, name="simulate")
refuses = pytest.fixture(lambda: _refuses, name="refuses")
make_layer = pytest.fixture(lambda: _layer, name="make_layer")
make_network = pytest.fixture(lambda: _network, name="make_network")
random_weights = pytest.fixture(lambda: _random_weights, name="random_weights")
score = pytest.fixture(lambda: _score, name="score")
row_phases = pytest.fixture(lambda: _row_phases, name="row_phases")
make_arrays = pytest.fixture(lambda: Arrays, name="make_arrays")
frames = pytest.fixture(lambda: _frames_of, name="frames")
stream = pytest.fixture(lambda: _stream, name="stream")
expected_packet = pytest.fixture(lambda: _expected_packet, name="expected_packet")
