"""Small layers and networks, what they compute by brute force, and the cycles of their scans."""

import random

from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, PhaseTiming, Readout


def small_layer(
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


def small_network(*sizes, rows=4, offsets=None, **timing):
    """Layers of the given sizes; `rows` for all or for each of them."""
    rows = rows if isinstance(rows, tuple) else (rows,) * (len(sizes) - 1)
    layers = [
        small_layer(sizes[k], sizes[k + 1], rows=rows[k], name=f"fc{k}", count=final, **timing)
        for k, final in enumerate([False] * (len(sizes) - 2) + [True])
    ]
    return NetworkConfig(layers=tuple(layers), offsets=offsets or (0,) * sizes[-1])


def random_weights(config, seed):
    """Per neuron of a layer, its n weights of +1 and -1."""
    draw = random.Random(seed)
    return [[draw.choice((-1, 1)) for _ in range(config.fan_in)] for _ in range(config.neurons)]


def score(config, weights, neuron, bits):
    """2m - n by counting the columns that agree; bias columns see +1."""
    agreeing = 0
    for column, weight in enumerate(weights[neuron]):
        value = 1 if column >= config.inputs or bits >> column & 1 else -1
        agreeing += value == weight
    return 2 * agreeing - config.fan_in


def expected_packet(config, weights, image):
    """Class and scores of one image, by brute force over the cells."""
    for layer, cells in zip(config.layers, weights, strict=True):
        scores = [score(layer, cells, neuron, image) for neuron in range(layer.neurons)]
        image = sum((score > 0) << neuron for neuron, score in enumerate(scores))
    scores = [score + offset for score, offset in zip(scores, config.offsets, strict=True)]
    winner = max(range(len(scores)), key=lambda index: (scores[index], -index))
    return [winner, *scores]


def row_phases(timing, trials, planes=1):
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


def scan_cycles(timing, trials, rows, pipelined):
    """(precharge, evaluate, strobe, trial, row read, row of the word line) of each cycle of a scan.

    A pipelined scan from the times of its evaluates alone: the first comes when lines and bridges
    are ready, each further one when the row before is done and its own bridges have had their time
    since the cycle after that row's evaluate.
    """
    row = [phase[:4] for phase in row_phases(timing, trials)]
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
