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
    "PHASE_BITS",
    "PHASE_NAMES",
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


PHASE_BITS = 16
"""Width of a phase's length: in the sequencer, on its way there, and in its control register."""
PHASE_NAMES = (
    "precharge_cycles",
    "dead_before_evaluate_cycles",
    "evaluate_cycles",
    "strobe_cycles",
    "settle_cycles",
    "dead_after_strobe_cycles",
    "share_cycles",
    "dead_after_share_cycles",
    "bridge_cycles",
)
"""The fields of `PhaseTiming` that are lengths of phases."""
DEAD_TIME_NAMES = (
    "dead_before_evaluate_cycles",
    "dead_after_strobe_cycles",
    "dead_after_share_cycles",
)
"""Those that may be 0 in a macro that allows it."""


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
    share_cycles: int = 1
    """With inputs of several bits: the lines are averaged into the holding capacitors, evaluate
    stays high."""
    dead_after_share_cycles: int = 1
    """Between the share of a bit plane and the next one's precharge, everything low."""
    bridge_cycles: int = 1
    """In a pipelined macro, the least time from a word line's rise to its row's evaluate."""

    def __post_init__(self) -> None:
        if not (isinstance(self.clock_period_s, float) and 0 < self.clock_period_s < 1):
            raise InputError(
                f"clock_period_s: found {self.clock_period_s!r}, expected seconds above 0, below 1"
            )
        for name in PHASE_NAMES:
            require_at_least(self, name, int(name not in DEAD_TIME_NAMES))
            if getattr(self, name) >= 1 << PHASE_BITS:
                raise InputError(
                    f"{name}: found {getattr(self, name)}, expected at most "
                    f"{(1 << PHASE_BITS) - 1}, what {PHASE_BITS} bits hold"
                )

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

    @property
    def before_evaluate_cycles(self) -> int:
        """Clock cycles of an evaluation until evaluate rises."""
        return self.precharge_cycles + self.dead_before_evaluate_cycles

    def from_evaluate_cycles(self, trials: int) -> int:
        """Clock cycles of an evaluation from evaluate's rise, with `trials` strobes."""
        return (
            self.evaluate_cycles
            + trials * self.strobe_cycles
            + (trials - 1) * self.settle_cycles
            + self.dead_after_strobe_cycles
        )

    def row_cycles(self, trials: int, planes: int = 1) -> int:
        """Clock cycles of one evaluation that strobes `trials` times after one evaluate.

        With several bit planes each is precharged, evaluated and shared; a dead time is between
        them, and a settling before the first strobe.
        """
        cycles = self.before_evaluate_cycles + self.from_evaluate_cycles(trials)
        if planes == 1:
            return cycles
        plane = self.before_evaluate_cycles + self.evaluate_cycles + self.share_cycles
        between = plane + self.dead_after_share_cycles
        return cycles + (planes - 1) * between + self.share_cycles + self.settle_cycles

    def row_s(self, trials: int) -> float:
        """Seconds of one evaluation that strobes `trials` times after one evaluate."""
        return self.row_cycles(trials) * self.clock_period_s

    def pipelined_slot_cycles(self, trials: int) -> int:
        """Clock cycles from one evaluate to the next in a pipelined macro.

        The next row's word line rises one cycle after evaluate, once the latches hold: its bridges
        have the rest of the slot.
        """
        return max(self.row_cycles(trials), self.bridge_cycles + 1)


