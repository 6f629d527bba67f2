"""What ``popbridge figures`` computes for those of its figures that need more than a formula."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..behav.conditions import CONDITIONS
from ..behav.parameters.energy import ENERGY
from ..bnn.catalog import find_network, shipped_test_images
from ..bnn.images import input_bits
from ..bnn.mapping import MappedNetwork, map_network
from ..figures.accuracy import accuracy_tables
from ..figures.compare import compare_tables
from ..figures.energy import energy_tables
from ..figures.tables import Tables
from ..figures.waveform import Signal, waveform_tables
from ..hdl.config import MACROS
from ..sim.cosim import simulate
from ..sim.job import Job
from ..sim.waves.analog import Probe
from ..sim.waves.traces import EvaluationTraces, Trace, read_evaluation
from ..study.crossbar.network import driven_signs
from . import accuracy, compare
from .output import progress

NETWORK = "mnist"
CONDITION = "nominal"
CHIP = 1
SEED = 1
ENERGY_IMAGES = 100
ACCURACY_WORDS = (
    NETWORK, "--chips", "5", "--ber", "0", "0.0001", "0.01", "0.05", "0.1", "0.15", "0.2", "0.25",
    "0.3", "0.35", "0.4", "0.5",
)  # fmt: skip
"""Of ``popbridge accuracy``."""
COMPARE_WORDS = (NETWORK,)
"""Of ``popbridge compare``."""
WAVEFORM_MACRO = "paper-6ns"
"""Its rows are short enough for source lines to be seen settling."""


def shipped_energy_tables() -> Tables:
    """Energy of the shipped network on a sampled chip, mean of its first test images."""
    mapped, bits = _shipped("default", ENERGY_IMAGES)
    return energy_tables(mapped, bits, CONDITIONS[CONDITION], ENERGY, CHIP)


def computed_accuracy_tables(words: Sequence[str] = ACCURACY_WORDS) -> Tables:
    """Of what ``popbridge accuracy`` computes with these words; finished chips are kept."""
    return accuracy_tables(accuracy.accuracy_result(_arguments(accuracy, words))["points"])


def computed_compare_tables(words: Sequence[str] = COMPARE_WORDS) -> Tables:
    """Of what ``popbridge compare`` computes with these words."""
    return compare_tables(compare.compare_result(_arguments(compare, words)))


def _arguments(command: Any, words: Sequence[str]) -> argparse.Namespace:
    """What the command line of a command's module makes of these words, defaults included."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    name = command.__name__.rpartition(".")[2]
    return parser.parse_args([name, *words])


def shipped_waveform_tables() -> Tables:
    """An evaluation in the middle of the first layer's scan, for the first test image."""
    mapped, bits = _shipped(WAVEFORM_MACRO, 1)
    job = Job(
        config=mapped.config,
        weights=tuple(layer.weights for layer in mapped.layers),
        parameters=CONDITIONS[CONDITION],
        chip=CHIP,
        seed=SEED,
        images=bits,
    )
    return traced_waveform_tables(job, job.config.layers[0].rows_used // 2)


def traced_waveform_tables(
    job: Job, row: int, simulator: str = "verilator", root: Path | None = None
) -> Tables:
    """One row of the first layer's macro 0 with the first image, from a real co-simulation.

    Parameters
    ----------
    job : Job
    row : int
        Number of the word line, not the first one.
    simulator, root
        As in `cosim.simulate`.
    """
    layer = job.config.layers[0]
    signs = driven_signs(layer, job.images[:1])[0]
    before, now = (signs * job.weights[0][neuron] > 0 for neuron in (row - 1, row))
    probe = Probe(layer=0, macro=0, columns=shown_columns(before, now))
    with tempfile.TemporaryDirectory(prefix="popbridge-figures-") as folder:
        waves = Path(folder) / "waves.vcd"
        simulate(job, simulator=simulator, waves=waves, probes=[probe], root=root, report=progress)
        progress("reading the waveforms")
        traces = read_evaluation(waves, layer.name, 0, row)
    return _waveform_tables(traces)


def shown_columns(before: NDArray[np.bool_], now: NDArray[np.bool_]) -> tuple[int, ...]:
    """The first column of each course: rises, falls, stays high, stays low.

    Parameters
    ----------
    before, now : ndarray of bool, shape (n,)
        Whether a column's product is +1, in the row before and in this one.
    """
    courses = ((False, True), (True, False), (True, True), (False, False))
    found = [np.flatnonzero((before == was) & (now == becomes)) for was, becomes in courses]
    return tuple(int(columns[0]) for columns in found if len(columns))


def _waveform_tables(traces: EvaluationTraces) -> Tables:
    return waveform_tables(
        {name.replace("wl", "word_line"): _signal(pin) for name, pin in traces.pins.items()},
        _signal(traces.v_p),
        _signal(traces.v_n),
        {column: _signal(line) for column, line in traces.sl.items()},
    )


def _signal(trace: Trace) -> Signal:
    return trace.times_s * 1e9, trace.values


def _shipped(macro: str, images: int) -> tuple[MappedNetwork, NDArray[np.uint8]]:
    """The shipped network on a macro, and the input bits of its first test images."""
    network = find_network(NETWORK)
    found = shipped_test_images(network)
    assert found is not None  # they are shipped with it
    return map_network(network, MACROS[macro]), input_bits(found.first(images).images, network)
