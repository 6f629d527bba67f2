"""Small networks, what mapping makes of them, and jobs on them, made from a visible seed."""

import itertools
from collections.abc import Sequence

import numpy as np

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn.mapping import MappedNetwork, map_network
from popbridge.bnn.network import DenseLayer, Network
from popbridge.hdl.config import MacroConfig
from popbridge.sim.job import Job

SEED = 20241123


def make_network(sizes: Sequence[int], seed: int = SEED) -> Network:
    """A network of random weights, thresholds near 0 and offsets from -3 to 3."""
    draw = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        weights = draw.choice(np.array([-1, 1], dtype=np.int8), (outputs, inputs))
        values = draw.integers(-3, 4, outputs, dtype=np.int32)
        last = len(layers) == len(sizes) - 2
        layers.append(DenseLayer(weights, **{"offsets" if last else "thresholds": values}))
    return Network("random", (sizes[0],), 128, tuple(layers))


def make_mapped(
    sizes: Sequence[int],
    rows: int = 8,
    columns: int = 64,
    votes: int = 1,
    pipelined: bool = False,
    **timing: int,
) -> MappedNetwork:
    """Such a network on macros of that many rows and columns, with those phase lengths."""
    macro = MacroConfig(rows=rows, columns=columns, votes=votes, pipelined=pipelined)
    macro = macro.replace(
        zero_dead_time_allowed=0 in timing.values(), timing=macro.timing.replace(**timing)
    )
    return map_network(make_network(sizes), macro)


def make_job(
    mapped: MappedNetwork,
    chip: int | None = None,
    images: int = 4,
    condition: str = "weak",
    seed: int = 5,
) -> Job:
    """Random images for a mapped network."""
    draw = np.random.default_rng(SEED)
    return Job(
        config=mapped.config,
        weights=tuple(layer.weights for layer in mapped.layers),
        parameters=CONDITIONS[condition],
        chip=chip,
        seed=seed,
        images=draw.integers(0, 2, (images, mapped.network.inputs), dtype=np.uint8),
    )
