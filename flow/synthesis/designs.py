"""What is synthesised by default, and to which block each part of a controller belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout

__all__ = ["BLOCKS", "block_of_controller", "one_macro_network"]

BLOCKS = {
    "drivers": "word-line and bit-line drivers, the input bits they hold included",
    "sequencer": "phases, rows, the layer's handshake",
    "read-out": "comparator to bits and codes, the results they hold included; trims",
    "buffers": "the image being received",
    "scores": "the scores being sent, arg-max, offsets",
    "bus": "AXI4-Lite, registers, counters, interrupt",
    "programming": "programmer, table of spare rows",
}
"""Name of a block to what it holds."""

_CONTROLLER_PARTS = {
    "axi_lite": "bus",
    "registers": "bus",
    "frame_input": "buffers",
    "score_output": "scores",
    "programmer": "programming",
}
_LAYER_PARTS = {"bit_lines": "drivers", "word_lines": "drivers"}
_READOUT_PARTS = ("periphery", "calibrator")


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
        return (
            "read-out" if part.startswith(_READOUT_PARTS) else _LAYER_PARTS.get(part, "sequencer")
        )

    return block_of
