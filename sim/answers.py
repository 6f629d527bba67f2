"""What a layer's arrays answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..behav.chip.layer import LayerChip
from ..hdl.config import Readout


@dataclass(frozen=True, eq=False)
class LayerAnswer:
    """What a layer's comparators say about one image."""

    positive: NDArray[np.bool_]
    """(M, trials), in the order of the trials."""
    resolved: NDArray[np.bool_]
    """(M, trials)."""
    answer: NDArray[np.uint16]
    """(M,): bits or codes."""


def answer_layer(chip: LayerChip, bits: NDArray[np.uint8], image: int) -> LayerAnswer:
    """All decisions of a layer for the inputs on its bit lines, bias columns included."""
    config = chip.config
    signs = bits.astype(np.float32)
    signs += signs
    signs -= config.input_top
    if config.readout is Readout.COUNT:
        codes, decisions = chip.counts(signs, image)
        return LayerAnswer(decisions > 0, decisions != 0, codes)
    positive, decisions = chip.votes(signs, image)
    return LayerAnswer(decisions > 0, decisions != 0, positive.astype(np.uint16))
