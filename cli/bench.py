"""``popbridge bench``: the measured speeds, each beside something real on the same machine."""

import argparse
from typing import Any, TextIO

from ..behav.neuron.neuron_errors import PAPER_RATES
from ..study.speeds import PAPER_LARGEST, WIDE, SpeedsRequest, SpeedsResult, speeds
from .options.selection import (
    add_chip_options,
    add_network_options,
    add_request_options,
    request_of,
)
from .show.output import add_cache_option, progress, table

DESCRIPTION = (
    "Measures co-simulation (Verilator, one process, a sampled chip with "
    "comparator noise), the software reference, one chip's physics without hardware beside "
    "plain float32 matrix products of the same sizes, a sweep over chips, and exact error "
    "probabilities."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_network_options(parser)
    add_chip_options(parser)
    add_request_options(parser, SpeedsRequest, {"--images": "images in co-simulation"})
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Measure and report."""
    request = request_of(SpeedsRequest, arguments)
    result = speeds(request, progress)
    progress("")
    print(table(["", "measured"], _rows(request, result)), file=out)
    return result.to_dict(), 0


def _rows(request: SpeedsRequest, result: SpeedsResult) -> list[list[str]]:
    cosim, reference, direct = result.cosim, result.software, result.montecarlo
    batch, chips = f"{request.batch_images:,}", request.sweep_chips
    return [
        ["co-simulation, images/s", f"{cosim.images_per_s:,.0f}"],
        ["co-simulation, neuron evaluations/s", f"{cosim.evaluations_per_s:,.0f}"],
        ["co-simulation, cycles/s", f"{cosim.cycles_per_s:,.0f}"],
        ["co-simulation, peak memory, MiB", f"{cosim.peak_rss_bytes / 2**20:,.0f}"],
        ["build or cached start, s", f"{cosim.start_seconds:.1f}"],
        ["software network, images/s", f"{reference.images_per_s:,.0f}"],
        [f"software {WIDE} x {WIDE} layer, images/s", f"{reference.layer_images_per_s:,.0f}"],
        ["chip without hardware, images/s", f"{direct.images_per_s:,.0f}"],
        ["float32 products of its sizes, images/s", f"{direct.gemm_images_per_s:,.0f}"],
        [f"sampling a chip and {batch} images, s", f"{direct.chip_seconds:.2f}"],
        [f"sweep over {chips} chips, chips/minute", f"{direct.chips_per_minute:.0f}"],
        ["its largest process, MiB", f"{direct.peak_rss_bytes / 2**20:,.0f}"],
        [
            f"error probabilities of {PAPER_LARGEST:,} inputs at {len(PAPER_RATES)} rates, s",
            f"{result.errors.seconds:.2f}",
        ],
    ]
