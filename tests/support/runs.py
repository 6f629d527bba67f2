"""Runs of a small network, as requests from Python."""

import numpy as np

from popbridge.bnn.network_file import write_network
from popbridge.hdl.config import MacroConfig
from popbridge.study.run.request import RunRequest


def small_request(folder, network, macro=None, **choices):
    """A request of a run in Amaranth's simulator, its files in `folder`."""
    write_network(network, folder / "small.npz")
    macro = MacroConfig(rows=8, columns=40) if macro is None else macro
    (folder / "macro.toml").write_text(macro.to_toml())
    choices = {"simulator": "pysim", "images": 2} | choices
    return RunRequest(
        network=str(folder / "small.npz"), macro=str(folder / "macro.toml"), **choices
    )


def labelled_request(folder, network):
    """24 labelled images on a bad chip whose clock is too fast for some phases."""
    draw = np.random.default_rng(11)
    shape = (24, *network.input_shape)
    images = draw.integers(0, 256, shape, dtype=np.uint8)
    labels = draw.integers(0, network.layers[-1].outputs, 24)
    np.savez(folder / "labelled.npz", images=images, labels=labels)
    macro = MacroConfig(rows=8, columns=40)
    macro = macro.replace(timing=macro.timing.replace(clock_period_s=1e-9))
    chosen = {"data": folder / "labelled.npz", "images": None, "chip": 3, "condition": "weak"}
    return small_request(folder, network, macro, **chosen)


def with_confusion(result, matrix, not_counted=0):
    """Make a run one of as many images as there are in a matrix, and some of no class."""
    images = sum(map(sum, matrix)) + not_counted
    right = sum(row[index] for index, row in enumerate(matrix))
    result["images"] = images
    for network in ("software", "hardware"):
        result["confusion"][network] = matrix
        result["accuracy"][network] = right / images
    for layer in result["layers"]:
        layer |= {"evaluations": layer["neurons"] * images, "worst_neurons": []}
        layer["bits_differing"] = min(layer["bits_differing"], layer["evaluations"])
