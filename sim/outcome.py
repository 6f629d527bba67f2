"""What a simulation gives."""

import dataclasses
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..behav.chip.layer import LayerChip
from ..hdl.config import NetworkConfig
from .job import Job
from .simulators.job_folder import read_arrays, write_arrays

_PER_LAYER = ("inputs", "answers", "trims")
"""Fields of `Outcome` that are a list of arrays."""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """Clock cycles of equal intervals, as counted in the simulation."""

    shortest: int = 0
    longest: int = 0
    first: int = 0
    count: int = 0


@dataclass(eq=False, kw_only=True)
class Outcome:
    """What a co-simulation saw at the controller's pins and ports."""

    inputs: list[NDArray[np.uint8]]
    """Per layer (K, N): the inputs on its bit lines, of all bit planes."""
    answers: list[NDArray[np.uint16]]
    """Per layer (K, M): what the arrays answered: bits (SIGN) or codes (COUNT)."""
    bit_error_rates: list[float]
    """Per layer: share of the chip's products that are wrong."""
    slowest_settling_s: list[float]
    """Per layer: time that the chip's slowest source line needs, s."""
    unanswered: int = 0
    """Comparator decisions that the arrays left unresolved."""
    results: NDArray[np.int64]
    """(K, 1 + classes): the packets at the output."""
    trims: list[NDArray[np.int64]]
    """Per layer (macros,): what the trim registers read after calibration, 0 without it."""
    calibration_cycles: int = 0
    """Clock cycles of the calibration, as counted in the simulation; 0 without it."""
    scans: list[Meter]
    """Per layer: from the first word line's rise to the last one's fall."""
    image_latency: Meter = Meter()
    """First image: its first beat to its result's last."""
    result_interval: Meter = Meter()
    """From one result to the next."""
    dropped: int = 0
    """The controller's count of dropped frames."""
    unresolved: int = 0
    """The controller's count of unresolved decisions."""
    seconds: float = 0.0
    """Wall time from the first image offered to the last result."""
    peak_rss_bytes: int = 0
    """Most memory that the simulating process held."""
    programming: list[dict[str, Any]] = field(default_factory=list)
    """Per layer: the fields of `host.programming.LayerProgramming`; empty if not programmed."""
    programming_errors: list[str] = field(default_factory=list)
    """Errors of programming that the controller flagged."""

    @classmethod
    def empty(cls, job: Job, chips: Sequence[LayerChip]) -> Self:
        """Storage for a job's outcome on its chip, to be filled in."""
        count = len(job.images)
        layers = job.config.layers
        return cls(
            inputs=[np.zeros((count, layer.inputs), np.uint8) for layer in layers],
            answers=[np.zeros((count, layer.neurons), np.uint16) for layer in layers],
            bit_error_rates=[chip.bit_error_rate for chip in chips],
            slowest_settling_s=[chip.slowest_settling_s for chip in chips],
            results=np.zeros((count, job.config.result_beats), np.int64),
            trims=[np.zeros(layer.macros, np.int64) for layer in layers],
            scans=[Meter()] * len(layers),
        )

    def write(self, path: Path) -> None:
        meta = dataclasses.asdict(self)
        arrays: dict[str, NDArray[Any]] = {"results": meta.pop("results")}
        for name in _PER_LAYER:
            arrays |= {f"{name}{index}": array for index, array in enumerate(meta.pop(name))}
        write_arrays(path, meta, arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        meta, arrays = read_arrays(path)
        meta["scans"] = [Meter(**scan) for scan in meta["scans"]]
        for name in ("image_latency", "result_interval"):
            meta[name] = Meter(**meta[name])
        for name in _PER_LAYER:
            meta[name] = [arrays[f"{name}{index}"] for index in range(len(meta["scans"]))]
        return cls(results=arrays["results"], **meta)


def peak_rss_bytes() -> int:
    """Most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def result_of_beats(config: NetworkConfig, beats: int) -> NDArray[np.int64]:
    """A result packet, its first beat lowest, as signed numbers."""
    raw = beats.to_bytes(config.result_beats * 4, "little")
    return np.frombuffer(raw, dtype="<i4").astype(np.int64)
