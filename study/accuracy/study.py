"""Many chips at many conditions: what ``popbridge accuracy`` asks and finds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from ...bnn import software
from ...bnn.images import input_bits
from ...bnn.mapping import MappedNetwork, map_network
from ...bnn.network import Network
from ...errors import InputError
from ...field_types import LARGEST, ClockNanoseconds, Count, Limits, Size, SupplyVolt
from ...hdl.config import MacroConfig
from ...progress import Progress, silent
from ...sim.cosim import BUILD_FOLDER, simulator_versions
from ..doubts import accuracy_doubts, condition_doubts, image_doubts
from ..images import select_images
from ..jobs.workers import Workers
from ..request import NetworkRequest
from .chip import Point, Study, at_clock
from .points import (
    IDEAL,
    PAPER_CLOCK_NS,
    clock_of,
    combinations,
    conditions_of,
    layers_with_errors,
    notes_of,
)
from .result import AccuracyResult, ChipsResult, PointResult
from .sweep import summary, sweep


class AccuracyRequest(NetworkRequest):
    """A network, chips, and the points at which they are made and read.

    Points are all combinations of `condition`, `clock_ns`, `vdd` and `ber`; what is empty is left
    as the macro and the condition have it.
    """

    condition: tuple[str, ...] = ()
    """Presets' names, TOML files or ``ideal``; if empty nominal, or ideal with `ber`."""
    clock_ns: tuple[ClockNanoseconds, ...] = ()
    """Times of a row, and clocks of the error law, there `PAPER_CLOCK_NS` if empty."""
    vdd: tuple[SupplyVolt, ...] = ()
    """Supplies, V."""
    ber: tuple[Annotated[float, Limits(0, 0.5)], ...] = ()
    """Bit error rates at which `layers` follow the published error law."""
    layers: tuple[str, ...] = ()
    """Names; if empty the sign layers fed by hidden activations."""
    data: Path | None = None
    """Labelled images; without it the shipped test images."""
    images: int | None = None
    """How many, from the first; all without it."""
    chips: Size = 10
    """Per point."""
    first_chip: Count = 1
    """Number of the first chip; the others follow it."""
    calibrate: bool = False
    """Whether every chip runs once more, calibrated as its hardware would do it."""
    seed: Count = 1
    """Key of the comparators' noise."""
    workers: Size | None = None
    """Processes; one per core without it."""
    scheduler: str | None = None
    """Address of a Dask scheduler, whose cluster does the work."""
    folder: Path = BUILD_FOLDER / "accuracy"
    """Where finished chips are kept."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers and not self.ber:
            raise InputError("layers: found without --ber, expected both or neither")
        last = self.first_chip + self.chips - 1
        if last > LARGEST:
            raise InputError(f"chips: found a last chip of {last}, expected at most {LARGEST}")


def accuracy(request: AccuracyRequest, progress: Progress = silent) -> AccuracyResult:
    """Sweep, or take what an earlier sweep has left.

    Raises
    ------
    InputError
        Something of the request is not there, or does not fit the rest.
    """
    mapped = _mapped(request)
    points = _points(request, mapped)
    calibrated = [point.replace(calibrated=True) for point in points if request.calibrate]
    images = select_images(mapped.network, request.data, request.images, 0, None)
    if images.labels is None:
        raise InputError(f"{images.source}: found no labels, expected labelled images")
    study = Study(
        network=mapped.network,
        macro=mapped.config.layers[0].macro,
        images=input_bits(images.images, mapped.network),
        labels=images.labels,
        seed=request.seed,
    )
    counts = sweep(
        study,
        [*points, *calibrated],
        range(request.first_chip, request.first_chip + request.chips),
        folder=request.folder,
        workers=Workers(count=request.workers, scheduler=request.scheduler),
        progress=progress,
    )
    names = [layer.name for layer in mapped.config.layers]
    found = [summary(of_chips, names) for of_chips in counts]
    trimmed = [*found[len(points) :], *[None] * len(points)]
    reference = software.run(mapped.network, study.images)
    reference_accuracy = software.accuracy(reference.classes, study.labels)
    return AccuracyResult(
        network=mapped.network.name,
        images=len(images),
        data=images.source,
        macro=request.macro,
        software_accuracy=reference_accuracy,
        first_chip=request.first_chip,
        points=tuple(
            _point_result(point, study.macro, alone, beside)
            for point, alone, beside in zip(points, found, trimmed, strict=False)
        ),
        seed=request.seed,
        versions=simulator_versions("pysim"),
        notes=notes_of(points),
        warnings=(
            *image_doubts(mapped.network, images),
            *_doubts_of(points, mapped.network),
            *accuracy_doubts(mapped.network, len(images), reference_accuracy),
        ),
    )


def _doubts_of(points: Sequence[Point], network: Network) -> list[str]:
    """Of the conditions, each once; those of error laws are among the notes."""
    doubts = [
        doubt
        for point in points
        if point.parameters is not None
        for doubt in condition_doubts(point.condition, point.parameters, network)
    ]
    return list(dict.fromkeys(doubts))


def _mapped(request: AccuracyRequest) -> MappedNetwork:
    mapped = request.mapped()
    for clock_ns in request.clock_ns:
        map_network(mapped.network, at_clock(mapped.config.layers[0].macro, clock_ns))
    if request.calibrate and not mapped.config.calibration_cycles:
        raise InputError(
            f"calibrate: found macro {request.macro}, expected one with trim_bits "
            "(popbridge presets trimmed)"
        )
    return mapped


def _points(request: AccuracyRequest, mapped: MappedNetwork) -> list[Point]:
    by_rate = bool(request.ber)
    names = request.condition or (IDEAL if by_rate else "nominal",)
    return combinations(
        conditions_of(names),
        request.clock_ns or ((PAPER_CLOCK_NS,) if by_rate else ()),
        request.vdd,
        request.ber,
        layers_with_errors(mapped, request.layers) if by_rate else (),
    )


def _point_result(
    point: Point, macro: MacroConfig, found: ChipsResult, calibrated: ChipsResult | None
) -> PointResult:
    return PointResult(
        **vars(found),
        condition=point.condition,
        clock_ns=clock_of(point, macro),
        vdd_v=None if point.parameters is None else point.parameters.bridge.vdd_v,
        ber=point.bit_error_rate,
        error_layers=point.error_layers,
        calibrated=calibrated,
    )
