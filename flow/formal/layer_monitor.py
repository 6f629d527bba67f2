"""What the pins of a layer have done so far, seen from outside: monitors for its properties."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value

from ...hdl.config import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, LayerConfig, Readout
from .bench import Bench

COUNTER_BITS = PHASE_BITS + 1
PRECHARGED, STROBED, SHARED = 1, 2, 3
"""What ended last."""


def at_most_one(bits: Value) -> Value:
    """Whether no more than one bit is 1."""
    return (bits & (bits - 1))[: len(bits)] == 0


def implies(condition: Value, consequence: Value) -> Value:
    """Whether the consequence holds where the condition does."""
    return ~condition.bool() | consequence.bool()


def past(m: Module, value: Value, name: str) -> Signal:
    """The value of the cycle before; 0 in and after reset."""
    register = Signal(len(value), name=f"past_{name}")
    m.d.sync += register.eq(value)
    return register


def changed(m: Module, value: Value, name: str) -> Value:
    """Whether the value is not that of the cycle before."""
    return past(m, value, name) != value


class LayerMonitor:
    """Watches one macro of a layer, any of them, and one of its rows, any of them.

    Parameters
    ----------
    bench : Bench
        Its hardware is the `DenseLayer`.
    config : LayerConfig
    """

    wl: Signal
    bl: Signal
    blb: Signal
    precharge: Signal
    evaluate: Signal
    strobe: Signal
    share: Signal
    sense_p: Signal
    sense_n: Signal
    dac_p: Signal
    dac_n: Signal

    def __init__(self, bench: Bench, config: LayerConfig):
        self.bench = bench
        self.config = config
        self.m = bench.m
        self.layer = bench.hardware
        self.rows = Array(len(config.neurons_of_macro(k)) for k in range(config.macros))
        """How many rows each macro has."""
        self._watch_pins()
        self._take_lengths()
        self._measure_phases()
        self._follow_rows()
        self._collect_answers()

    def _watch_pins(self) -> None:
        """The pins of the macro that the solver chooses, and their edges."""
        macros = [getattr(self.layer, name) for name in self.config.macro_names]
        self.macro = self.bench.any(len(macros), "watched_macro")
        for name in macros[0].signature.members:
            pin = Signal(len(getattr(macros[0], name)), name=f"watched_{name}")
            self.m.d.comb += pin.eq(Array(getattr(pins, name) for pins in macros)[self.macro])
            setattr(self, name, pin)
        if self.config.bits_per_input == 1:
            self.share = Signal(name="never_shared")
        self.strobe_before = past(self.m, self.strobe, "strobe")
        self.evaluate_before = past(self.m, self.evaluate, "evaluate")
        self.evaluate_rises = self.evaluate & ~self.evaluate_before
        self.precharge_rises = self.precharge & ~past(self.m, self.precharge, "precharge")
        self.strobe_falls = self.strobe_before & ~self.strobe
        self.bit_lines_change = changed(self.m, Cat(self.bl, self.blb), "bit_lines")
        self.word_lines_change = changed(self.m, self.wl, "word_lines")

    def _take_lengths(self) -> None:
        """The lengths in force: those that came with the image."""
        if self.bench.example:
            self.bench.assume(self.layer.i.valid)
        self.accepted = self.layer.i.valid & self.layer.i.ready
        self.taken = {name: Signal(PHASE_BITS, name=f"taken_{name}") for name in PHASE_NAMES}
        for name, taken in self.taken.items():
            given = getattr(self.layer.timing, name)
            with self.m.If(self.accepted):
                self.m.d.sync += taken.eq(given)
            if self.bench.finite:
                self.bench.drive(given, Const(getattr(self.config.macro.timing, name)))
            elif name not in DEAD_TIME_NAMES:
                # What the registers let pass: 0 for dead times alone.
                self.bench.assume(given >= 1)

    def _counter(self, name: str, counts: Value, holds: Value | None = None) -> Signal:
        """Cycles before this one in which `counts` was 1; 0 after any other, unless it holds."""
        counter = Signal(COUNTER_BITS, name=name)
        stands = counts if holds is None else holds
        with self.m.If(counts):
            self.m.d.sync += counter.eq(Mux(counter.all(), counter, counter + 1))
        with self.m.Elif(~stands):
            self.m.d.sync += counter.eq(0)
        cleared = ~past(self.m, (counts | stands).bool(), f"{name}_stood")
        self.bench.lemma(implies(cleared, counter == 0))
        return counter

    def _measure_phases(self) -> None:
        self.read_before = Signal()
        """A strobe or share of this evaluate has begun before this cycle."""
        reads = self.strobe | self.share
        self.m.d.sync += self.read_before.eq(self.evaluate & (self.read_before | reads))
        fresh = self.evaluate & ~self.read_before & ~reads
        self.evaluated = self._counter("evaluated", fresh, self.evaluate)
        self.settled = self._counter("settled", self.evaluate & self.read_before & ~reads)
        self.struck = self._counter("struck", self.strobe)
        self.quiet = self._counter("quiet", ~self.precharge & ~self.evaluate)
        self.ended = Signal(2)
        self.owed = Signal(PHASE_BITS)
        """The dead time due after what ended last."""
        for pin, ending, dead in (
            (self.precharge, PRECHARGED, "dead_before_evaluate_cycles"),
            (self.strobe, STROBED, "dead_after_strobe_cycles"),
            (self.share, SHARED, "dead_after_share_cycles"),
        ):
            with self.m.If(pin):
                self.m.d.sync += [self.ended.eq(ending), self.owed.eq(self.taken[dead])]

    def _follow_rows(self) -> None:
        """Rows and bit planes whose evaluate has begun, and cycles, since the image was taken."""
        rows, planes = self.config.rows_used, self.config.bits_per_input
        self.scanning = Signal()
        self.result_rises = Signal()
        self.cycles = Signal(COUNTER_BITS + 8)
        self.begun = Signal(range(rows + 2))
        self.begun_now = Signal(range(rows + 2))
        self.planes_begun = Signal(range(max(2, planes)))
        self.planes_begun_now = Signal(range(max(2, planes)))
        first = self.evaluate_rises & (self.planes_begun == 0)
        more = self.begun + (first & (self.begun <= rows))
        following = Mux(self.planes_begun == planes - 1, 0, self.planes_begun + 1)
        self.m.d.comb += [
            self.result_rises.eq(self.layer.o.valid & self.scanning),
            self.begun_now.eq(more),
            self.planes_begun_now.eq(Mux(self.evaluate_rises, following, self.planes_begun)),
        ]
        with self.m.If(self.accepted):
            self.m.d.sync += [self.scanning.eq(1), self.cycles.eq(1)]
            self.m.d.sync += [self.begun.eq(0), self.planes_begun.eq(0)]
        with self.m.Else():
            self.m.d.sync += [
                self.scanning.eq(self.scanning & ~self.result_rises),
                self.cycles.eq(self.cycles + self.scanning),
                self.begun.eq(self.begun_now),
                self.planes_begun.eq(self.planes_begun_now),
            ]

    def row_of(self, number: Value) -> Value:
        """The word lines of the watched macro in a step of the scan."""
        return Mux(number < self.rows[self.macro], (1 << number)[: len(self.wl)], 0)

    def _collect_answers(self) -> None:
        """What the comparator said of one row, at the end of each strobe, oldest answer highest."""
        self.row = self.bench.any(self.config.rows_used, "watched_row")
        self.bench.assume(self.row < self.rows[self.macro])
        held, self.reading = Signal(name="reading_held"), Signal(name="reading")
        now = Mux(self.evaluate_rises, self.wl.bit_select(self.row, 1), held)
        self.m.d.comb += self.reading.eq(now)
        self.m.d.sync += held.eq(self.reading)
        answer = past(self.m, self.sense_p & ~self.sense_n, "answer")
        kept = Signal(self.config.trials, name="answers_kept")
        self.answers = Signal(self.config.trials)
        read = self.strobe_falls & past(self.m, self.reading, "reading")
        self.m.d.comb += self.answers.eq(Mux(read, Cat(answer, kept)[: len(kept)], kept))
        self.m.d.sync += kept.eq(self.answers)
        neuron = self.macro * self.config.rows_used + self.row
        width = max(1, self.config.count_bits)
        self.result = self.layer.o.payload.word_select(neuron, width)
        self.expected: Value = self.answers
        if self.config.readout is not Readout.COUNT:
            self.expected = sum(self.answers, start=0) > self.config.trials // 2
