"""Sizes of the testbench's ports, which its templates and Python's drivers share."""

from ...hdl.config import STREAM_BITS, LayerConfig
from ...hdl.config.pins import PinSizes

LINE_BITS = 16
"""Of a word line's number, as `array_replay` takes it."""
RESET_CYCLES = 2


def packet_beats(layer: LayerConfig) -> int:
    """Beats of a layer's packet of weights: layer, header, weights."""
    return 2 + -(-layer.fan_in // STREAM_BITS)


def index_bits(layer: LayerConfig) -> int:
    """Width of a macro's number."""
    return max(1, (layer.macros - 1).bit_length())


def array_names(layer: LayerConfig) -> list[str]:
    """What the names of each macro's pins begin with, macro 0 first."""
    return [f"{layer.name}_{macro}" for macro in layer.macro_names]


def pins_to_array(layer: LayerConfig) -> dict[str, int]:
    """Width of each pin that an array sees; in a vector of them the highest bits first."""
    widths = PinSizes.of_group(layer).widths()
    return {pin.name: width for pin, width in widths.items() if pin.to_array}


def column_pins(layer: LayerConfig) -> dict[str, int]:
    """Those that have a wire for each column."""
    widths = PinSizes.of_group(layer).widths()
    return {pin.name: width for pin, width in widths.items() if pin.to_array and pin.of_columns}


def step_pins(layer: LayerConfig) -> dict[str, int]:
    """The others."""
    columns = column_pins(layer)
    return {pin: width for pin, width in pins_to_array(layer).items() if pin not in columns}
