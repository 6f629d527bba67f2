"""``popbridge bench``: the measured speeds, each beside something real on the same machine."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..behav.neuron.error_law import error_law
from ..behav.neuron.neuron_errors import PAPER_RATES, wrong_sign_probabilities
from ..bnn import software
from ..bnn.mapping import MappedNetwork
from ..bnn.network import DenseLayer
from ..bnn.thresholds import authors_bias_columns
from ..sim.cosim import simulate, simulator_versions
from ..sim.job import Job
from ..sim.montecarlo import run_chip
from ..study.accuracy.chip import Point, Study, physics_of
from ..study.accuracy.sweep import sweep
from ..study.jobs.workers import available_cores
from .options.selection import add_chip_options, add_network_options, selected_network
from .output import (
    add_cache_option,
    add_json_option,
    progress,
    require_writable,
    table,
    text_stream,
    write_json,
)
from .run import make_job, select_images

COSIM_IMAGES = 400
BATCH_IMAGES = 10_000
SWEEP_CHIPS = 12
PAPER_LARGEST = 25_137
"""Inputs of the largest neuron in the authors' networks; their run for it took 71,454 s."""
WIDE = 1025
"""Neurons and inputs of the single layer whose software speed is shown."""


def add_parser(commands: Any) -> None:
    """Add the subparser ``bench`` to `commands`."""
    parser = commands.add_parser(
        "bench",
        description="Measures co-simulation (Verilator, one process, a sampled chip with "
        "comparator noise), the software reference, one chip's physics without hardware beside "
        "plain float32 matrix products of the same sizes, a sweep over chips, and exact error "
        "probabilities.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_network_options(parser)
    add_chip_options(parser)
    parser.add_argument("--images", type=int, default=COSIM_IMAGES, help="images in co-simulation")
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and report."""
    require_writable(arguments.json)
    versions = simulator_versions("verilator")
    mapped = selected_network(arguments)
    result: dict[str, Any] = {
        "network": mapped.network.name,
        "cosim": _cosim(arguments, mapped),
        "software": _software(arguments, mapped),
        "montecarlo": _montecarlo(arguments, mapped),
        "errors": _errors(),
        "seed": arguments.seed,
        "versions": versions,
    }
    cosim, reference, direct = (result[name] for name in ("cosim", "software", "montecarlo"))
    rows = [
        ["co-simulation, images/s", f"{cosim['images_per_s']:,.0f}"],
        ["co-simulation, neuron evaluations/s", f"{cosim['evaluations_per_s']:,.0f}"],
        ["co-simulation, cycles/s", f"{cosim['cycles_per_s']:,.0f}"],
        ["co-simulation, peak memory, MiB", f"{cosim['peak_rss_bytes'] / 2**20:,.0f}"],
        ["build or cached start, s", f"{cosim['start_seconds']:.1f}"],
        ["software network, images/s", f"{reference['images_per_s']:,.0f}"],
        [f"software {WIDE} x {WIDE} layer, images/s", f"{reference['layer_images_per_s']:,.0f}"],
        ["chip without hardware, images/s", f"{direct['images_per_s']:,.0f}"],
        ["float32 products of its sizes, images/s", f"{direct['gemm_images_per_s']:,.0f}"],
        [f"sampling a chip and {BATCH_IMAGES:,} images, s", f"{direct['chip_seconds']:.2f}"],
        [f"sweep over {SWEEP_CHIPS} chips, chips/minute", f"{direct['chips_per_minute']:.0f}"],
        ["its largest process, MiB", f"{direct['peak_rss_bytes'] / 2**20:,.0f}"],
        [
            f"error probabilities of {PAPER_LARGEST:,} inputs at {len(PAPER_RATES)} rates, s",
            f"{result['errors']['seconds']:.2f}",
        ],
    ]
    progress("")
    print(table(["", "measured"], rows), file=text_stream(arguments.json))
    write_json(arguments.json, result)
    return 0


def _cosim(arguments: argparse.Namespace, mapped: MappedNetwork) -> dict[str, float]:
    images = select_images(mapped.network, None, arguments.images, arguments.seed)
    job = make_job(arguments, mapped, images)
    began = time.perf_counter()
    outcome = simulate(job, report=progress)
    total = time.perf_counter() - began
    neurons = sum(layer.neurons for layer in job.config.layers)
    rate = len(images) / outcome.seconds
    cycles = job.config.cycles(len(images))
    return {
        "images": len(images),
        "images_per_s": rate,
        "evaluations_per_s": rate * neurons,
        "cycles_per_s": cycles / outcome.seconds,
        "start_seconds": total - outcome.seconds,
        "peak_rss_bytes": outcome.peak_rss_bytes,
    }


def _best_rate(count: int, work: Callable[[], object]) -> float:
    """Images per second of the fastest of three runs, after one to warm up."""
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return count / min(seconds[1:])


def _errors() -> dict[str, float]:
    """Time for the authors' largest neuron: all surpluses at all rates of their tables."""
    progress("error probabilities")
    fan_in = PAPER_LARGEST + authors_bias_columns(PAPER_LARGEST)
    law, _ = error_law(6e-9)
    began = time.perf_counter()
    wrong_sign_probabilities(fan_in, law, PAPER_RATES)
    return {"seconds": time.perf_counter() - began}


def _batch(arguments: argparse.Namespace, mapped: MappedNetwork) -> Job:
    images = select_images(mapped.network, None, BATCH_IMAGES, arguments.seed)
    return make_job(arguments, mapped, images)


def _software(arguments: argparse.Namespace, mapped: MappedNetwork) -> dict[str, float]:
    progress("software network")
    bits = _batch(arguments, mapped).images
    draw = np.random.default_rng(arguments.seed)
    layer = DenseLayer(
        draw.choice(np.array([-1, 1], np.int8), (WIDE, WIDE)),
        thresholds=np.zeros(WIDE, np.int32),
    )
    wide = draw.integers(0, 2, (BATCH_IMAGES, WIDE), dtype=np.uint8)
    return {
        "images_per_s": _best_rate(len(bits), lambda: software.run(mapped.network, bits)),
        "layer_images_per_s": _best_rate(len(wide), lambda: software.layer_outputs(layer, wide)),
    }


def _montecarlo(arguments: argparse.Namespace, mapped: MappedNetwork) -> dict[str, float]:
    progress("chip without hardware")
    job = _batch(arguments, mapped)
    cores = available_cores()
    ideal = arguments.chip is None
    point = Point(condition=arguments.condition, parameters=None if ideal else job.parameters)
    began = time.perf_counter()
    chips = physics_of(mapped, point, arguments.chip or 0, job.seed, cores)
    run_chip(chips, job.config, job.images, cores)
    chip_seconds = time.perf_counter() - began
    sizes = [(layer.fan_in, layer.neurons) for layer in job.config.layers]
    factors = [
        (np.ones((len(job.images), n), np.float32), np.ones((n, m), np.float32)) for n, m in sizes
    ]
    return {
        "images_per_s": _best_rate(
            len(job.images), lambda: run_chip(chips, job.config, job.images, cores)
        ),
        "gemm_images_per_s": _best_rate(
            len(job.images), lambda: [left @ right for left, right in factors]
        ),
        "chip_seconds": chip_seconds,
        **_sweep(mapped, job, point),
    }


def _sweep(mapped: MappedNetwork, job: Job, point: Point) -> dict[str, float]:
    """Speed of ``popbridge accuracy`` on the batch, worker processes' start included."""
    progress("a sweep over chips")
    study = Study(
        network=mapped.network,
        macro=mapped.config.layers[0].macro,
        images=job.images,
        labels=np.zeros(len(job.images), np.int64),
        seed=job.seed,
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sweep(study, [point], range(SWEEP_CHIPS), folder=Path(folder))
    seconds = time.perf_counter() - began
    return {
        "chips_per_minute": 60 * SWEEP_CHIPS / seconds,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
    }
