"""What makes a result doubtful: sentences for its `warnings`, which its command prints, too."""

from collections.abc import Sequence

from ..behav.neuron.error_law import error_law
from ..behav.parameters.chip import ChipParameters
from ..bnn.images import ImageSet, input_bits
from ..bnn.network import Network

ENOUGH_IMAGES = 20
"""With fewer an accuracy says little, and none is told to be a guess's."""
COLDEST_K = 150.0
"""Below, a storage temperature is more likely one in degrees Celsius."""
LARGEST_PART = 0.25
"""Of the supply, as a spread: beyond, the comparators decide nothing."""
_BEYOND = "warning: "
"""How the note of an error law begins that was not measured there."""


def image_doubts(network: Network, images: ImageSet) -> tuple[str, ...]:
    """Images of which the network sees nothing, or next to nothing."""
    inputs = input_bits(images.images, network)
    pixels = f"{images.source}: found pixels from {images.images.min()} to {images.images.max()}"
    if inputs.min() == inputs.max():
        if network.bits_per_input > 1:
            return (f"{pixels}: every input is {inputs.min()}, so that all images are the same",)
        side = "at or above" if inputs.min() else "below"
        return (
            f"{pixels}, all of them {side} the network's threshold, {network.input_threshold}: "
            "all images are the same to it",
        )
    if len(inputs) > 1 and (inputs == inputs[0]).all():
        return (f"{images.source}: found {len(inputs)} images that are the same to the network",)
    if network.bits_per_input > 1 and inputs.max() <= network.input_top // 2:
        return (f"{pixels}, expected up to 255: no input has its most significant bit",)
    return ()


def accuracy_doubts(network: Network, images: int, accuracy: float | None) -> tuple[str, ...]:
    """An accuracy of the software network on labelled images that guessing has, too."""
    if accuracy is None or images < ENOUGH_IMAGES or accuracy > 1 / network.classes:
        return ()
    if network.classes == 1:
        return ()
    return (
        f"found an accuracy of the software network of {accuracy:.1%}, no better than guessing "
        f"one of {network.classes} classes: labels or pixels are not those it was trained on",
    )


def condition_doubts(
    name: str, condition: ChipParameters, network: Network | None = None
) -> tuple[str, ...]:
    """Parameters that are possible each, and together say little of a chip that would be made."""
    devices, comparator = condition.devices, condition.comparator
    found: list[str] = []
    if devices.hrs_median_ohm <= devices.lrs_median_ohm:
        found.append(
            f"hrs_median_ohm: found {devices.hrs_median_ohm:g}, not above lrs_median_ohm, "
            f"{devices.lrs_median_ohm:g}: the states cannot be told apart"
        )
    retention = devices.retention
    if retention.time_s > 0 and retention.temperature_k < COLDEST_K:
        found.append(
            f"temperature_k: found storage at {retention.temperature_k:g} K, not degrees Celsius"
        )
    limit_v = LARGEST_PART * condition.bridge.vdd_v
    spreads = {
        "noise_sigma_v": comparator.noise_sigma_v,
        "offset_sigma_v": comparator.offset_sigma_v,
    }
    for field, sigma_v in spreads.items():
        if sigma_v > limit_v and not comparator.error_law:
            found.append(f"{field}: found {sigma_v:g} V, more than a quarter of the supply")
    if network is not None and network.bits_per_input > 1 and comparator.error_law:
        found.append(
            f"found inputs of {network.bits_per_input} bits under the published error law, "
            "which is for inputs of one: an extrapolation"
        )
    return _of(name, found)


def law_doubts(name: str, condition: ChipParameters) -> tuple[str, ...]:
    """An error law at a clock that is beyond the published ones."""
    if not condition.comparator.error_law:
        return ()
    _, note = error_law(condition.comparator.error_law_clock_s)
    if note is None or not note.startswith(_BEYOND):
        return ()
    return _of(name, [note.removeprefix(_BEYOND)])


def _of(name: str, found: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"condition {name}: {text}" for text in found)
