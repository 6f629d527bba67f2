"""Bridge against crossbar, neuron by neuron: wrong signs over fan-in, currents and drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.drawn import DrawnLayer, draw_layer
from ...behav.chip.layer import LayerChip
from ...behav.crossbar.layer import CrossbarLayer, column_order, difference_of_pairs, tiles_s
from ...behav.crossbar.lines import fast_transfer_s
from ...behav.crossbar.read_load import ReadLoad, bridge_read_load, read_crossbar
from ...behav.draws import Domain, DrawStream, LayerKey
from ...behav.parameters.chip import ChipParameters
from ...behav.parameters.crossbar import CrossbarParameters
from ...hdl.config import LayerConfig, MacroConfig
from .result import FanInPoint, FastForm, WrongSigns

RANDOM_INPUTS = 200
"""Vectors of random inputs that each chip's neurons are tried with."""
SOLVED_INPUTS = 4
"""Of a layer's inputs, those for which the crossbar's whole network is solved."""


@dataclass(frozen=True, eq=False)
class RandomLayer:
    """One macro of neurons with random weights, and random inputs for it."""

    config: LayerConfig
    weights: NDArray[np.int8]
    """(M, n)."""
    inputs: NDArray[np.int8]
    """(K, n), the bias column's +1 included."""

    @classmethod
    def draw(cls, inputs: int, macro: MacroConfig, seed: int) -> RandomLayer:
        """Weights and inputs of +1 and -1, a function of seed and number of inputs.

        An even number gets one bias column, with random weights too, so that no sum is 0.
        """
        bias = (inputs + 1) % 2
        config = LayerConfig(
            name="neurons",
            inputs=inputs,
            bias_columns=bias,
            neurons=macro.rows,
            macro=macro.replace(columns=inputs + bias),
        )
        stream = DrawStream(seed, Domain.COMPARISON, inputs)
        weights = stream.at(0).integers(0, 2, (config.neurons, config.fan_in), dtype=np.int8)
        signs = stream.at(1).integers(0, 2, (RANDOM_INPUTS, config.fan_in), dtype=np.int8)
        signs[:, inputs:] = 1
        return cls(config, 2 * weights - 1, 2 * signs - 1)


def compare_fan_in(
    inputs: int, macro: MacroConfig, parameters: ChipParameters, chips: Sequence[int], seed: int
) -> FanInPoint:
    """Signs that both arrays get wrong against the exact sum, and what they draw.

    There are as many neurons as the macro has rows; it is made as wide as their `inputs` need. All
    chips try the same weights and inputs, which `seed` is the key of, as of the noise.
    """
    layer = RandomLayer.draw(inputs, macro, seed)
    config = layer.config
    positive = layer.inputs @ layer.weights.T.astype(np.float64) > 0
    numbers = np.arange(len(layer.inputs))
    bridge_wrong = crossbar_wrong = 0
    for chip in chips:
        drawn = draw_layer(config, layer.weights, parameters, LayerKey(chip, seed=seed))
        crossbar = CrossbarLayer(drawn, CrossbarParameters.like(parameters.bridge))
        bits = LayerChip(drawn).signs(layer.inputs, numbers)
        bridge_wrong += int((bits != positive).sum())
        crossbar_wrong += int((crossbar.signs(layer.inputs) != positive).sum())
    evaluations = len(chips) * positive.size
    first = draw_layer(config, layer.weights, parameters, LayerKey(chips[0]))
    read = read_arrays(first, layer.inputs)

    def signs(wrong: int, load: ReadLoad) -> WrongSigns:
        return WrongSigns(wrong=wrong, error_rate=wrong / evaluations, read=load)

    return FanInPoint(
        inputs=inputs,
        fan_in=config.fan_in,
        evaluations=evaluations,
        bridge=signs(bridge_wrong, read.bridge),
        crossbar=signs(crossbar_wrong, read.crossbar),
        fast_form=read.fast_form,
    )


class ArrayReads(NamedTuple):
    """A layer's first macro in both forms, and the crossbar's fast form there."""

    bridge: ReadLoad
    crossbar: ReadLoad
    fast_form: FastForm


def read_arrays(drawn: DrawnLayer, inputs: NDArray[Any]) -> ArrayReads:
    """Currents and drops of a layer's first macro in both forms, and the fast form's error there.

    The crossbar's whole network is solved for the first `SOLVED_INPUTS` of `inputs` (K, n) of +1
    and -1: currents are means over them, drops the largest, the error that of the differences of
    current of all neurons and inputs together.
    """
    crossbar = CrossbarParameters.like(drawn.parameters.bridge)
    tile = tiles_s(drawn, crossbar)[0]
    driven = inputs[:SOLVED_INPUTS, column_order(drawn.config.fan_in)].astype(np.float64)
    reads = [read_crossbar(tile, signs, crossbar) for signs in driven]
    exact_a = difference_of_pairs(np.array([read.output_a for read in reads]))
    fast_a = driven @ difference_of_pairs(fast_transfer_s(tile, crossbar)) * crossbar.read_v
    error = float(np.sqrt(np.mean((fast_a - exact_a) ** 2) / np.mean(exact_a**2)))
    wrong_signs = int(((fast_a > 0) != (exact_a > 0)).sum())
    macro = drawn.circuit(0)
    return ArrayReads(
        bridge=bridge_read_load(macro.top_ohm, macro.bottom_ohm, macro.bridge),
        crossbar=_together([read.load for read in reads]),
        fast_form=FastForm(current_error=error, signs=exact_a.size, wrong_signs=wrong_signs),
    )


def _together(loads: Sequence[ReadLoad]) -> ReadLoad:
    """Mean currents, largest drops."""
    return ReadLoad(
        access_a=float(np.mean([load.access_a for load in loads])),
        neuron_a=float(np.mean([load.neuron_a for load in loads])),
        wordline_drop=max(load.wordline_drop for load in loads),
        bitline_drop=max(load.bitline_drop for load in loads),
    )
