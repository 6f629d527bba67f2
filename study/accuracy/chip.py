"""One chip of a sweep: a condition, a chip number, and what it makes of a set of images."""

import functools
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.error_layer import ErrorLawLayer
from ...behav.chip.layer import LayerChip, sample_layer
from ...behav.draws import LayerKey
from ...behav.parameters.chip import ChipParameters
from ...bnn import software
from ...bnn.mapping import MappedNetwork, map_network
from ...bnn.network import Network
from ...cache import source_digest
from ...digest import digest_of
from ...errors import InputError
from ...field_types import Count, Size
from ...hdl.config import MacroConfig
from ...record import Record
from ...sim.montecarlo import ChipResult, run_chip

IDEAL = ChipParameters()
"""Of what no chip number is drawn from: an ideal layer's cells are exact whatever it says."""

RATE_IMAGES = 1000
"""Images, from the first, on which the layers' error rates are measured: each image is several
thousand neuron outputs, and checking them costs as much as the matrix products."""


class Point(Record):
    """One way to make and read chips."""

    condition: str
    """Its name, for people."""
    parameters: ChipParameters | None
    """None: ideal devices and comparators."""
    clock_ns: float | None = None
    """Time of a SIGN row, and clock period of an error law, ns; None: the macro's own timing."""
    bit_error_rate: float | None = None
    """With a rate, `error_layers` follow the published error law at it, instead of `parameters`."""
    error_layers: tuple[str, ...] = ()
    """Names of layers."""
    calibrated: bool = False
    """Whether each layer has the trims that its hardware would find, beside the error layers."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """What a sweep holds fixed."""

    network: Network
    macro: MacroConfig
    images: NDArray[np.uint8]
    """(K, N) inputs, as `bnn.images.input_bits` gives them."""
    labels: NDArray[np.int64]
    """(K,)."""
    seed: int
    """Key of the decisions' noise."""

    def __post_init__(self) -> None:
        images, labels, network = self.images, self.labels, self.network
        if images.dtype != np.uint8 or images.shape != (len(labels), network.inputs):
            raise InputError(
                f"images: found {images.dtype} of shape {images.shape}, expected uint8 of shape "
                f"{(len(labels), network.inputs)}, labels by inputs"
            )
        for name, values, largest in (
            ("images", images, network.input_top),
            ("labels", labels, network.classes - 1),
        ):
            if values.dtype.kind not in "iu" or values.ndim < 1 or values.size == 0:
                raise InputError(f"{name}: found {values.dtype}, expected at least one integer")
            if values.min() < 0 or values.max() > largest:
                raise InputError(
                    f"{name}: found {values.min()} to {values.max()}, expected 0 to {largest}"
                )

    @functools.cached_property
    def digest(self) -> str:
        """Key of all that decides the results beside point and chip, this code included."""
        return digest_of(source_digest("numpy"), RATE_IMAGES, self)

    def read_counts(self, value: Any) -> "ChipCounts":
        """What a chip did, from plain data; InputError unless it may be of this study."""
        counts = ChipCounts.from_dict(value)
        if counts.images != len(self.images):
            raise InputError(f"images: found {counts.images}, expected {len(self.images)}")
        if counts.evaluated != self.evaluated:
            raise InputError(f"evaluated: found {counts.evaluated}, expected {self.evaluated}")
        return counts

    @property
    def evaluated(self) -> tuple[int, ...]:
        """Per layer: neuron outputs on the first `RATE_IMAGES` images."""
        images = min(RATE_IMAGES, len(self.images))
        return tuple(images * layer.outputs for layer in self.network.layers)

    def packed(self) -> bytes:
        """This study as bytes, for workers; images as packed bits."""
        fields = (self.network, self.macro, self.labels, self.seed)
        count = self.network.bits_per_input
        bits = np.unpackbits(self.images[:, :, np.newaxis], axis=2, count=count, bitorder="little")
        return pickle.dumps((fields, np.packbits(bits.reshape(len(bits), -1), axis=1)))


