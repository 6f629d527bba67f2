"""What a layer's netlist switches for one image: a bridge layer and an all-digital one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...hdl.config import PHASE_NAMES, DigitalLayerConfig, LayerConfig
from .gate_simulation import GateSimulation, SwitchingEnergy

WARM_UP = 1
"""Images before the one that counts: its switching begins from what an image leaves behind."""

Ports = Mapping[str, list[int]]
"""Ports to one integer per bit, each with the bit of every lane."""


@dataclass(frozen=True, kw_only=True)
class ImageSwitching:
    """One image through a layer, images waiting behind it."""

    energy: SwitchingEnergy
    """Of the mean lane."""
    cycles: int
    """From taking the image to taking the next one."""
    results: list[int]
    """The result word of each lane."""


def popcount_layer_switching(
    simulation: GateSimulation,
    config: DigitalLayerConfig,
    words: Sequence[tuple[int, int]],
    images: Sequence[Sequence[int]],
) -> ImageSwitching:
    """Switching of a `PopcountLayer`, its memory read as it asks for; the memory's own is not in.

    `words` has weights and threshold of each neuron; `images` the input words of each lane, for
    `WARM_UP` images and the one that counts.
    """

    def read() -> Ports:
        if not simulation.port("memory__enable")[0]:
            return {}
        weights, threshold = words[simulation.port_of_lane("memory__row", 0)]
        word = weights | threshold << config.inputs
        return {"memory__word": _bits([word] * simulation.lanes, config.word_bits)}

    return _stream(simulation, config.inputs, images, at_clock=read)


def dense_layer_switching(
    simulation: GateSimulation,
    config: LayerConfig,
    weights: Sequence[int],
    images: Sequence[Sequence[int]],
) -> ImageSwitching:
    """Switching of a `DenseLayer` of one macro read by signs; the array's own is not in.

    `weights` has a bit per column of each neuron, bias columns included; `images` are as for
    `popcount_layer_switching`.
    """
    every = (1 << simulation.lanes) - 1
    bias = ((1 << config.bias_columns) - 1) << config.inputs
    used = (1 << config.fan_in) - 1

    def decide() -> Ports:
        strobe = simulation.port("macro0__strobe")[0]
        positive = 0
        if strobe:
            row = simulation.port_of_lane("macro0__wl", 0).bit_length() - 1
            for lane in range(simulation.lanes):
                lines = simulation.port_of_lane("macro0__bl", lane)
                assert lines & bias == bias, "bias columns carry +1 while rows are read"
                agreeing = (used & ~(lines ^ weights[row])).bit_count()
                positive |= int(2 * agreeing > config.fan_in) << lane
        negative = every & ~positive if strobe else 0
        return {"macro0__sense_p": [positive], "macro0__sense_n": [negative]}

    for name in PHASE_NAMES:
        port, cycles = f"timing__{name}", getattr(config.macro.timing, name)
        bits = _bits([cycles] * simulation.lanes, len(simulation.port(port)))
        simulation.drive({port: bits})
    return _stream(simulation, config.inputs, images, after_clock=decide)


def _stream(
    simulation: GateSimulation,
    inputs: int,
    images: Sequence[Sequence[int]],
    *,
    at_clock: Callable[[], Ports] = dict,
    after_clock: Callable[[], Ports] = dict,
) -> ImageSwitching:
    """Reset, then image after image without a pause; all lanes in step.

    `at_clock` gives what is registered with the clock's edge, `after_clock` what answers to it.
    """
    every = (1 << simulation.lanes) - 1
    waiting = [_bits(image, inputs) for image in images]
    simulation.step({"rst": [every], "i__valid": [every], "o__ready": [every]})
    simulation.step({"rst": [0], "i__payload": waiting.pop(0)})
    taken = began = cycle = 0
    while taken <= len(images):
        changed = dict(at_clock())
        if simulation.port("i__ready")[0]:
            taken += 1
            if taken == len(images):
                simulation.restart()
                began = cycle
            elif taken > len(images):
                break
            if waiting:
                changed["i__payload"] = waiting.pop(0)
        simulation.step(changed)
        simulation.drive(after_clock())
        cycle += 1
    results = [simulation.port_of_lane("o__payload", lane) for lane in range(simulation.lanes)]
    return ImageSwitching(energy=simulation.energy(), cycles=cycle - began, results=results)


def _bits(words: Sequence[int], width: int) -> list[int]:
    """Per bit, one integer with the bit of every lane."""
    return [
        sum((word >> bit & 1) << lane for lane, word in enumerate(words)) for bit in range(width)
    ]
