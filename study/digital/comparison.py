"""A bridge layer's controller beside an all-digital layer: what each costs per neuron.

Both are synthesised alike, without the macro's array and without the weight memory. Their netlists
are then simulated with random weights and images, held to the neurons' definition, and their
switching is summed up. The array's own energy is that of `behav.energy`; the memory's is an
estimate from published numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...behav.conditions import CONDITIONS
from ...behav.draws import Domain, DrawStream
from ...behav.energy.layer import layer_energy, mean_bridge_siemens
from ...behav.parameters.energy import ENERGY
from ...bits import word_of_bits
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
from ...flow.tools.liberty import CellLibrary, read_cells
from ...hdl.config import MACROS, DigitalLayerConfig, LayerConfig, MacroConfig
from ...hdl.digital.layer import PopcountLayer
from ...hdl.layer.dense_layer import DenseLayer
from ...progress import Progress
from ...record import Record

__all__ = [
    "FAN_INS",
    "BridgeCost",
    "DigitalComparison",
    "DigitalCost",
    "LayerCost",
    "WeightStorage",
    "compare_with_digital",
]

FAN_INS = (128, 512, 1127)
"""N by default."""
OF_SYNTHESIS = (
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


@dataclass(frozen=True, kw_only=True)
class LayerCost(Record):
    """What one layer takes by itself, as `SynthResult` has it; None where nothing gives it."""

    cells: int
    flip_flops: int
    transistors: int | None
    area: float | None
    depth: int | None
    fmax_hz: float | None
    worst_path: str | None
    cycles_per_neuron: float
    switching_j: SwitchingEnergy | None
    """Per evaluation, in the library's technology."""
    per_evaluation_j: dict[str, float] | None
    """In the array's technology: ``logic``, ``clock``, ``gated_clock``, and ``array`` or
    ``memory``."""


@dataclass(frozen=True, kw_only=True)
class BridgeCost(LayerCost):
    """Of a bridge layer, without its array but for its energy."""

    bias_columns: int


@dataclass(frozen=True, kw_only=True)
class WeightStorage(Record):
    """What holds weights and thresholds of an all-digital layer."""

    bits: int
    flip_flops_area: float | None
    """In the library's unit, by its smallest flip-flop."""
    sram_cells_area_um2: float | None


@dataclass(frozen=True, kw_only=True)
class DigitalCost(LayerCost):
    """Of an all-digital layer, without its memory but for its energy."""

    storage: WeightStorage


@dataclass(frozen=True, kw_only=True)
class DigitalComparison(Record):
    """Both layers at one fan-in."""

    fan_in: int
    neurons: int
    bridge: BridgeCost
    digital: DigitalCost


