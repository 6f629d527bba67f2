"""A network of layers: its streams, and its latencies."""

from ...errors import InputError
from ...record import Record
from .array_group import Readout
from .layer import LayerConfig
from .macro import require_bus

STREAM_BITS = 32
"""Width of the AXI4-Stream data ports."""
LARGEST_SCORE = 2 ** (STREAM_BITS - 1) - 1
"""Scores are signed words on the output stream."""
BLOCK_NAMES = ("axi_lite", "registers", "frame_input", "score_output", "image_order", "programmer")
"""What the controller calls its own blocks beside the layers."""
MOST_LAYERS = 500
"""Blocks of so many layers, with programming, end below the 64 KiB that registers tell places in.
"""


def largest_offset(fan_in: int) -> int:
    """Magnitude of a class's offset up to which the score of every code fits a stream's word.

    A code of K = ceil(log2(n + 1)) bits stands for scores up to 2^K - 1, whatever its cells are.
    """
    return LARGEST_SCORE - ((1 << fan_in.bit_length()) - 1)


class NetworkConfig(Record):
    """Layers in a row; the last one reads counts, the others signs."""

    layers: tuple[LayerConfig, ...]
    offsets: tuple[int, ...]
    """Per class, added to the last layer's 2m - n to give the score."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.layers:
            raise InputError("layers: found none, expected at least one")
        if len(self.layers) > MOST_LAYERS:
            raise InputError(
                f"layers: found {len(self.layers)}, expected at most {MOST_LAYERS}: "
                "places of registers are told in 16 bits"
            )
        last = self.layers[-1]
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"layers: found {name!r} twice, expected a name for each layer")
            if name in BLOCK_NAMES:
                raise InputError(f"layers: found {name!r}, the name of another block")
        periods = [layer.macro.timing.clock_period_ps for layer in self.layers]
        if len(set(periods)) > 1:
            raise InputError(
                f"layers: found clock periods of {periods} ps, expected one for all layers"
            )
        if len({layer.macro.programmable for layer in self.layers}) > 1:
            raise InputError(
                "layers: found programmable macros in some layers, expected them in all or none"
            )
        for layer in self.layers:
            expected, where = (Readout.COUNT, "in") if layer is last else (Readout.SIGN, "before")
            if layer.readout is not expected:
                raise InputError(
                    f"{layer.name}: found a {layer.readout.value} read-out, expected "
                    f"{expected.value} {where} the last layer"
                )
        for layer, following in zip(self.layers, self.layers[1:], strict=False):
            if following.bits_per_input > 1:
                raise InputError(
                    f"{following.name}: found inputs of {following.bits_per_input} bits, expected "
                    "them in the first layer alone"
                )
            if layer.neurons != following.inputs:
                raise InputError(
                    f"{following.name}: found {following.inputs} inputs, expected {layer.neurons}, "
                    f"the neurons of {layer.name}"
                )
        if len(self.offsets) != last.neurons:
            raise InputError(
                f"offsets: found {len(self.offsets)}, expected {last.neurons}, one per class"
            )
        most = largest_offset(last.fan_in)
        for offset in self.offsets:
            if abs(offset) > most:
                raise InputError(
                    f"offsets: found {offset!r}, expected integers of magnitude at most {most}, "
                    f"so that every score fits {STREAM_BITS} bits"
                )
        require_bus("image", self.input_beats * STREAM_BITS)
        # Two comparator outputs of each macro; the streams' and the bus's inputs, clock and reset.
        inputs = sum(2 * layer.macros for layer in self.layers) + 5 * STREAM_BITS
        if self.programmable:
            # The read-back of each macro, and the stream of weights.
            inputs += sum(layer.line_columns * layer.macros for layer in self.layers)
            inputs += 2 * STREAM_BITS
        require_bus("the controller's inputs together", inputs)
        require_bus("result", self.result_beats * STREAM_BITS)

    @property
    def programmable(self) -> bool:
        """Whether the controller programs the cells."""
        return self.layers[0].macro.programmable

    @property
    def clock_period_ps(self) -> int:
        """Period of the one clock, ps."""
        return self.layers[0].macro.timing.clock_period_ps

    @property
    def input_beats(self) -> int:
        """AXI4-Stream beats of one image."""
        return -(-self.image_bits // STREAM_BITS)

    @property
    def image_bits(self) -> int:
        """Bits of one image: those of input 0 lowest, each input's least significant one first."""
        return self.layers[0].inputs * self.layers[0].bits_per_input

    @property
    def classes(self) -> int:
        """Neurons of the last layer."""
        return self.layers[-1].neurons

    @property
    def result_beats(self) -> int:
        """AXI4-Stream beats of one result: the class, then a score per class."""
        return 1 + self.classes

    @property
    def output_latency(self) -> int:
        """Clock cycles from the last layer's result to the packet's first beat: the arg-max."""
        return self.classes + 1

    @property
    def latency(self) -> int:
        """Clock cycles from an image's first beat to its result's last, the pipeline empty."""
        layers = sum(layer.latency for layer in self.layers)
        return self.input_beats + layers + self.output_latency + self.classes

    @property
    def calibration_cycles(self) -> int:
        """Clock cycles in which all layers find their trims at once; 0 if none has a trim."""
        return max(layer.calibration_cycles for layer in self.layers)

    @property
    def interval(self) -> int:
        """Clock cycles from one result to the next while images wait: the slowest stage's."""
        stages = [self.input_beats + 1, self.output_latency + self.result_beats]
        return max(*stages, *(layer.latency for layer in self.layers))

    def cycles(self, images: int) -> int:
        """Clock cycles from the first image's first beat to the last result's last."""
        return self.latency + (images - 1) * self.interval
