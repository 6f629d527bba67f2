"""Whole networks straight from the physics: no hardware, all images at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..behav.chip.error_layer import ErrorLawLayer
from ..behav.chip.layer import LayerChip
from ..hdl.config import NetworkConfig, Readout
from ..hdl.config.laws import corrected_code, score_of_code

CHUNK_IMAGES = 1024
"""Images per matrix product: keeps memory flat however many images there are."""


@dataclass(frozen=True, eq=False)
class ChipResult:
    """What a chip answers, the same bits as in co-simulation."""

    answers: tuple[NDArray[np.uint16], ...]
    """Per layer (K, M): bits (SIGN) or codes (COUNT)."""
    scores: NDArray[np.int64]
    """(K, classes), offsets included."""
    classes: NDArray[np.int64]
    """(K,): the first largest score."""


def run_chip(
    chips: Sequence[LayerChip | ErrorLawLayer],
    config: NetworkConfig,
    images: NDArray[np.uint8],
    threads: int = 1,
) -> ChipResult:
    """Run images through all layers of a chip.

    Parameters
    ----------
    chips : sequence of LayerChip or ErrorLawLayer
        One per layer; the last one a LayerChip.
    config : NetworkConfig
    images : ndarray of uint8, shape (K, N)
        Inputs. Image k is evaluation number k, as in co-simulation.
    threads : int
        Chunks of images that are worked on at once. The result does not depend on it.
    """
    starts = range(0, len(images), CHUNK_IMAGES)

    def part(first: int) -> list[NDArray[np.uint16]]:
        return _run_chunk(chips, images[first : first + CHUNK_IMAGES], first)

    # A thread per chunk, each with one BLAS thread: the rest of the work is spread, too.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(part, starts))
    answers = tuple(np.concatenate(layer) for layer in zip(*parts, strict=True))
    codes, bits = answers[-1].astype(np.int64), config.layers[-1].count_bits
    if isinstance(chips[-1], LayerChip):
        codes = corrected_code(codes, chips[-1].neuron_trims(), bits)
    scores = score_of_code(codes, bits) + np.array(config.offsets)
    return ChipResult(answers, scores, scores.argmax(axis=1))


def _run_chunk(
    chips: Sequence[LayerChip | ErrorLawLayer], bits: NDArray[np.uint8], first: int
) -> list[NDArray[np.uint16]]:
    numbers = np.arange(first, first + len(bits))
    answers: list[NDArray[np.uint16]] = []
    for chip in chips:
        config = chip.config
        signs = np.full((len(bits), config.fan_in), config.input_top, dtype=np.float32)
        np.multiply(bits, 2, out=signs[:, : config.inputs], dtype=np.float32)
        signs[:, : config.inputs] -= config.input_top
        if isinstance(chip, LayerChip) and chip.config.readout is Readout.COUNT:
            answers.append(chip.counts(signs, numbers)[0])
        else:
            bits = chip.signs(signs, numbers).view(np.uint8)
            answers.append(bits.astype(np.uint16))
    return answers
