"""The table of cells: a network computed from its lines alone."""

import csv
import dataclasses
import io
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.draws import LayerKey
from popbridge.bnn.mapping import map_network
from popbridge.flow.emit.cells import cells_csv
from popbridge.hdl.config import MacroConfig

REPOSITORY = Path(__file__).parents[3]
MACRO = MacroConfig(rows=4, columns=16, spare_rows=1)


def scores_of(text, offsets, values, top):
    """Scores of one image by columns, from the table alone: `values` are its inputs."""
    layers = defaultdict(dict)
    for line in csv.DictReader(io.StringIO(text)):
        layers[line["layer"]][int(line["neuron"])] = line["cells"]
    *_, last = layers
    for name, rows in layers.items():
        sums = []
        for neuron in range(len(rows)):
            columns = [*values, *[top] * (len(rows[neuron]) - len(values))]
            terms = zip(rows[neuron], columns, strict=True)
            sums.append(sum(value if cell == "1" else -value for cell, value in terms))
        if name == last:
            return [total + offset for total, offset in zip(sums, offsets, strict=True)]
        values, top = [1 if total > 0 else -1 for total in sums], 1
    return None


@pytest.mark.parametrize("bits", [1, 2])
def test_the_table_alone_gives_the_network(make_network, bits):
    network = dataclasses.replace(make_network((21, 8, 5, 3)), bits_per_input=bits)
    if bits > 1:
        # Thresholds that bias columns of 3 can hold.
        first, *others = network.layers
        exact = (1 - 3 * np.array([0, 2, -2, 4, 0, -4, 2, 0])).astype(np.int32)
        layers = (dataclasses.replace(first, thresholds=exact), *others)
        network = dataclasses.replace(network, layers=layers)
    mapped = map_network(network, MACRO, {"layer0": 22} if bits > 1 else None)
    assert mapped.saturated == 0
    text = cells_csv(mapped.config, mapped.weights)
    draw = np.random.default_rng(3)
    seen = set()
    for _ in range(20):
        values = 2 * draw.integers(0, 2**bits, 21) - (2**bits - 1)
        found = scores_of(text, mapped.config.offsets, values.tolist(), 2**bits - 1)
        signs = values
        for layer in network.layers[:-1]:
            signs = np.where(layer.weights.astype(int) @ signs >= layer.thresholds, 1, -1)
        last = network.layers[-1]
        assert found == (last.weights.astype(int) @ signs + last.offsets).tolist()
        seen.add(tuple(found))
    assert len(seen) > 5


def test_every_neuron_is_where_the_arrays_look_for_it(make_network):
    """A neuron a line; rows from 0 in each macro, none beyond those that hold neurons."""
    mapped = map_network(make_network((21, 8, 5, 3)), MACRO)
    lines = list(csv.DictReader(io.StringIO(cells_csv(mapped.config, mapped.weights))))
    places = [(line["layer"], int(line["macro"]), int(line["row"])) for line in lines]
    # Three rows for neurons: 8 are shared out 3, 3, 2; 5 are 3, 2.
    assert places == [
        (layer, macro, row)
        for layer, shares in (("layer0", (3, 3, 2)), ("layer1", (3, 2)), ("layer2", (3,)))
        for macro, share in enumerate(shares)
        for row in range(share)
    ]
    assert [int(line["neuron"]) for line in lines] == [*range(8), *range(5), *range(3)]


def test_the_reader_of_the_page(make_network, tmp_path, monkeypatch):
    """docs/hardware.md has a few lines that read the table."""
    mapped = map_network(make_network((21, 8, 5, 3)), MACRO)
    (tmp_path / "popbridge_cells.csv").write_text(cells_csv(mapped.config, mapped.weights))
    monkeypatch.chdir(tmp_path)
    page = (REPOSITORY / "docs" / "hardware.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names = {}
    exec(code, names)
    assert len(names["cells"]) == 8 + 5 + 3
    # Neuron 4 of layer 0, in macros of three rows each.
    assert names["cells"]["layer0", 1, 1] == mapped.layers[0].weights[4].tolist()


def test_an_ideal_array_with_these_cells_decides_as_its_rows_sum(make_network):
    """The physics' own decision for each row beside the sum of the row's line."""
    mapped = map_network(make_network((21, 8, 3)), MACRO)
    rows = [
        line
        for line in csv.DictReader(io.StringIO(cells_csv(mapped.config, mapped.weights)))
        if line["layer"] == "layer0"
    ]
    chip = sample_layer(
        mapped.config.layers[0], mapped.layers[0].weights, CONDITIONS["nominal"], LayerKey(None)
    )
    columns = np.random.default_rng(4).choice(
        np.array([-1, 1], np.int8), (6, len(rows[0]["cells"]))
    )
    columns[:, 21:] = 1
    decided = chip.signs(columns, np.arange(6))
    cells = np.array([[1 if cell == "1" else -1 for cell in line["cells"]] for line in rows])
    assert (decided == (columns @ cells.T > 0)).all() and len({*decided.ravel().tolist()}) == 2
