"""A bridge layer's controller beside an all-digital layer: what each costs per neuron.

Both are synthesised alike, without the macro's array and without the weight memory. Their netlists
are then simulated with random weights and images, held to the neurons' definition, and their
switching is summed up. The array's own energy is that of `behav.energy`; the memory's is an
estimate from published figures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...behav.conditions import CONDITIONS
from ...behav.draws import Domain, DrawStream
from ...behav.energy.layer import layer_energy, mean_bridge_siemens
from ...behav.parameters.energy import ENERGY
from ...bnn.thresholds import hidden_bias_columns
from ...errors import HardwareFault
from ...flow.switching.gate_simulation import GateSimulation, SwitchingEnergy, read_netlist
from ...flow.switching.layer_switching import (
    WARM_UP,
    ImageSwitching,
    dense_layer_switching,
    popcount_layer_switching,
)
from ...flow.synthesis.designs import Design
from ...flow.synthesis.synthesise import synthesise
from ...flow.tools.liberty import read_cells
from ...hdl.config import MACROS, DigitalLayerConfig, LayerConfig, MacroConfig
from ...hdl.digital.layer import PopcountLayer
from ...hdl.layer.dense_layer import DenseLayer

__all__ = ["FAN_INS", "compare_with_digital"]

FAN_INS = (128, 512, 1127)
"""N by default."""
SYNTHESIS_FIGURES = (
    "cells", "flip_flops", "transistors", "area", "depth", "fmax_hz", "worst_path",
)  # fmt: skip
"""Fields of `SynthResult` that are kept."""
IMAGES = 32
"""Over which switching is averaged."""
CHIP = 1
"""Whose bridges the array's energy is summed over, condition nominal."""

LIBRARY_FEATURES_M = {"osu018_stdcells.lib": 0.18e-6}
"""Drawn length of the libraries that are known, m."""
FEATURE_M, VDD_V = 0.13e-6, 1.2
"""The array's technology [P], to which the energies of logic and memory are scaled: capacitance
with the length, energy with the supply's square [D]."""
MEMORY_READ_J, MEMORY_FEATURE_M, MEMORY_VDD_V = 10e-12 / 64, 45e-9, 0.9
"""Reading a bit of an SRAM of 8 kB, 64 bits at a time: Horowitz 2014, "Computing's energy problem",
doi 10.1109/ISSCC.2014.6757323, figure 1.1.9."""
SRAM_CELL_SQUARES = 150
"""Area of a six-transistor cell in squares of the drawn length [E]; what is around cells aside."""


