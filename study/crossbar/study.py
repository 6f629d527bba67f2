"""The bridge beside a current-summing crossbar: what ``popbridge compare`` asks and finds."""

from pathlib import Path
from typing import Annotated

from ...bnn import software
from ...bnn.images import input_bits
from ...errors import InputError
from ...field_types import Count, Limits
from ...progress import Progress, silent
from ..doubts import accuracy_doubts, condition_doubts, image_doubts, law_doubts
from ..errors import LARGEST_INPUTS
from ..images import select_images
from ..presets import find_condition
from ..request import NetworkRequest
from .comparison import LOST, Comparison, fan_in_sweep, references, spread_sweep, wire_sweep
from .result import CompareResult

DEFAULT_IMAGES = 500
MOST_CHIPS = 1000
DEFAULT_SPREADS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
DEFAULT_WIRES_OHM = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1.0, 10.0, 100.0)
LARGEST_SPREAD = 10.0
"""Of ln R: beyond, conductances leave the range of a float's usefulness."""
LARGEST_WIRE_OHM = 1000.0
"""Per cell: beyond, a line is worse than its cells, and no array is left to compare."""


class CompareRequest(NetworkRequest):
    """A network, a condition, and what is swept."""

    condition: str = "nominal"
    """A preset's name or a TOML file."""
    data: Path | None = None
    """Images; without it the shipped test images where they fit, else random ones."""
    images: int | None = None
    """How many, from the first; without it `DEFAULT_IMAGES`, or all if fewer."""
    chips: Annotated[int, Limits(1, MOST_CHIPS)] = 2
    """Chips 1 to this one are averaged."""
    seed: Count = 1
    """Key of the comparators' noise, of random images, weights and inputs."""
    spreads: tuple[Annotated[float, Limits(0, LARGEST_SPREAD)], ...] = DEFAULT_SPREADS
    """Of ln R, the same in both states, on lines without resistance."""
    wire_ohm: tuple[Annotated[float, Limits(0, LARGEST_WIRE_OHM)], ...] = DEFAULT_WIRES_OHM
    """Per cell of every line, with the condition's devices."""
    fan_ins: tuple[Annotated[int, Limits(1, LARGEST_INPUTS)], ...] = (23, 63, 255, 1127)
    """Inputs of neurons with random weights, with the condition's devices and wire."""


def compare(request: CompareRequest, progress: Progress = silent) -> CompareResult:
    """Run all three sweeps.

    Raises
    ------
    InputError
        Something of the request is not there, or does not fit the rest.
    """
    mapped = request.mapped()
    if mapped.network.bits_per_input > 1:
        raise InputError(
            f"{request.network}: found inputs of {mapped.network.bits_per_input} bits, expected "
            "1: a word line of the crossbar has one level"
        )
    parameters = find_condition(request.condition)
    images = select_images(
        mapped.network, request.data, request.images, request.seed, DEFAULT_IMAGES
    )
    bits = input_bits(images.images, mapped.network)
    labels = images.labels
    if labels is None:
        labels = software.run(mapped.network, bits).classes
    comparison = Comparison(
        mapped=mapped,
        parameters=parameters,
        images=bits,
        labels=labels,
        chips=tuple(range(1, request.chips + 1)),
        seed=request.seed,
        spreads=tuple(sorted(set(request.spreads))),
        wires_ohm=tuple(sorted(set(request.wire_ohm))),
        fan_ins=tuple(sorted(set(request.fan_ins))),
    )
    without = references(comparison, progress)
    return CompareResult(
        network=mapped.network.name,
        images=len(images),
        data=images.source,
        labels="software" if images.labels is None else "data",
        condition=request.condition,
        macro=request.macro,
        chips=comparison.chips,
        seed=request.seed,
        reference=without,
        lost=LOST,
        spread=spread_sweep(comparison, without, progress),
        wire=wire_sweep(comparison, without, progress),
        fan_in=fan_in_sweep(comparison, progress),
        warnings=(
            *image_doubts(mapped.network, images),
            *condition_doubts(request.condition, parameters),
            *law_doubts(request.condition, parameters),
            *accuracy_doubts(mapped.network, len(images), without.software),
        ),
    )
