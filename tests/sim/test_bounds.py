"""What a network file and a macro's file can say is built, or refused when it is read."""

import itertools

import numpy as np
import pytest

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn.mapping import map_network
from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import read_network, write_network
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from popbridge.hdl.controller.controller import NetworkController
from popbridge.sim import cosim
from popbridge.sim.job import Job

pytestmark = pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")
WORD = 2**31 - 1


def accepts(make):
    """Whether something is made; a refusal is one line."""
    try:
        make()
    except InputError as error:
        assert "\n" not in str(error)
        return False
    return True


def network_of(sizes, bits=1, offsets=None):
    """All weights +1, thresholds 0."""
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        values = np.zeros(outputs, dtype=np.int32)
        if len(layers) == len(sizes) - 2:
            values = values if offsets is None else np.array(offsets, dtype=np.int32)
            layers.append(DenseLayer(np.ones((outputs, inputs), dtype=np.int8), offsets=values))
        else:
            layers.append(DenseLayer(np.ones((outputs, inputs), dtype=np.int8), values))
    return Network("bounds", (sizes[0],), 128, tuple(layers), bits)


def changed_offset(path, offset):
    """The file with another offset of its only class."""
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["layer0_offset"] = np.array([offset], dtype=np.int32)
    np.savez(path, **arrays)


def configured(inputs, offset):
    """The hardware of one class whose score is 2m - n + offset - n_b."""
    parity = (inputs + 1) % 2
    layer = LayerConfig(
        name="layer0", inputs=inputs, bias_columns=parity, neurons=1, readout=Readout.COUNT
    )
    return NetworkController(NetworkConfig(layers=(layer,), offsets=(offset - parity,)))


@pytest.mark.parametrize("inputs", [1, 2, 3, 4, 7, 8, 15, 16, 127, 128])
def test_the_reader_takes_the_offsets_that_the_hardware_takes(inputs, tmp_path):
    path = tmp_path / "network.npz"
    write_network(network_of((inputs, 1)), path)
    parity = (inputs + 1) % 2
    largest_code = 2 ** len(f"{inputs + parity:b}") - 1
    taken = []
    for near in (-WORD + largest_code, WORD - largest_code):
        for offset in range(max(near - 3, -WORD - 1), min(near + 3, WORD) + 1):
            changed_offset(path, offset)
            fits = abs(offset - parity) + largest_code <= WORD
            assert accepts(lambda: read_network(path)) == fits, offset
            assert accepts(lambda o=offset: configured(inputs, o)) == fits, offset
            taken += [offset] if fits else []
    assert len(taken) == 8  # four on each side, give or take the parity column's
    for offset in (min(taken), max(taken)):
        changed_offset(path, offset)
        mapped = map_network(read_network(path), MacroConfig(rows=1, columns=inputs + parity))
        images = np.array([[0] * inputs, [1] * inputs], dtype=np.uint8)
        job = Job(
            config=mapped.config,
            weights=mapped.weights,
            parameters=CONDITIONS["weak"],
            chip=None,
            seed=1,
            images=images,
        )
        outcome = cosim.simulate(job, simulator="pysim")
        assert outcome.results[:, 1].tolist() == [offset - inputs, offset + inputs]


NETWORKS = [
    ((65_503, 1), 1, True),
    ((65_504, 1), 1, True),  # 2,047 beats
    ((65_505, 1), 1, False),
    ((8_188, 1, 1), 8, True),
    ((8_189, 1, 1), 8, False),
    ((1, 65_535, 1), 1, True),
    ((1, 65_536, 1), 1, False),
    ((1, 2_046), 1, True),  # a word each, and one for the class
    ((1, 2_047), 1, False),
    ((2, 2), 2, False),  # counts of inputs of several bits
    ((1,) * 501, 1, True),
    ((1,) * 502, 1, False),
]


@pytest.mark.parametrize(("sizes", "bits", "good"), NETWORKS)
def test_sizes_are_built_or_refused(sizes, bits, good, tmp_path):
    path = tmp_path / "network.npz"
    if good:
        write_network(network_of(sizes, bits), path)
        network = read_network(path)
        # The fewest bias columns, on macros that fit: what no other choice could mend.
        fewest = {
            name: (layer.inputs + 1) % 2
            for name, layer in zip(network.layer_names[:-1], network.layers, strict=False)
        }
        mapped = map_network(network, MacroConfig(rows=65_535, columns=1), fewest)
        assert accepts(lambda: NetworkController(mapped.config))
    else:
        # The reader makes the same object of what it finds.
        with pytest.raises(InputError, match=r"^[^\n]*: found [^\n]*, expected [^\n]*$"):
            network_of(sizes, bits)


MACROS = {
    "rows": (1, 65_535, 65_536),
    "columns": (1, 65_535, 65_536),
    "votes": (1, 65_535, 65_537),
    "trim_bits": (0, 12, 13),
    "trim_strobes": (1, 255, 257),
}
"""Least, most, and one too many."""


@pytest.mark.parametrize("name", MACROS)
def test_macros_are_built_or_refused(name, tmp_path):
    least, most, beyond = MACROS[name]

    def build(value, programmable):
        (tmp_path / "macro.toml").write_text(f"{name} = {value}\nprogrammable = {programmable}\n")
        macro = MacroConfig.from_toml(tmp_path / "macro.toml")
        NetworkController(map_network(network_of((3, 1, 1)), macro).config)

    for programmable in ("false", "true"):
        assert accepts(lambda p=programmable: build(least, p))
        # One column array of 65,535 takes the read-back's inputs beyond a bus.
        read_back = name == "columns" and programmable == "true"
        assert accepts(lambda p=programmable: build(most, p)) != read_back
        assert not accepts(lambda p=programmable: build(beyond, p))
