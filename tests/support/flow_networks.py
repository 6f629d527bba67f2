"""Small networks whose Verilog is made and read back."""

import itertools

from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout


def _network(sizes, rows=3, names=None):
    layers = []
    for k, (inputs, neurons) in enumerate(itertools.pairwise(sizes)):
        bias_columns = (inputs + 1) % 2
        layers.append(
            LayerConfig(
                name=names[k] if names else f"fc{k}",
                inputs=inputs,
                bias_columns=bias_columns,
                neurons=neurons,
                readout=Readout.COUNT if k == len(sizes) - 2 else Readout.SIGN,
                macro=MacroConfig(rows=rows, columns=inputs + bias_columns + 2),
            )
        )
    return NetworkConfig(layers=tuple(layers), offsets=tuple(range(-1, sizes[-1] - 1)))


TWO_LAYERS = _network((40, 5, 3))
NETWORKS = {
    "one layer": _network((1, 1)),
    "two layers": TWO_LAYERS,
    "three layers": _network((9, 7, 4, 2), rows=2, names=("first", "second_1", "Third")),
}
CHAINED = NetworkConfig(
    layers=tuple(
        LayerConfig(
            name=f"fc{k}", inputs=inputs, bias_columns=bias_columns, neurons=neurons,
            readout=Readout.COUNT if k == 2 else Readout.SIGN,
            macro=MacroConfig(rows=3, columns=8),
        )
        for k, (inputs, bias_columns, neurons) in enumerate(((20, 3, 5), (5, 4, 4), (4, 3, 2)))
    ),
    offsets=(0, 0),
)  # fmt: skip
"""Chains of 3 arrays, of 2, and an array alone; two macros in either of the first layers."""


def _of_kind(inputs=20, bits_per_input=1, **macro):
    """Two layers on such macros, five rows each."""
    layers = tuple(
        LayerConfig(
            name=f"fc{k}", inputs=size, bias_columns=1 - size % 2, neurons=neurons,
            readout=Readout.COUNT if k else Readout.SIGN,
            bits_per_input=1 if k else bits_per_input,
            macro=MacroConfig(rows=5, columns=24, **macro),
        )
        for k, (size, neurons) in enumerate(((inputs, 7), (7, 3)))
    )  # fmt: skip
    return NetworkConfig(layers=layers, offsets=(0, 0, 0))


KINDS = NETWORKS | {
    "chained": CHAINED,
    "votes": _of_kind(votes=3),
    "bit planes": _of_kind(bits_per_input=2),
    "pipelined": _of_kind(pipelined=True),
    "trimmed": _of_kind(trim_bits=4),
    "programmable": _of_kind(programmable=True, spare_rows=2),
    "programmable and trimmed": _of_kind(programmable=True, spare_rows=1, trim_bits=3),
    "no dead time": _of_kind(zero_dead_time_allowed=True),
    "a hundred layers": _network([9, *[6] * 100]),
}
"""One network at least of each kind of register map."""