MOST_TRIM_BITS = 12
"""A bank of more units would outweigh the columns of any array here."""
MOST_TRIM_STROBES = 255
"""Of a step of a calibration: what numbers its noise."""
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
    trim_bits: int = 0
    """K, capacitors of each line's trim bank, 2^k units each, that cancel the comparator's offset;
    0: no trim. A COUNT layer measures with its read-out bank, which is there anyway."""
    trim_strobes: int = 7
    """Strobes of each step of a calibration, odd: most of them decide."""
    pipelined: bool = False
    """Whether SL latches hold a row's products during evaluate, so that the bridges of the next row
    settle meanwhile."""
    zero_dead_time_allowed: bool = False
    """Whether the macro's own circuits keep precharge, evaluate and word lines apart."""
    programmable: bool = False
    """Whether the controller has pins, stream and registers to program the cells."""
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
        require_at_least(self, "trim_bits", 0)
        if self.trim_bits > MOST_TRIM_BITS:
            raise InputError(
                f"trim_bits: found {self.trim_bits}, expected at most {MOST_TRIM_BITS}"
            )
        require_at_least(self, "trim_strobes", 1)
        if self.trim_strobes % 2 == 0 or self.trim_strobes > MOST_TRIM_STROBES:
            raise InputError(
                f"trim_strobes: found {self.trim_strobes}, expected an odd number of at most "
                f"{MOST_TRIM_STROBES}"
            )
        for name in ("pipelined", "programmable"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name}: found {getattr(self, name)!r}, expected true or false")
        for name in DEAD_TIME_NAMES:
            if getattr(self.timing, name) == 0 and not self.zero_dead_time_allowed:
                raise InputError(
                    f"timing.{name}: found 0, expected at least 1 "
                    "unless the macro sets zero_dead_time_allowed"
                )

    def slot_cycles(self, trials: int) -> int:
        """Clock cycles from one row to the next in a scan."""
        if self.pipelined:
            return self.timing.pipelined_slot_cycles(trials)
        return self.timing.row_cycles(trials)

    def slot_s(self, trials: int) -> float:
        """Seconds from one row to the next in a scan."""
        return self.slot_cycles(trials) * self.timing.clock_period_s

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
    "pipelined": MacroConfig(
        pipelined=True,
        timing=PhaseTiming(clock_period_s=1e-9, precharge_cycles=3, bridge_cycles=6),
    ),
    "programmable": MacroConfig(programmable=True, spare_rows=8),
    "test-chip": MacroConfig(rows=16, columns=24),
    "trimmed": MacroConfig(trim_bits=6),
}
"""Macro presets. ``default`` is the size used throughout. ``paper-...`` evaluates a row in the
clock period of the authors' comparator, the phases sharing it evenly [E]. ``pipelined`` has SL
latches: its bridges have 6 ns, while the other phases take 7 ns [E]. ``programmable`` is programmed
by its controller and has spare rows. ``test-chip`` is as wide as the 23-column neuron of the
authors' test chip (its number of rows is ours). ``trimmed`` cancels comparator offsets of up to 63
score units [E]."""


class Readout(enum.Enum):
    """How a neuron is read after its evaluate."""

    SIGN = "sign"
    """The sign of the popcount difference: one strobe, or the majority of `MacroConfig.votes`."""
    COUNT = "count"
    """Successive approximation on the capacitor bank: the popcount itself."""


