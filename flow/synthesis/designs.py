"""What is synthesised: any component, a controller by its blocks, one macro's by default."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amaranth.lib import wiring

from ...hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from ...hdl.controller.controller import NetworkController
from ..emit.controller import CONTROLLER


@dataclass(frozen=True, kw_only=True)
class Design:
    """A component to be synthesised."""

    component: wiring.Component
    """Of one clock domain, ``sync``."""
    name: str
    """Of its module."""
    clock_period_ps: float
    """The clock to aim at."""
    block_of: Callable[[Sequence[str]], str] | None = None
    """To which block a submodule belongs: of the names from the component down, () for its own
    logic. Without, there is no split by block."""


BLOCKS = {
    "drivers": "word-line and bit-line drivers, the input bits they hold included",
    "sequencer": "phases, rows, the layer's handshake",
    "read-out": "comparator to bits and codes, the results they hold included; trims",
    "buffers": "the image being received",
    "scores": "the scores being sent, arg-max, offsets",
    "bus": "AXI4-Lite, registers, counters, interrupt, checks for upsets",
    "programming": "programmer, table of spare rows",
}
"""Name of a block to what it holds."""

_CONTROLLER_PARTS = {
    "axi_lite": "bus",
    "registers": "bus",
    "frame_input": "buffers",
    "score_output": "scores",
    "image_order": "bus",
    "programmer": "programming",
}
_LAYER_PARTS = {"bit_lines": "drivers", "word_lines": "drivers"}
_READOUT_PARTS = ("periphery", "calibrator")


def controller_design(config: NetworkConfig, clock_period_ps: float | None = None) -> Design:
    """A network's controller, split into `BLOCKS`; the clock is the macros' unless it is given."""
    return Design(
        component=NetworkController(config),
        name=CONTROLLER,
        clock_period_ps=clock_period_ps or config.clock_period_ps,
        block_of=block_of_controller(config),
    )


def one_macro_network(macro: MacroConfig) -> NetworkConfig:
    """One layer that fills one macro: every row a neuron, every column in use.

    A fan-in is odd, so that of an even number of columns the last one stays idle.
    """
    columns_used = macro.columns - (macro.columns + 1) % 2
    layer = LayerConfig(
        name="layer",
        inputs=columns_used,
        bias_columns=0,
        neurons=macro.neuron_rows,
        readout=Readout.COUNT,
        macro=macro,
    )
    return NetworkConfig(layers=(layer,), offsets=(0,) * layer.neurons)


def block_of_controller(config: NetworkConfig) -> Callable[[Sequence[str]], str]:
    """For the controller of a network: path of a submodule to its block in `BLOCKS`."""
    layers = {layer.name for layer in config.layers}

    def block_of(path: Sequence[str]) -> str:
        if not path:
            return "bus"
        if path[0] not in layers:
            return _CONTROLLER_PARTS[path[0]]
        part = path[1] if len(path) > 1 else ""
        if part.startswith(_READOUT_PARTS):
            return "read-out"
        return _LAYER_PARTS.get(part, "sequencer")

    return block_of
