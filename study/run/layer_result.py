"""What `popbridge run` found of one layer."""

from ...errors import InputError
from ...field_types import Count, Positive, Share, Size
from ...record import ResultPart, require_at_most, require_equal


class Cycles(ResultPart):
    """Clock cycles."""

    declared: Count
    """By the configuration."""
    measured: Count
    """In the simulation, the longest."""


class StrobeSlots(ResultPart):
    """Share of a scan, in slots of a row's cycles, in which a row is evaluated."""

    declared: Share
    """By the configuration."""
    measured: Share
    """Of the cycles that the scan took."""


class RowSpeed(ResultPart):
    """How fast a layer's rows follow each other, all its macros together."""

    row_cycles: Size
    """From one row to the next."""
    evaluations_per_us: Positive
    strobe_slots_busy: StrobeSlots


class Phase(ResultPart):
    """Times that one phase of a layer has, needs and spares, s."""

    phase: str
    """As `behav.chip.margins.PhaseMargin` names it."""
    configured_s: Positive
    needed_s: float
    margin_s: float
    """Negative where the chip makes errors for want of time."""


class Mapping(ResultPart):
    """What a layer occupies of its macros."""

    inputs: Size
    bits_per_input: Size
    readout: str
    """``sign`` or ``count``."""
    rows_used: Size
    columns_used: Size
    slot_use: Share
    """Of the word-line steps of all macros, those in which a neuron is evaluated."""
    cell_use: Share
    """Of the macros' cells, those that belong to a neuron and to one of its columns."""


class WorstNeuron(ResultPart):
    """A neuron whose output differs from the software network's."""

    neuron: Count
    macro: Count
    row: Count
    """Its word line in the macro."""
    differing: Count
    """Images for which its output differs for the same inputs."""
    mean_surplus: float | None
    """Surplus (|s| - 1) / 2 of the sum s of an ideal array, mean over the images: in columns, or,
    with inputs of several bits, in least significant bits; None where a count is read."""


class LayerResult(ResultPart):
    """One layer."""

    name: str
    fan_in: Size
    bias_columns: Count
    neurons: Size
    macros: Size
    arrays: Size
    """Of all macros; a macro is one, or a chain of them."""
    evaluations: Size
    bits_differing: Count
    """Outputs that differ from the software network's on the same inputs."""
    saturated: Count
    """Thresholds beyond the reach of their bias columns."""
    bit_error_rate: Share
    """Of the chip's XNOR products."""
    cycles: Cycles
    """Of a scan."""
    row_speed: RowSpeed
    timing: tuple[Phase, ...]
    """Empty of an ideal chip, which has no resistances."""
    mapping: Mapping
    worst_neurons: tuple[WorstNeuron, ...]
    """Worst first."""

    def __post_init__(self) -> None:
        """The fields' types, and that the counts go with each other."""
        super().__post_init__()
        require_at_most(self, bits_differing=self.evaluations, saturated=self.neurons)
        require_equal(self, fan_in=self.mapping.inputs + self.bias_columns)
        require_equal(self, arrays=self.macros * self.chain)
        for index, worst in enumerate(self.worst_neurons):
            try:
                require_at_most(worst, neuron=self.neurons - 1, macro=self.macros - 1)
                require_at_most(worst, differing=self.evaluations // self.neurons)
            except InputError as error:
                raise InputError(f"worst_neurons[{index}].{error}") from None

    @property
    def chain(self) -> int:
        """Arrays of a macro."""
        return self.arrays // self.macros