def compare_with_digital(
    fan_ins: Sequence[int],
    folder: Path,
    *,
    macro: MacroConfig = MACROS["default"],
    seed: int,
    liberty: Path | None,
    progress: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Both layers at each fan-in, with as many neurons as one macro holds.

    Parameters
    ----------
    fan_ins : sequence of int
        N; the bridge layer has its usual bias columns in addition.
    folder : Path
        Where netlists and logs go.
    macro : MacroConfig
        Rows and timing; as many columns as are in use. Neither pipelined nor with several votes.
    seed : int
        Of weights, thresholds and images.
    liberty : Path or None
        The cell library; without one, both are counted in transistors and no energy is given.

    Returns
    -------
    list of dict
        Per fan-in: "fan_in", "neurons", "bridge", "digital", plain data for JSON.

    Raises
    ------
    HardwareFault
        A netlist does not compute what its layer is to compute, or not in its declared cycles.
    """
    return [
        _Point.draw(fan_in, macro, seed).compare(folder / str(fan_in), liberty, progress)
        for fan_in in fan_ins
    ]


@dataclass(frozen=True, eq=False)
class _Point:
    """One fan-in: both layers, the same random neurons, random images."""

    bridge: LayerConfig
    digital: DigitalLayerConfig
    weights: NDArray[np.uint8]
    """Bits (M, n), bias columns included."""
    images: NDArray[np.uint8]
    """Bits (WARM_UP + 1, IMAGES, N)."""

    @classmethod
    def draw(cls, fan_in: int, macro: MacroConfig, seed: int) -> _Point:
        bias_columns = hidden_bias_columns(fan_in)
        macro = macro.replace(columns=fan_in + bias_columns)
        bridge = LayerConfig(
            name="layer",
            inputs=fan_in,
            bias_columns=bias_columns,
            neurons=macro.rows,
            macro=macro,
        )
        stream = DrawStream(seed, Domain.COMPARISON, fan_in)
        weights = stream.at(0).integers(0, 2, (bridge.neurons, bridge.fan_in), dtype=np.uint8)
        images = stream.at(1).integers(0, 2, (WARM_UP + 1, IMAGES, fan_in), dtype=np.uint8)
        digital = DigitalLayerConfig(inputs=fan_in, neurons=bridge.neurons)
        return cls(bridge, digital, weights, images)

    def compare(
        self, folder: Path, liberty: Path | None, progress: Callable[[str], None]
    ) -> dict[str, Any]:
        flow = (folder, liberty, progress)
        sides = {
            "bridge": self._side("bridge", DenseLayer(self.bridge), self._switch_bridge, *flow),
            "digital": self._side(
                "digital", PopcountLayer(self.digital), self._switch_digital, *flow
            ),
        }
        self._complete(sides, liberty)
        return {"fan_in": self.bridge.inputs, "neurons": self.bridge.neurons, **sides}

    def _side(
        self,
        name: str,
        layer: DenseLayer | PopcountLayer,
        simulate: Callable[[GateSimulation], ImageSwitching],
        folder: Path,
        liberty: Path | None,
        progress: Callable[[str], None],
    ) -> dict[str, Any]:
        """What one layer takes by itself."""
        progress(f"fan-in {self.bridge.inputs}, {name}: synthesising")
        period_ps = self.bridge.macro.timing.clock_period_ps
        design = Design(component=layer, name=name, clock_period_ps=period_ps)
        target = "cmos" if liberty is None else "liberty"
        cost = synthesise(design, target, folder / name, liberty=liberty)
        switching = None
        if liberty is not None:
            progress(f"fan-in {self.bridge.inputs}, {name}: switching")
            netlist = read_netlist(folder / name / f"{name}.v", name, liberty)
            simulation = GateSimulation(netlist, read_cells(liberty), IMAGES)
            switching = self._checked(name, layer.latency, simulate(simulation))
        return {
            **{figure: getattr(cost, figure) for figure in SYNTHESIS_FIGURES},
            "cycles_per_neuron": layer.latency / self.bridge.neurons,
            "switching_j": switching and dataclasses.asdict(switching),
        }

    def _switch_bridge(self, simulation: GateSimulation) -> ImageSwitching:
        words = [_word(row) for row in self.weights]
        return dense_layer_switching(simulation, self.bridge, words, self._image_words())

    def _switch_digital(self, simulation: GateSimulation) -> ImageSwitching:
        words = [
            (_word(row[: self.bridge.inputs]), threshold)
            for row, threshold in zip(self.weights, self._thresholds(), strict=True)
        ]
        return popcount_layer_switching(simulation, self.digital, words, self._image_words())

    def _thresholds(self) -> list[int]:
        """More than half of the columns agree iff so many of the inputs' do."""
        biases = self.weights[:, self.bridge.inputs :].sum(axis=1, dtype=np.int64)
        return [int(limit) for limit in (self.bridge.fan_in + 1) // 2 - biases]

    def _image_words(self) -> list[list[int]]:
        return [[_word(image) for image in lanes] for lanes in self.images]

    def _checked(self, name: str, latency: int, switching: ImageSwitching) -> SwitchingEnergy:
        """Per evaluation, once results and cycles are as they must be."""
        inputs = 2 * self.images[-1].astype(np.int64) - 1
        signs = 2 * self.weights.astype(np.int64) - 1
        sums = inputs @ signs[:, : self.bridge.inputs].T + signs[:, self.bridge.inputs :].sum(
            axis=1
        )
        if switching.results != [_word(row) for row in (sums > 0).astype(np.uint8)]:
            raise HardwareFault(f"the {name} layer's netlist gives other bits than its neurons")
        if switching.cycles != latency:
            raise HardwareFault(
                f"the {name} layer's netlist takes {switching.cycles} cycles, declared {latency}"
            )
        return switching.energy.times(1 / self.bridge.neurons)

    def _complete(self, sides: dict[str, dict[str, Any]], liberty: Path | None) -> None:
        """Bias columns, storage, and energies per evaluation in the array's technology."""
        bridge, digital = sides["bridge"], sides["digital"]
        bits = self.digital.neurons * self.digital.word_bits
        feature_m = LIBRARY_FEATURES_M.get(liberty.name) if liberty else None
        bridge["bias_columns"] = self.bridge.bias_columns
        digital["storage"] = {
            "bits": bits,
            "flip_flops_area": liberty and bits * _flip_flop_area(liberty),
            "sram_cells_area_um2": feature_m and bits * SRAM_CELL_SQUARES * (feature_m * 1e6) ** 2,
        }
        own_j = {"bridge": self._array_j(), "digital": self._memory_j()}
        for name, side in sides.items():
            side["per_evaluation_j"] = None
            if liberty and feature_m:
                vdd_v = read_cells(liberty).vdd_v
                scale = _scaled_j(1.0, feature_m, vdd_v)
                scaled = {key: scale * joules for key, joules in side["switching_j"].items()}
                side["per_evaluation_j"] = {
                    "logic": scaled["logic_j"],
                    "clock": scaled["clock_j"],
                    "gated_clock": scaled["gated_clock_j"],
                    "array" if name == "bridge" else "memory": own_j[name],
                }

    def _array_j(self) -> float:
        """Of one evaluation, all causes of `behav.energy`."""
        weights = (2 * self.weights.astype(np.int8) - 1).astype(np.int8)
        parameters, energy = CONDITIONS["nominal"], ENERGY["130nm"]
        siemens = mean_bridge_siemens(self.bridge, weights, parameters, energy, CHIP, 0)
        layer = layer_energy(self.bridge, weights, self.images[-1], parameters, energy, siemens)
        return layer.per_image_j / layer.evaluations

    def _memory_j(self) -> float:
        """Of one neuron's word."""
        return self.digital.word_bits * _scaled_j(MEMORY_READ_J, MEMORY_FEATURE_M, MEMORY_VDD_V)


def _scaled_j(joules: float, feature_m: float, vdd_v: float) -> float:
    """From one technology to the array's."""
    return joules * (FEATURE_M / feature_m) * (VDD_V / vdd_v) ** 2


def _flip_flop_area(liberty: Path) -> float:
    cells = read_cells(liberty).cells.values()
    return min(cell.area for cell in cells if cell.clock_pin)


def _word(bits: NDArray[np.uint8]) -> int:
    """Bit 0 lowest."""
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")
