"""A controller whose arrays are answered at their pins: one step per clock cycle."""

import random
from dataclasses import dataclass, field

from popbridge.hdl.config import Readout
from popbridge.hdl.controller.controller import NetworkController
from support.components import simulate
from support.layers import scan_cycles


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
        self.cycles = scan_cycles(
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


def frames_of(config, images):
    """The (tdata, tlast) beats of images given as integers."""
    count = -(-config.layers[0].inputs // 32)
    return [
        [(image >> 32 * beat & 0xFFFFFFFF, int(beat == count - 1)) for beat in range(count)]
        for image in images
    ]


class Stream:
    """Streams frames through a controller whose arrays are answered by brute force."""

    def __init__(
        self, controller, weights, frames, *, packets, stalls=(0, 0), seed=0, unresolved=()
    ):
        self.controller, config = controller, controller.config
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
        simulate(self.controller, self._bench)
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


def stream(controller, weights, frames, **settings):
    """Stream frames through a controller; gives a `Run`."""
    return Stream(controller, weights, frames, **settings).simulate()
