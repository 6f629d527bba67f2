"""What a co-simulation is given, and what comes back; both as files, since cocotb runs inside the
simulator's process."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..behav.chip.drawn import DrawnLayer, draw_layer
from ..behav.chip.layer import LayerChip
from ..behav.draws import LayerKey
from ..behav.parameters.chip import ChipParameters
from ..errors import InputError
from ..hdl.config import NetworkConfig
from .simulators.job_folder import read_arrays, write_arrays

_PLAIN = ("chip", "seed", "calibrate", "program", "self_test")
"""Fields of `Job` that are JSON as they are."""


@dataclass(frozen=True, eq=False)
class Job:
    """One co-simulation: hardware, chip and images."""

    config: NetworkConfig
    weights: tuple[NDArray[np.int8], ...]
    """Per layer (M, n) of +-1, bias columns included."""
    parameters: ChipParameters
    chip: int | None
    """Number of the chip, None for the ideal one."""
    seed: int
    """Key of the decisions' noise."""
    images: NDArray[np.uint8]
    """(K, N) inputs: 0 or 1; with k bits per input 0 to 2^k - 1."""
    calibrate: bool = False
    """Whether the hardware calibrates its comparators before the images, and once programmed."""
    program: bool = False
    """Whether the arrays start blank and the controller programs them first."""
    self_test: bool = False
    """Whether patterns are written before the weights."""

    def __post_init__(self) -> None:
        if self.calibrate and not self.config.calibration_cycles:
            raise InputError("trim_bits: found 0, expected at least 1 to calibrate with")

    def key(self, index: int) -> LayerKey:
        """Of the draws of a layer."""
        return LayerKey(self.chip, index, self.seed)

    @functools.cached_property
    def drawn_layers(self) -> list[DrawnLayer]:
        """Each layer as drawn: once, whoever looks at it."""
        layers = zip(self.config.layers, self.weights, strict=True)
        return [
            draw_layer(layer, weights, self.parameters, self.key(index))
            for index, (layer, weights) in enumerate(layers)
        ]

    def layer_chips(self) -> list[LayerChip]:
        """The physics of each layer, calibrated if the job is."""
        return self.chips_of(self.drawn_layers)

    def chips_of(self, layers: Sequence[DrawnLayer]) -> list[LayerChip]:
        """The physics of other layers in place of `drawn_layers`."""
        chips = [LayerChip(drawn) for drawn in layers]
        return [chip.calibrated() for chip in chips] if self.calibrate else chips

    def write(self, path: Path) -> None:
        meta = {"config": self.config.to_dict(), "parameters": self.parameters.to_dict()}
        meta |= {name: getattr(self, name) for name in _PLAIN}
        weights = {f"weights{index}": matrix for index, matrix in enumerate(self.weights)}
        write_arrays(path, meta, {"images": self.images, **weights})

    @classmethod
    def read(cls, path: Path) -> Self:
        meta, arrays = read_arrays(path)
        config = NetworkConfig.from_dict(meta["config"])
        return cls(
            config=config,
            weights=tuple(arrays[f"weights{index}"] for index in range(len(config.layers))),
            parameters=ChipParameters.from_dict(meta["parameters"]),
            images=arrays["images"],
            **{name: meta[name] for name in _PLAIN},
        )