def compare_with_digital(
    fan_ins: Sequence[int],
    folder: Path,
    *,
    macro: MacroConfig = MACROS["default"],
    seed: int,
    liberty: Path | None,
    progress: Progress,
) -> list[DigitalComparison]:
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

    def compare(self, folder: Path, liberty: Path | None, progress: Progress) -> DigitalComparison:
        library = read_cells(liberty) if liberty else None
        bridge, digital = DenseLayer(self.bridge), PopcountLayer(self.digital)
        costs = {}
        for name, layer, simulate, own_j in (
            ("bridge", bridge, self._switch_bridge, ("array", self._array_j())),
            ("digital", digital, self._switch_digital, ("memory", self._memory_j())),
        ):
            progress(f"fan-in {self.bridge.inputs}, {name}: synthesising")
            costs[name] = self._synthesise(name, layer, folder / name, liberty)
            costs[name] |= {"switching_j": None, "per_evaluation_j": None}
            costs[name]["cycles_per_neuron"] = layer.latency / self.bridge.neurons
            if liberty and library:
                progress(f"fan-in {self.bridge.inputs}, {name}: switching")
                netlist = read_netlist(folder / name / f"{name}.v", name, liberty)
                switching = simulate(GateSimulation(netlist, library, IMAGES))
                energy = self._checked(name, layer.latency, switching)
                costs[name]["switching_j"] = energy
                costs[name]["per_evaluation_j"] = _per_evaluation_j(energy, library, own_j)
        return DigitalComparison(
            fan_in=self.bridge.inputs,
            neurons=self.bridge.neurons,
            bridge=BridgeCost(bias_columns=self.bridge.bias_columns, **costs["bridge"]),
            digital=DigitalCost(storage=self._storage(library), **costs["digital"]),
        )

    def _synthesise(
        self, name: str, layer: DenseLayer | PopcountLayer, folder: Path, liberty: Path | None
    ) -> dict[str, Any]:
        """The fields of a `LayerCost` that synthesis gives."""
        period_ps = self.bridge.macro.timing.clock_period_ps
        design = Design(component=layer, name=name, clock_period_ps=period_ps)
        target = "cmos" if liberty is None else "liberty"
        result = synthesise(design, target, folder, liberty=liberty)
        return {field: getattr(result, field) for field in OF_SYNTHESIS}

    def _switch_bridge(self, simulation: GateSimulation) -> ImageSwitching:
        words = [word_of_bits(row) for row in self.weights]
        return dense_layer_switching(simulation, self.bridge, words, self._image_words())

    def _switch_digital(self, simulation: GateSimulation) -> ImageSwitching:
        words = [
            (word_of_bits(row[: self.bridge.inputs]), threshold)
            for row, threshold in zip(self.weights, self._thresholds(), strict=True)
        ]
        return popcount_layer_switching(simulation, self.digital, words, self._image_words())

    def _thresholds(self) -> list[int]:
        """More than half of the columns agree iff so many of the inputs' do."""
        biases = self.weights[:, self.bridge.inputs :].sum(axis=1, dtype=np.int64)
        return [int(limit) for limit in (self.bridge.fan_in + 1) // 2 - biases]

    def _image_words(self) -> list[list[int]]:
        return [[word_of_bits(image) for image in lanes] for lanes in self.images]

    def _checked(self, name: str, latency: int, switching: ImageSwitching) -> SwitchingEnergy:
        """Per evaluation, once results and cycles are as they must be."""
        inputs = 2 * self.images[-1].astype(np.int64) - 1
        signs = 2 * self.weights.astype(np.int64) - 1
        sums = inputs @ signs[:, : self.bridge.inputs].T + signs[:, self.bridge.inputs :].sum(
            axis=1
        )
        if switching.results != [word_of_bits(row) for row in (sums > 0).astype(np.uint8)]:
            raise HardwareFault(f"the {name} layer's netlist gives other bits than its neurons")
        if switching.cycles != latency:
            raise HardwareFault(
                f"the {name} layer's netlist takes {switching.cycles} cycles, declared {latency}"
            )
        return switching.energy.times(1 / self.bridge.neurons)

    def _storage(self, library: CellLibrary | None) -> WeightStorage:
        bits = self.digital.neurons * self.digital.word_bits
        feature_m = LIBRARY_FEATURES_M.get(library.name) if library else None
        return WeightStorage(
            bits=bits,
            flip_flops_area=bits * _flip_flop_area(library) if library else None,
            sram_cells_area_um2=bits * SRAM_CELL_SQUARES * (feature_m * 1e6) ** 2
            if feature_m
            else None,
        )

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


def _per_evaluation_j(
    energy: SwitchingEnergy, library: CellLibrary, own_j: tuple[str, float]
) -> dict[str, float] | None:
    """In the array's technology, if the library's is known; `own_j` is what holds the weights."""
    feature_m = LIBRARY_FEATURES_M.get(library.name)
    if feature_m is None:
        return None
    scaled = energy.times(_scaled_j(1.0, feature_m, library.vdd_v))
    return {
        "logic": scaled.logic_j,
        "clock": scaled.clock_j,
        "gated_clock": scaled.gated_clock_j,
        own_j[0]: own_j[1],
    }


def _flip_flop_area(library: CellLibrary) -> float:
    return min(cell.area for cell in library.cells.values() if cell.clock_pin)
