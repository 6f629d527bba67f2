"""The tables of drawings that need more than a formula, each computed by a study."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..behav.conditions import CONDITIONS
from ..behav.parameters.energy import ENERGY
from ..bnn.catalog import find_network, shipped_test_images
from ..bnn.images import input_bits
from ..bnn.mapping import MappedNetwork, map_network
from ..hdl.config import MACROS
from ..progress import Progress, silent
from ..sim.cosim import SimulationOptions, simulate
from ..sim.job import Job
from ..sim.waves.analog import Probe
from ..sim.waves.traces import Trace, read_evaluation
from ..study.accuracy.study import AccuracyRequest, accuracy
from ..study.crossbar.network import driven_signs
from ..study.crossbar.study import CompareRequest, compare
from ..study.errors import ErrorsRequest, errors
from .accuracy import accuracy_tables
from .compare import compare_tables
from .energy import energy_tables
from .errors import errors_tables
from .tables import Tables
from .waveform import Signal, waveform_tables

NETWORK = "mnist"
CONDITION = "nominal"
CHIP = 1
SEED = 1
ENERGY_IMAGES = 100
PAPER_INPUTS = (1025, 3465, 4617, 6921, 13833, 25137)
"""Inputs of the neurons in the source paper's networks [P]; bias columns come on top."""
PAPER_RATES = (0.0, 0.01, 0.1, 0.3)
ACCURACY_RATES = (0.0, 1e-4, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
WAVEFORM_MACRO = "paper-6ns"
"""Its rows are short enough for source lines to be seen settling."""


def paper_errors_tables(
    progress: Progress = silent, inputs: Sequence[int] = PAPER_INPUTS
) -> Tables:
    """Error probabilities of the source paper's neurons."""
    requests = [ErrorsRequest(inputs=count, clock_ns=6.0, ber=PAPER_RATES) for count in inputs]
    return errors_tables([errors(request) for request in requests])


def shipped_energy_tables(progress: Progress = silent) -> Tables:
    """Energy of the shipped network on a sampled chip, mean of its first test images."""
    mapped, bits = _shipped("default", ENERGY_IMAGES)
    return energy_tables(mapped, bits, CONDITIONS[CONDITION], ENERGY, CHIP)


def computed_accuracy_tables(progress: Progress = silent) -> Tables:
    """Accuracy of the shipped network over bit error rates; finished chips are kept."""
    request = AccuracyRequest(network=NETWORK, chips=5, ber=ACCURACY_RATES)
    return accuracy_tables(accuracy(request, progress))


def computed_compare_tables(progress: Progress = silent) -> Tables:
    """Bridge and crossbar with the shipped network, over the default sweeps."""
    return compare_tables(compare(CompareRequest(network=NETWORK), progress))


def shipped_waveform_tables(progress: Progress = silent) -> Tables:
    """An evaluation in the middle of the first layer's scan, for the first test image."""
    mapped, bits = _shipped(WAVEFORM_MACRO, 1)
    job = Job(
        config=mapped.config,
        weights=mapped.weights,
        parameters=CONDITIONS[CONDITION],
        chip=CHIP,
        seed=SEED,
        images=bits,
    )
    return traced_waveform_tables(job, job.config.layers[0].rows_used // 2, progress)


def traced_waveform_tables(
    job: Job, row: int, progress: Progress = silent, simulator: str = "verilator"
) -> Tables:
    """One row of the first layer's macro 0 with the first image, from a real co-simulation.

    `row` is the number of the word line, not the first one.
    """
    layer = job.config.layers[0]
    signs = driven_signs(layer, job.images[:1])[0]
    before, now = (signs * job.weights[0][neuron] > 0 for neuron in (row - 1, row))
    probe = Probe(layer=0, macro=0, columns=shown_columns(before, now))
    with tempfile.TemporaryDirectory(prefix="popbridge-figures-") as folder:
        waves = Path(folder) / "waves.vcd"
        options = SimulationOptions(probes=[probe], progress=progress)
        simulate(job, simulator=simulator, waves=waves, options=options)
        progress("reading the waveforms")
        traces = read_evaluation(waves, layer.name, 0, row)
    return waveform_tables(
        {name.replace("wl", "word_line"): _signal(pin) for name, pin in traces.pins.items()},
        _signal(traces.v_p),
        _signal(traces.v_n),
        {column: _signal(line) for column, line in traces.sl.items()},
    )


def shown_columns(before: NDArray[np.bool_], now: NDArray[np.bool_]) -> tuple[int, ...]:
    """The first column of each course: rises, falls, stays high, stays low.

    `before` and `now`, (n,), say whether a column's product is +1, in the row before and in this.
    """
    courses = ((False, True), (True, False), (True, True), (False, False))
    found = [np.flatnonzero((before == was) & (now == becomes)) for was, becomes in courses]
    return tuple(int(columns[0]) for columns in found if len(columns))


def _signal(trace: Trace) -> Signal:
    return trace.times_s * 1e9, trace.values


def _shipped(macro: str, images: int) -> tuple[MappedNetwork, NDArray[np.uint8]]:
    """The shipped network on a macro, and the input bits of its first test images."""
    network = find_network(NETWORK)
    found = shipped_test_images(network)
    assert found is not None  # they are shipped with it
    return map_network(network, MACROS[macro]), input_bits(found.first(images).images, network)
