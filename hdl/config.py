"""Geometry and timing of macros, layers and networks: the one source for every size and latency.

Free of Amaranth, so that the physics and the networks can use it too.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .programming_config import ProgrammingConfig, ProgrammingOperation
from .record import InputError, Record, require_at_least

__all__ = [
    "MACROS",
    "STREAM_BITS",
    "InputError",
    "LayerConfig",
    "MacroConfig",
    "NetworkConfig",
    "PhaseTiming",
    "ProgrammingConfig",
    "ProgrammingOperation",
    "Readout",
    "Record",
    "require_at_least",
]


@dataclass(frozen=True, kw_only=True)
class PhaseTiming(Record):
    """Length of each phase of an evaluation, in clock cycles."""

    clock_period_s: float = 5e-9
    """Period of the controller's clock, s."""
    precharge_cycles: int = 1
    """Both capacitive lines are reset, bottom plates low."""
    dead_before_evaluate_cycles: int = 1
    """Between precharge and evaluate, both low."""
    evaluate_cycles: int = 1
    """Bridges settle and drive the capacitors before the first strobe."""
    strobe_cycles: int = 1
    """Comparator clock high; evaluate stays high."""
    settle_cycles: int = 1
    """Before each further trial of the capacitor bank: strobe low, the bank settles."""
    dead_after_strobe_cycles: int = 1
    """After the last strobe, everything low, before the word line changes."""

    def __post_init__(self) -> None:
        if not (isinstance(self.clock_period_s, float) and 0 < self.clock_period_s < 1):
            raise InputError(
                f"clock_period_s: found {self.clock_period_s!r}, expected seconds above 0, below 1"
            )
        for name in ("precharge_cycles", "evaluate_cycles", "strobe_cycles", "settle_cycles"):
            require_at_least(self, name, 1)
        for name in ("dead_before_evaluate_cycles", "dead_after_strobe_cycles"):
            require_at_least(self, name, 0)

    @property
    def clock_period_ps(self) -> int:
        """The clock period in ps, as simulators keep time; clock high and low for half of it each.

        Raises
        ------
        InputError
            It is not a whole, even number.
        """
        half_ps = self.clock_period_s * 1e12 / 2
        if round(half_ps) < 1 or abs(half_ps - round(half_ps)) > 1e-6:
            raise InputError(
                f"timing.clock_period_s: found {self.clock_period_s!r}, expected a whole, even "
                "number of picoseconds: simulators keep time in whole ones"
            )
        return 2 * round(half_ps)

    def row_cycles(self, trials: int) -> int:
        """Clock cycles of one evaluation that strobes `trials` times after one evaluate."""
        return (
            self.precharge_cycles
            + self.dead_before_evaluate_cycles
            + self.evaluate_cycles
            + trials * self.strobe_cycles
            + (trials - 1) * self.settle_cycles
            + self.dead_after_strobe_cycles
        )

    def row_s(self, trials: int) -> float:
        """Seconds of one evaluation that strobes `trials` times after one evaluate."""
        return self.row_cycles(trials) * self.clock_period_s


WIDEST_BUS = 65_535
"""Bits of the widest signal: beyond, the tools that carry the hardware to Verilog give up."""


def _require_bus(name: str, bits: int) -> None:
    if bits > WIDEST_BUS:
        raise InputError(f"{name}: found {bits} bits on a bus, expected at most {WIDEST_BUS}")


@dataclass(frozen=True, kw_only=True)
class MacroConfig(Record):
    """One ReRAM bridge array with its analog periphery."""

    rows: int = 128
    """Word lines, spare ones included."""
    spare_rows: int = 0
    """Of them, the last ones, kept for rows whose cells fail: no neuron is mapped onto them."""
    columns: int = 1152
    """Bit-line pairs."""
    votes: int = 1
    """Strobes of a SIGN row, odd: its bit is what most of them say."""
    zero_dead_time_allowed: bool = False
    """Whether the macro's own circuits keep precharge, evaluate and word lines apart."""
    timing: PhaseTiming = field(default_factory=PhaseTiming)
    programming: ProgrammingConfig = field(default_factory=ProgrammingConfig)

    def __post_init__(self) -> None:
        for name in ("rows", "columns"):
            require_at_least(self, name, 1)
            _require_bus(name, getattr(self, name))
        require_at_least(self, "spare_rows", 0)
        if self.spare_rows >= self.rows:
            raise InputError(
                f"spare_rows: found {self.spare_rows}, expected fewer than rows, {self.rows}"
            )
        require_at_least(self, "votes", 1)
        if self.votes % 2 == 0:
            raise InputError(f"votes: found {self.votes}, expected an odd number: votes never tie")
        for name in ("dead_before_evaluate_cycles", "dead_after_strobe_cycles"):
            if getattr(self.timing, name) == 0 and not self.zero_dead_time_allowed:
                raise InputError(
                    f"timing.{name}: found 0, expected at least 1 "
                    "unless the macro sets zero_dead_time_allowed"
                )

    @property
    def neuron_rows(self) -> int:
        """Rows that neurons are mapped onto: all but the spare ones."""
        return self.rows - self.spare_rows


