"""Mapping: a network onto macros, thresholds in bias columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from .network import DenseLayer, Network
from .thresholds import (
    bias_for_thresholds,
    count_bias_columns,
    hidden_bias_columns,
    require_bias_columns,
)


@dataclass(frozen=True, eq=False)
class MappedLayer:
    """A layer as its macros hold it."""

    config: LayerConfig
    weights: np.ndarray
    """int8 (M, n) of -1 and +1: the N inputs' columns, then the bias columns."""
    thresholds: np.ndarray | None
    """int32 (M,), hidden layers: what the array has in effect. It gives the network's outputs for
    every input except where a threshold saturated."""
    saturated: int
    """Neurons whose threshold is out of the bias columns' reach; 0 in the last layer."""

    @property
    def bias_sums(self) -> np.ndarray:
        """int32 (M,): b; the array adds T b to each neuron's sum, T being the largest input."""
        return self.weights[:, self.config.inputs :].sum(axis=1, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class MappedNetwork:
    """A network and the macros that run it."""

    network: Network
    """The network as given: the reference for accuracies and differing bits."""
    config: NetworkConfig
    layers: tuple[MappedLayer, ...]

    @property
    def saturated(self) -> int:
        """Saturated neurons of all layers."""
        return sum(layer.saturated for layer in self.layers)

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """Per layer int8 (M, n) of -1 and +1, bias columns included: what a job is given."""
        return tuple(layer.weights for layer in self.layers)

    @property
    def software_view(self) -> Network:
        """The network that an ideal array computes: `network` itself unless neurons saturated."""
        *hidden, last = self.network.layers
        effective = [
            DenseLayer(layer.weights, thresholds=mapped.thresholds)
            for layer, mapped in zip(hidden, self.layers, strict=False)
        ]
        given = self.network
        return replace(given, layers=(*effective, last))


def map_network(
    network: Network,
    macro: MacroConfig | None = None,
    bias_columns: Mapping[str, int] | None = None,
) -> MappedNetwork:
    """Map every layer of `network` onto macros of one kind.

    A layer wider than an array gets chains of arrays (`LayerConfig.chain`).

    Parameters
    ----------
    network : Network
        What is to run.
    macro : MacroConfig, optional
        The default macro without it.
    bias_columns : mapping of str to int, optional
        Layer name to n_b, for hidden layers that are not to get `hidden_bias_columns`.

    Raises
    ------
    InputError
        A fan-in too wide for a bus; bias columns that make a fan-in even, or for a name that is no
        hidden layer's.
    """
    macro = MacroConfig() if macro is None else macro
    chosen = dict(bias_columns or {})
    names = network.layer_names
    for name in chosen:
        if name not in names[:-1]:
            raise InputError(f"bias_columns: found {name!r}, expected one of {list(names[:-1])}")
    bits = [network.bits_per_input, *[1] * (len(names) - 1)]
    layers = [
        _map_layer(name, layer, macro, chosen.get(name), bits_per_input)
        for name, layer, bits_per_input in zip(names, network.layers, bits, strict=True)
    ]
    # What the parity column adds to the last layer's sums is taken off again digitally.
    offsets = network.layers[-1].offsets - layers[-1].bias_sums
    config = NetworkConfig(
        layers=tuple(layer.config for layer in layers), offsets=tuple(offsets.tolist())
    )
    return MappedNetwork(network, config, tuple(layers))


def _map_layer(
    name: str, layer: DenseLayer, macro: MacroConfig, chosen: int | None, bits_per_input: int
) -> MappedLayer:
    last = layer.thresholds is None
    if chosen is None:
        chosen = (count_bias_columns if last else hidden_bias_columns)(layer.inputs)
    try:
        require_bias_columns(layer.inputs, chosen)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    config = LayerConfig(
        name=name,
        inputs=layer.inputs,
        bias_columns=chosen,
        neurons=layer.outputs,
        bits_per_input=bits_per_input,
        readout=Readout.COUNT if last else Readout.SIGN,
        macro=macro,
    )
    if layer.thresholds is None:
        ones = np.ones((layer.outputs, chosen), dtype=np.int8)
        return MappedLayer(config, np.concatenate([layer.weights, ones], axis=1), None, 0)
    bias = bias_for_thresholds(layer.thresholds, layer.inputs, chosen, config.input_top)
    weights = np.concatenate([layer.weights, bias.weights], axis=1)
    return MappedLayer(config, weights, bias.thresholds, int(bias.saturated.sum()))
