"""What a bridge layer's controller and an all-digital layer take, as records."""

from ...field_types import Count, Magnitude, Size
from ...flow.switching.gate_simulation import SwitchingEnergy
from ...record import Result, ResultPart


class LayerCost(ResultPart):
    """What one layer takes by itself, without array or memory; see `SynthResult`."""

    cells: Count
    flip_flops: Count
    transistors: Count | None
    area: Magnitude | None
    depth: Count | None
    fmax_hz: float | None
    worst_path: str | None
    cycles_per_neuron: Magnitude
    switching_j: SwitchingEnergy | None
    """Per evaluation, in the library's technology."""


class LogicEnergy(ResultPart):
    """Energy of one evaluation in the array's technology, J."""

    logic: Magnitude
    clock: Magnitude
    gated_clock: Magnitude


class BridgeEnergy(LogicEnergy):
    """With the array's."""

    array: Magnitude


class DigitalEnergy(LogicEnergy):
    """With the memory's."""

    memory: Magnitude


class BridgeCost(LayerCost):
    """The bridge layer's controller."""

    bias_columns: Count
    per_evaluation_j: BridgeEnergy | None


class Storage(ResultPart):
    """Where the all-digital layer keeps its weights and thresholds."""

    bits: Size
    flip_flops_area: Magnitude | None
    """In the library's unit."""
    sram_cells_area_um2: Magnitude | None


class DigitalCost(LayerCost):
    """The all-digital layer."""

    storage: Storage
    per_evaluation_j: DigitalEnergy | None


class DigitalPoint(ResultPart):
    """Both layers at one fan-in."""

    fan_in: Size
    neurons: Size
    bridge: BridgeCost
    digital: DigitalCost


class DigitalResult(Result):
    """Both layers at each fan-in; docs/digital.md."""

    made_by = "popbridge synth --compare"

    library: str | None
    """Without one both are counted in transistors, and no energy is given."""
    seed: Count
    points: tuple[DigitalPoint, ...]