@dataclass(frozen=True, kw_only=True)
class LayerConfig(Record):
    """A dense layer on side-by-side macros that scan their rows together.

    A fan-in beyond the columns of one array takes a chain of arrays on the same capacitive lines,
    with one comparator: a macro of the layer is then such a chain. Neuron ``k * rows_used + r`` is
    row ``r`` of macro ``k``: neurons are shared out evenly, so that a layer takes the fewest
    word-line steps.
    """

    name: str
    inputs: int
    """N, the inputs of a neuron."""
    bias_columns: int
    """n_b, columns whose input is always +1."""
    neurons: int
    """M."""
    bits_per_input: int = 1
    """k: an input of several bits is evaluated bit plane by bit plane, the least significant one
    first, and averaged on the holding capacitors."""
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
        require_at_least(self, "bits_per_input", 1)
        if self.bits_per_input > 1 and self.readout is Readout.COUNT:
            raise InputError(
                f"{self.name}: found inputs of {self.bits_per_input} bits in a count layer, "
                "expected a sign layer: the read-out bank is on the lines, not on the holding "
                "capacitors"
            )
        if self.bits_per_input > 1 and self.macro.trim_bits:
            raise InputError(
                f"{self.name}: found inputs of {self.bits_per_input} bits and trim_bits "
                f"{self.macro.trim_bits}, expected 0: the trim bank is on the lines, not on the "
                "holding capacitors"
            )
        if self.bits_per_input > 8:
            raise InputError(f"bits_per_input: found {self.bits_per_input}, expected at most 8")
        _require_bus(f"{self.name}: input", self.inputs * self.bits_per_input)
        if self.fan_in % 2 == 0:
            raise InputError(
                f"{self.name}: found {self.inputs} inputs and {self.bias_columns} bias columns, "
                "expected an odd sum, so that a popcount is never a tie"
            )
        _require_bus(f"{self.name}: bit lines of {self.chain} arrays", self.columns)
        _require_bus(f"{self.name}: result", self.neurons * self.trials)

    @property
    def fan_in(self) -> int:
        """n = N + n_b, the columns in use; odd."""
        return self.inputs + self.bias_columns

    @property
    def input_top(self) -> int:
        """2^k - 1, the largest value of an input; what a bias column carries."""
        return 2**self.bits_per_input - 1

    @property
    def chain(self) -> int:
        """Arrays on the same capacitive lines: ceil(n / C) for arrays of C columns."""
        return -(-self.fan_in // self.macro.columns)

    @property
    def columns(self) -> int:
        """Columns on a capacitive line, used or not: those of all arrays of a chain."""
        return self.chain * self.macro.columns

    @property
    def macros(self) -> int:
        """Macros side by side, each a chain of arrays with one comparator: ceil(M / R).

        R is without the spare rows.
        """
        return -(-self.neurons // self.macro.neuron_rows)

    @property
    def arrays(self) -> int:
        """Arrays of all macros."""
        return self.macros * self.chain

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
    def trim_bits(self) -> int:
        """K of the trim, whose magnitude is below 2^K score units; 0 without one."""
        return min(self.macro.trim_bits, self.count_bits or self.macro.trim_bits)

    @property
    def bank_bits(self) -> int:
        """Capacitors of the bank on each line: of read-out or trim, 0 without either."""
        return self.count_bits or self.trim_bits

    @property
    def calibration_steps(self) -> int:
        """Evaluations of a calibration: the sign of the offset, then its bits; 0 without a trim."""
        return self.trim_bits + 1 if self.trim_bits else 0

    @property
    def calibration_cycles(self) -> int:
        """Clock cycles from a calibration's start to its trims; 0 without a trim."""
        if not self.trim_bits:
            return 0
        return self.calibration_steps * self.macro.timing.row_cycles(self.macro.trim_strobes) + 1

    @property
    def trials(self) -> int:
        """Strobes in one evaluation."""
        return self.count_bits or self.macro.votes

    @property
    def pipelined(self) -> bool:
        """Whether rows overlap: in a pipelined macro, but with inputs of one bit only."""
        return self.macro.pipelined and self.bits_per_input == 1

    @property
    def row_cycles(self) -> int:
        """Clock cycles from one row to the next in a scan."""
        if self.pipelined:
            return self.macro.timing.pipelined_slot_cycles(self.trials)
        return self.macro.timing.row_cycles(self.trials, self.bits_per_input)

    @property
    def lead_cycles(self) -> int:
        """Clock cycles from the first word line's rise to the first evaluate."""
        timing = self.macro.timing
        least = timing.bridge_cycles if self.pipelined else 0
        return max(timing.before_evaluate_cycles, least)

    @property
    def precharge_cycles(self) -> int:
        """Clock cycles of precharge between two rows, waiting for bridges included."""
        timing = self.macro.timing
        waiting = self.row_cycles - timing.row_cycles(self.trials) if self.pipelined else 0
        return timing.precharge_cycles + waiting

    @property
    def scan_cycles(self) -> int:
        """Clock cycles of one image, from the first word line's rise to the last one's fall."""
        if not self.pipelined:
            return self.rows_used * self.row_cycles
        last = self.macro.timing.from_evaluate_cycles(self.trials)
        return self.lead_cycles + (self.rows_used - 1) * self.row_cycles + last

    @property
    def strobe_slots_busy(self) -> float:
        """Share of a scan, in slots of `row_cycles`, in which a row is evaluated."""
        return self.rows_used * self.row_cycles / self.scan_cycles

    @property
    def latency(self) -> int:
        """Clock cycles from taking an image to its result, and to taking the next one."""
        return self.scan_cycles + 1


STREAM_BITS = 32
"""Width of the AXI4-Stream data ports."""
LARGEST_SCORE = 2 ** (STREAM_BITS - 1) - 1
"""Scores are signed words on the output stream."""
BLOCK_NAMES = ("axi_lite", "registers", "frame_input", "score_output", "programmer")
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
        if len({layer.macro.programmable for layer in self.layers}) > 1:
            raise InputError(
                "layers: found programmable macros in some layers, expected them in all or none"
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
            if following.bits_per_input > 1:
                raise InputError(
                    f"{following.name}: found inputs of {following.bits_per_input} bits, expected "
                    "them in the first layer alone"
                )
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
        # Two comparator outputs of each macro; the streams' and the bus's inputs, clock and reset.
        inputs = sum(2 * layer.macros for layer in self.layers) + 5 * STREAM_BITS
        if self.programmable:
            # The read-back of each macro, and the stream of weights.
            inputs += sum(layer.columns * layer.macros for layer in self.layers) + 2 * STREAM_BITS
        _require_bus("the controller's inputs together", inputs)
        _require_bus("result", self.result_beats * STREAM_BITS)

    @property
    def programmable(self) -> bool:
        """Whether the controller programs the cells."""
        return self.layers[0].macro.programmable

    @property
    def clock_period_ps(self) -> int:
        """Period of the one clock, ps."""
        return self.layers[0].macro.timing.clock_period_ps

    @property
    def input_beats(self) -> int:
        """AXI4-Stream beats of one image."""
        return -(-self.image_bits // STREAM_BITS)

    @property
    def image_bits(self) -> int:
        """Bits of one image: those of input 0 lowest, each input's least significant one first."""
        return self.layers[0].inputs * self.layers[0].bits_per_input

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
    def calibration_cycles(self) -> int:
        """Clock cycles in which all layers find their trims at once; 0 if none has a trim."""
        return max(layer.calibration_cycles for layer in self.layers)

    @property
    def interval(self) -> int:
        """Clock cycles from one result to the next while images wait: the slowest stage's."""
        stages = [self.input_beats + 1, self.output_latency + self.result_beats]
        return max(*stages, *(layer.latency for layer in self.layers))

    def cycles(self, images: int) -> int:
        """Clock cycles from the first image's first beat to the last result's last."""
        return self.latency + (images - 1) * self.interval
