"""What a co-simulation is given, and what comes back; both as files, since cocotb runs inside the
simulator's process."""

from __future__ import annotations

import dataclasses
import json
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..behav.chip import LayerChip, sample_layer
from ..behav.params import ChipParameters
from ..hdl.config import InputError, NetworkConfig, Readout
from ..hdl.whole_file import whole_file

_PLAIN_FIGURES = (
    "bit_error_rates",
    "slowest_settling_s",
    "unanswered",
    "calibration_cycles",
    "dropped",
    "unresolved",
    "seconds",
    "peak_rss_bytes",
    "programming",
    "programming_errors",
)
"""Fields of `Outcome` that are JSON as they are."""


def _write_arrays(path: Path, meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    text = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    with whole_file(path) as file:
        np.savez(file, meta=text, allow_pickle=False, **arrays)


def _read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return json.loads(arrays.pop("meta").tobytes()), arrays


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

    def layer_chips(self) -> list[LayerChip]:
        """The physics of each layer, calibrated if the job is."""
        chips = [
            sample_layer(layer, weights, self.parameters, self.chip, index, self.seed)
            for index, (layer, weights) in enumerate(
                zip(self.config.layers, self.weights, strict=True)
            )
        ]
        return [chip.calibrated() for chip in chips] if self.calibrate else chips

    def write(self, path: Path) -> None:
        meta = {
            "config": self.config.to_dict(),
            "parameters": self.parameters.to_dict(),
            "chip": self.chip,
            "seed": self.seed,
            "calibrate": self.calibrate,
            "program": self.program,
            "self_test": self.self_test,
        }
        weights = {f"weights{index}": matrix for index, matrix in enumerate(self.weights)}
        _write_arrays(path, meta, {"images": self.images, **weights})

    @classmethod
    def read(cls, path: Path) -> Self:
        meta, arrays = _read_arrays(path)
        config = NetworkConfig.from_dict(meta["config"])
        return cls(
            config=config,
            weights=tuple(arrays[f"weights{index}"] for index in range(len(config.layers))),
            parameters=ChipParameters.from_dict(meta["parameters"]),
            chip=meta["chip"],
            seed=meta["seed"],
            calibrate=meta["calibrate"],
            program=meta["program"],
            self_test=meta["self_test"],
            images=arrays["images"],
        )


@dataclass(frozen=True, kw_only=True)
class Meter:
    """Clock cycles of equal intervals, as counted in the simulation."""

    shortest: int
    longest: int
    first: int
    count: int


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
    unanswered: int
    """Comparator decisions that the arrays left unresolved."""
    results: NDArray[np.int64]
    """(K, 1 + classes): the packets at the output."""
    trims: list[NDArray[np.int64]]
    """Per layer (macros,): what the trim registers read after calibration, 0 without it."""
    calibration_cycles: int
    """Clock cycles of the calibration, as counted in the simulation; 0 without it."""
    scans: list[Meter]
    """Per layer: from the first word line's rise to the last one's fall."""
    image_latency: Meter
    """First image: its first beat to its result's last."""
    result_interval: Meter
    """From one result to the next."""
    dropped: int
    """The controller's count of dropped frames."""
    unresolved: int
    """The controller's count of unresolved decisions."""
    seconds: float
    """Wall time from the first image offered to the last result."""
    peak_rss_bytes: int
    """Most memory that the simulating process held."""
    programming: list[dict[str, Any]]
    """Per layer: the fields of `programming_host.LayerProgramming`; empty if not programmed."""
    programming_errors: list[str]
    """Errors of programming that the controller flagged."""

    @classmethod
    def empty(cls, job: Job, chips: Sequence[LayerChip]) -> Self:
        """Storage for a job's outcome on its chip, to be filled in."""
        count = len(job.images)
        nothing = Meter(shortest=0, longest=0, first=0, count=0)
        layers = job.config.layers
        return cls(
            inputs=[np.zeros((count, layer.inputs), np.uint8) for layer in layers],
            answers=[np.zeros((count, layer.neurons), np.uint16) for layer in layers],
            bit_error_rates=[chip.bit_error_rate for chip in chips],
            slowest_settling_s=[chip.slowest_settling_s for chip in chips],
            unanswered=0,
            results=np.zeros((count, job.config.result_beats), np.int64),
            trims=[np.zeros(layer.macros, np.int64) for layer in layers],
            calibration_cycles=0,
            scans=[nothing] * len(layers),
            image_latency=nothing,
            result_interval=nothing,
            dropped=0,
            unresolved=0,
            seconds=0.0,
            peak_rss_bytes=0,
            programming=[],
            programming_errors=[],
        )

    def write(self, path: Path) -> None:
        meta: dict[str, Any] = {
            "scans": [dataclasses.asdict(scan) for scan in self.scans],
            "image_latency": dataclasses.asdict(self.image_latency),
            "result_interval": dataclasses.asdict(self.result_interval),
        }
        for name in _PLAIN_FIGURES:
            meta[name] = getattr(self, name)
        arrays: dict[str, NDArray[Any]] = {"results": self.results}
        for name in ("inputs", "answers", "trims"):
            arrays |= {f"{name}{index}": array for index, array in enumerate(getattr(self, name))}
        _write_arrays(path, meta, arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        meta, arrays = _read_arrays(path)
        scans = [Meter(**scan) for scan in meta.pop("scans")]
        for name in ("image_latency", "result_interval"):
            meta[name] = Meter(**meta[name])
        return cls(
            inputs=[arrays[f"inputs{index}"] for index in range(len(scans))],
            answers=[arrays[f"answers{index}"] for index in range(len(scans))],
            trims=[arrays[f"trims{index}"] for index in range(len(scans))],
            results=arrays["results"],
            scans=scans,
            **meta,
        )


def peak_rss_bytes() -> int:
    """Most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def word_of_bits(bits: NDArray[Any]) -> int:
    """A vector of bits as an integer, element 0 in bit 0."""
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def word_of_levels(levels: NDArray[np.uint8], bits: int) -> int:
    """Inputs of several bits as an integer, input 0 lowest, each one's bit 0 first."""
    planes = levels[:, np.newaxis] >> np.arange(bits, dtype=np.uint8) & 1
    return word_of_bits(planes.ravel())


def bits_of_word(word: int, width: int) -> NDArray[np.uint8]:
    """The lowest `width` bits of an integer, bit 0 first."""
    kept = word & ((1 << width) - 1)
    raw = np.frombuffer(kept.to_bytes(-(-width // 8), "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=width, bitorder="little")


def result_of_beats(config: NetworkConfig, beats: int) -> NDArray[np.int64]:
    """A result packet, its first beat lowest, as signed numbers."""
    raw = beats.to_bytes(config.result_beats * 4, "little")
    return np.frombuffer(raw, dtype="<i4").astype(np.int64)


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