def _paper_clock(row_s: float) -> MacroConfig:
    """The default macro with a SIGN row that takes `row_s` in all."""
    timing = PhaseTiming()
    return MacroConfig(timing=timing.replace(clock_period_s=row_s / timing.row_cycles(1)))


MACROS: dict[str, MacroConfig] = {
    "default": MacroConfig(),
    "paper-6ns": _paper_clock(6e-9),
    "paper-8ns": _paper_clock(8e-9),
    "paper-20ns": _paper_clock(20e-9),
    "test-chip": MacroConfig(rows=16, columns=24),
}
"""Macro presets. ``default`` is the size used throughout. ``paper-...`` evaluates a row in the
clock period of the authors' comparator, the phases sharing it evenly [E]. ``test-chip`` is as wide
as the 23-column neuron of the authors' test chip (its number of rows is ours)."""


class Readout(enum.Enum):
    """How a neuron is read after its evaluate."""

    SIGN = "sign"
    """The sign of the popcount difference: one strobe, or the majority of `MacroConfig.votes`."""
    COUNT = "count"
    """Successive approximation on the capacitor bank: the popcount itself."""


@dataclass(frozen=True, kw_only=True)
class LayerConfig(Record):
    """A dense layer on side-by-side macros that scan their rows together.

    Neuron ``k * rows_used + r`` is row ``r`` of macro ``k``: neurons are shared out evenly, so that
    a layer takes the fewest word-line steps.
    """

    name: str
    inputs: int
    """N, the inputs of a neuron."""
    bias_columns: int
    """n_b, columns whose input is always +1."""
    neurons: int
    """M."""
    readout: Readout = Readout.SIGN
    macro: MacroConfig = field(default_factory=MacroConfig)

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name.isidentifier() and self.name.isascii()):
            raise InputError(
                f"name: found {self.name!r}, expected letters, digits and underscores, "
                "no digit first: it becomes part of port names"
            )
        require_at_least(self, "inputs", 1)
        require_at_least(self, "bias_columns", 0)
        require_at_least(self, "neurons", 1)
        if self.fan_in % 2 == 0:
            raise InputError(
                f"{self.name}: found {self.inputs} inputs and {self.bias_columns} bias columns, "
                "expected an odd sum, so that a popcount is never a tie"
            )
        if self.fan_in > self.macro.columns:
            raise InputError(
                f"{self.name}: found a macro of {self.macro.columns} columns, expected at least "
                f"{self.fan_in} ({self.inputs} inputs and {self.bias_columns} bias columns)"
            )
        _require_bus(f"{self.name}: result", self.neurons * self.trials)

    @property
    def fan_in(self) -> int:
        """n = N + n_b, the columns in use; odd."""
        return self.inputs + self.bias_columns

    @property
    def macros(self) -> int:
        """Macros side by side: ceil(M / R), R without the spare rows."""
        return -(-self.neurons // self.macro.neuron_rows)

    @property
    def rows_used(self) -> int:
        """Word-line steps of one image: ceil(M / macros)."""
        return -(-self.neurons // self.macros)

    @property
    def macro_names(self) -> list[str]:
        """Names of the macros' pins within the layer."""
        return [f"macro{index}" for index in range(self.macros)]

    def neurons_of_macro(self, macro: int) -> range:
        """The neurons that sit in macro number `macro`, in row order."""
        first = macro * self.rows_used
        return range(first, min(first + self.rows_used, self.neurons))

    @property
    def count_bits(self) -> int:
        """K = ceil(log2(n + 1)), trials and bank size of a COUNT layer; 0 for SIGN."""
        return self.fan_in.bit_length() if self.readout is Readout.COUNT else 0

    @property
    def trials(self) -> int:
        """Strobes in one evaluation."""
        return self.count_bits or self.macro.votes

    @property
    def row_cycles(self) -> int:
        """Clock cycles of one evaluation."""
        return self.macro.timing.row_cycles(self.trials)

    @property
    def scan_cycles(self) -> int:
        """Clock cycles of one image, from the first word line's rise to the last one's fall."""
        return self.rows_used * self.row_cycles

    @property
    def latency(self) -> int:
        """Clock cycles from taking an image to its result, and to taking the next one."""
        return self.scan_cycles + 1


STREAM_BITS = 32
"""Width of the AXI4-Stream data ports."""
LARGEST_SCORE = 2 ** (STREAM_BITS - 1) - 1
"""Scores are signed words on the output stream."""
BLOCK_NAMES = ("frame_input", "score_output")
"""What the controller calls its own blocks beside the layers."""


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Record):
    """Layers in a row; the last one reads counts, the others signs."""

    layers: tuple[LayerConfig, ...]
    offsets: tuple[int, ...]
    """Per class, added to the last layer's 2m - n to give the score."""

    def __post_init__(self) -> None:
        if not self.layers:
            raise InputError("layers: found none, expected at least one")
        *hidden, last = self.layers
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"layers: found {name!r} twice, expected a name for each layer")
            if name in BLOCK_NAMES:
                raise InputError(f"layers: found {name!r}, the name of another block")
        periods = [layer.macro.timing.clock_period_ps for layer in self.layers]
        if len(set(periods)) > 1:
            raise InputError(
                f"layers: found clock periods of {periods} ps, expected one for all layers"
            )
        for layer in hidden:
            if layer.readout is not Readout.SIGN:
                raise InputError(
                    f"{layer.name}: found a count read-out, expected sign before the last layer"
                )
        if last.readout is not Readout.COUNT:
            raise InputError(
                f"{last.name}: found a sign read-out, expected count in the last layer"
            )
        for layer, following in zip(self.layers, self.layers[1:], strict=False):
            if layer.neurons != following.inputs:
                raise InputError(
                    f"{following.name}: found {following.inputs} inputs, expected {layer.neurons}, "
                    f"the neurons of {layer.name}"
                )
        if len(self.offsets) != last.neurons:
            raise InputError(
                f"offsets: found {len(self.offsets)}, expected {last.neurons}, one per class"
            )
        for offset in self.offsets:
            if type(offset) is not int or abs(offset) > LARGEST_SCORE - last.fan_in:
                raise InputError(
                    f"offsets: found {offset!r}, expected integers of magnitude at most "
                    f"{LARGEST_SCORE - last.fan_in}, so that every score fits {STREAM_BITS} bits"
                )
        _require_bus("image", self.input_beats * STREAM_BITS)
        # Two comparator outputs of each macro, the stream's inputs, clock and reset.
        inputs = sum(2 * layer.macros for layer in self.layers) + 2 * STREAM_BITS
        _require_bus("the controller's inputs together", inputs)
        _require_bus("result", self.result_beats * STREAM_BITS)

    @property
    def clock_period_ps(self) -> int:
        """Period of the one clock, ps."""
        return self.layers[0].macro.timing.clock_period_ps

    @property
    def input_beats(self) -> int:
        """AXI4-Stream beats of one image."""
        return -(-self.layers[0].inputs // STREAM_BITS)

    @property
    def classes(self) -> int:
        """Neurons of the last layer."""
        return self.layers[-1].neurons

    @property
    def result_beats(self) -> int:
        """AXI4-Stream beats of one result: the class, then a score per class."""
        return 1 + self.classes

    @property
    def output_latency(self) -> int:
        """Clock cycles from the last layer's result to the packet's first beat: the arg-max."""
        return self.classes + 1

    @property
    def latency(self) -> int:
        """Clock cycles from an image's first beat to its result's last, the pipeline empty."""
        layers = sum(layer.latency for layer in self.layers)
        return self.input_beats + layers + self.output_latency + self.classes

    @property
    def interval(self) -> int:
        """Clock cycles from one result to the next while images wait: the slowest stage's."""
        stages = [self.input_beats + 1, self.output_latency + self.result_beats]
        return max(*stages, *(layer.latency for layer in self.layers))

    def cycles(self, images: int) -> int:
        """Clock cycles from the first image's first beat to the last result's last."""
        return self.latency + (images - 1) * self.interval