@functools.lru_cache(maxsize=1)
def _unpacked(packed: bytes) -> Study:
    (network, macro, labels, seed), words = pickle.loads(packed)
    shape = (len(words), network.inputs, network.bits_per_input)
    bits = np.unpackbits(words, axis=1, count=shape[1] * shape[2]).reshape(shape)
    images = np.packbits(bits, axis=2, bitorder="little")[:, :, 0]
    return Study(network=network, macro=macro, images=images, labels=labels, seed=seed)


class Unit(NamedTuple):
    """One chip of one point: what a worker does in one go."""

    study: bytes
    """`Study.packed`."""
    point: Point
    chip: int
    threads: int


class ChipCounts(Record):
    """What a chip did with the images of a study; whole numbers, so that nothing is rounded."""

    images: Size
    correct: Count
    evaluated: tuple[Size, ...]
    """`Study.evaluated`."""
    wrong: tuple[Count, ...]
    """Per layer: those of them that differ from the software network's for the same inputs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.correct > self.images:
            raise InputError(f"correct: found {self.correct}, expected at most {self.images}")
        if len(self.wrong) != len(self.evaluated):
            raise InputError(f"wrong: found {self.wrong}, expected {len(self.evaluated)} counts")
        for index, (wrong, evaluated) in enumerate(zip(self.wrong, self.evaluated, strict=True)):
            if wrong > evaluated:
                raise InputError(f"wrong[{index}]: found {wrong}, expected at most {evaluated}")


def at_clock(macro: MacroConfig, clock_ns: float | None) -> MacroConfig:
    """The macro with a clock at which a SIGN row takes `clock_ns`; as it is for None."""
    if clock_ns is None:
        return macro
    period_s = clock_ns / 1e9 / macro.slot_cycles(1)
    return macro.replace(timing=macro.timing.replace(clock_period_s=period_s))


def physics_of(
    mapped: MappedNetwork, point: Point, chip: int, seed: int, threads: int = 1
) -> list[LayerChip | ErrorLawLayer]:
    """The layers of a chip of a point, as many at a time as there are threads.

    Raises
    ------
    InputError
        A value out of range, or an error layer that reads counts.
    """
    with ThreadPoolExecutor(threads) as pool:
        numbers = range(len(mapped.layers))
        return list(pool.map(lambda index: _physics(mapped, point, chip, seed, index), numbers))


def _physics(
    mapped: MappedNetwork, point: Point, chip: int, seed: int, index: int
) -> LayerChip | ErrorLawLayer:
    layer = mapped.layers[index]
    key = LayerKey(None if point.parameters is None else chip, index, seed)
    if point.bit_error_rate is not None and layer.config.name in point.error_layers:
        return ErrorLawLayer(
            layer.config,
            layer.weights,
            LayerKey(chip, index, seed),
            bit_error_rate=point.bit_error_rate,
            clock_s=(point.clock_ns or 0) / 1e9,
        )
    sampled = sample_layer(layer.config, layer.weights, point.parameters or IDEAL, key)
    return sampled.calibrated() if point.calibrated else sampled


def run_unit(unit: Unit) -> ChipCounts:
    """Make a chip and run the study's images through it."""
    study = _unpacked(unit.study)
    mapped = map_network(study.network, at_clock(study.macro, unit.point.clock_ns))
    layers = physics_of(mapped, unit.point, unit.chip, study.seed, unit.threads)
    result = run_chip(layers, mapped.config, study.images, unit.threads)
    return ChipCounts(
        images=len(study.images),
        correct=int(np.count_nonzero(result.classes == study.labels)),
        evaluated=study.evaluated,
        wrong=tuple(_wrong_outputs(study, result)),
    )


def _wrong_outputs(study: Study, result: ChipResult) -> list[int]:
    """Per layer, outputs that differ from the software's for the same inputs, on some images."""
    first = slice(RATE_IMAGES)
    answers = [of_layer[first] for of_layer in result.answers]
    inputs = [study.images[first], *(bits.astype(np.uint8) for bits in answers[:-1])]
    differing = software.neurons_differing(study.network, inputs, answers, result.scores[first])
    return [int(neurons.sum()) for neurons in differing]
