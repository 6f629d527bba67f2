"""A bridge layer's controller beside an all-digital layer: what each costs per neuron.

Both are synthesised alike, without the macro's array and without the weight memory. Their netlists
are then simulated with random weights and images, held to the neurons' definition, and their
switching is summed up. The array's own energy is that of `behav.energy`; the memory's is an
estimate from published values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...behav.chip.drawn import draw_layer
from ...behav.conditions import CONDITIONS
from ...behav.draws import Domain, DrawStream, LayerKey
from ...behav.energy.layer import layer_energy
from ...behav.parameters.energy import ENERGY
from ...bits import word_of_bits
from ...bnn.thresholds import hidden_bias_columns
from ...errors import HardwareFault, InputError
from ...field_types import Count, Limits
from ...flow.switching.gate_simulation import GateSimulation, SwitchingEnergy, read_netlist
from ...flow.switching.layer_switching import (
    WARM_UP,
    ImageSwitching,
    dense_layer_switching,
    popcount_layer_switching,
)
from ...flow.synthesis.designs import Design
from ...flow.synthesis.synthesise import synthesise
from ...flow.tools.liberty import find_liberty, read_cells
from ...hdl.config import MACROS, DigitalLayerConfig, LayerConfig, MacroConfig
from ...hdl.digital.layer import PopcountLayer
from ...hdl.layer.dense_layer import DenseLayer
from ...progress import Progress, silent
from ...record import Record
from ...sim.cosim import BUILD_FOLDER
from .result import (
    BridgeCost,
    BridgeEnergy,
    DigitalCost,
    DigitalEnergy,
    DigitalPoint,
    DigitalResult,
    LayerCost,
    Storage,
)

FAN_INS = (128, 512, 1127)
"""N by default."""
LARGEST_FAN_IN = 4096
"""Beyond, synthesis takes hours."""
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


class DigitalRequest(Record):
    """Fan-ins at which both layers are synthesised, with as many neurons as one macro holds."""

    fan_ins: tuple[Annotated[int, Limits(1, LARGEST_FAN_IN)], ...] = FAN_INS
    """N; the bridge layer has its usual bias columns in addition."""
    macro: MacroConfig = MACROS["default"]
    """Rows and timing; as many columns as are in use. Neither pipelined nor with several votes."""
    liberty: Path | None = None
    """The cell library; without it an installed one, if there is one."""
    output: Path = BUILD_FOLDER / "synth" / "compare"
    """Where netlists and logs go."""
    seed: Count = 1
    """Of weights, thresholds and images."""


def compare_with_digital(request: DigitalRequest, progress: Progress = silent) -> DigitalResult:
    """Both layers at each fan-in.

    Raises
    ------
    InputError
        The library is not there.
    HardwareFault
        A netlist does not compute what its layer is to compute, or not in its declared cycles.
    """
    liberty = _library(request)
    points = []
    for fan_in in request.fan_ins:
        point = _Point.draw(fan_in, request.macro, request.seed)
        points.append(point.compare(_Flow(request.output / str(fan_in), liberty, progress)))
    return DigitalResult(
        library=liberty.name if liberty else None, seed=request.seed, points=tuple(points)
    )


def _library(request: DigitalRequest) -> Path | None:
    try:
        return find_liberty(request.liberty)
    except InputError:
        if request.liberty is not None:
            raise
        return None


class _Flow(NamedTuple):
    """Where and in what a layer is synthesised."""

    folder: Path
    liberty: Path | None
    progress: Progress


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
            name="layer", inputs=fan_in, bias_columns=bias_columns, neurons=macro.rows, macro=macro
        )
        stream = DrawStream(seed, Domain.COMPARISON, fan_in)
        weights = stream.at(0).integers(0, 2, (bridge.neurons, bridge.fan_in), dtype=np.uint8)
        images = stream.at(1).integers(0, 2, (WARM_UP + 1, IMAGES, fan_in), dtype=np.uint8)
        digital = DigitalLayerConfig(inputs=fan_in, neurons=bridge.neurons)
        return cls(bridge, digital, weights, images)

    def compare(self, flow: _Flow) -> DigitalPoint:
        """Both layers."""
        bridge = self._cost("bridge", DenseLayer(self.bridge), self._switch_bridge, flow)
        digital = self._cost("digital", PopcountLayer(self.digital), self._switch_digital, flow)
        bridge_j = _scaled_energy(bridge.switching_j, flow.liberty)
        digital_j = _scaled_energy(digital.switching_j, flow.liberty)
        return DigitalPoint(
            fan_in=self.bridge.inputs,
            neurons=self.bridge.neurons,
            bridge=BridgeCost(
                **vars(bridge),
                bias_columns=self.bridge.bias_columns,
                per_evaluation_j=BridgeEnergy(**bridge_j, array=self._array_j())
                if bridge_j
                else None,
            ),
            digital=DigitalCost(
                **vars(digital),
                storage=self._storage(flow.liberty),
                per_evaluation_j=DigitalEnergy(**digital_j, memory=self._memory_j())
                if digital_j
                else None,
            ),
        )

    def _cost(
        self,
        name: str,
        layer: DenseLayer | PopcountLayer,
        simulate: Callable[[GateSimulation], ImageSwitching],
        flow: _Flow,
    ) -> LayerCost:
        """What one layer takes by itself."""
        folder, liberty = flow.folder / name, flow.liberty
        flow.progress(f"fan-in {self.bridge.inputs}, {name}: synthesising")
        period_ps = self.bridge.macro.timing.clock_period_ps
        design = Design(component=layer, name=name, clock_period_ps=period_ps)
        target = "cmos" if liberty is None else "liberty"
        cost = synthesise(design, target, folder, liberty=liberty)
        switching = None
        if liberty is not None:
            flow.progress(f"fan-in {self.bridge.inputs}, {name}: switching")
            netlist = read_netlist(folder / f"{name}.v", name, liberty)
            simulation = GateSimulation(netlist, read_cells(liberty), IMAGES)
            switching = self._checked(name, layer.latency, simulate(simulation))
        return LayerCost(
            cells=cost.cells,
            flip_flops=cost.flip_flops,
            transistors=cost.transistors,
            area=cost.area,
            depth=cost.depth,
            fmax_hz=cost.fmax_hz,
            worst_path=cost.worst_path,
            cycles_per_neuron=layer.latency / self.bridge.neurons,
            switching_j=switching,
        )

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

    def _storage(self, liberty: Path | None) -> Storage:
        bits = self.digital.neurons * self.digital.word_bits
        feature_m = LIBRARY_FEATURES_M.get(liberty.name) if liberty else None
        return Storage(
            bits=bits,
            flip_flops_area=bits * _flip_flop_area(liberty) if liberty else None,
            sram_cells_area_um2=(feature_m and bits * SRAM_CELL_SQUARES * (feature_m * 1e6) ** 2),
        )

    def _array_j(self) -> float:
        """Of one evaluation, all causes of `behav.energy`."""
        weights = (2 * self.weights.astype(np.int8) - 1).astype(np.int8)
        parameters, energy = CONDITIONS["nominal"], ENERGY["130nm"]
        drawn = draw_layer(self.bridge, weights, parameters, LayerKey(CHIP))
        layer = layer_energy(drawn, self.images[-1], energy)
        return layer.per_image_j / layer.evaluations

    def _memory_j(self) -> float:
        """Of one neuron's word."""
        return self.digital.word_bits * _scaled_j(MEMORY_READ_J, MEMORY_FEATURE_M, MEMORY_VDD_V)


def _scaled_energy(
    switching: SwitchingEnergy | None, liberty: Path | None
) -> dict[str, float] | None:
    """Fields of a `LogicEnergy`; None where the library's technology is not known."""
    if switching is None or liberty is None or liberty.name not in LIBRARY_FEATURES_M:
        return None
    scale = _scaled_j(1.0, LIBRARY_FEATURES_M[liberty.name], read_cells(liberty).vdd_v)
    scaled = switching.times(scale)
    return {"logic": scaled.logic_j, "clock": scaled.clock_j, "gated_clock": scaled.gated_clock_j}


def _scaled_j(joules: float, feature_m: float, vdd_v: float) -> float:
    """From one technology to the array's."""
    return joules * (FEATURE_M / feature_m) * (VDD_V / vdd_v) ** 2


def _flip_flop_area(liberty: Path) -> float:
    cells = read_cells(liberty).cells.values()
    return min(cell.area for cell in cells if cell.clock_pin)
