"""What relates a layer's registers to what its pins have done: closes induction over its scan.

Lemmas are proven with the properties; they only say which states of the registers occur.
"""

from amaranth.hdl import Array, Cat, Mux, Signal, Value

from ...hdl.config import DEAD_TIME_NAMES, PHASE_NAMES, Readout
from ...hdl.layer.sequencer import PINS
from .layer_monitor import PRECHARGED, SHARED, STROBED, LayerMonitor, implies


def fsm_states(state: Signal) -> dict[str, int]:
    """The encoding of a state machine, from its state register."""
    codes = {}
    for code in range(1 << len(state)):
        try:
            name, _ = state.decoder(code).rsplit("/", 1)
        except KeyError:  # no state has this code
            continue
        codes[name] = code
    return codes


class ScanLemmas:
    """States lemmas about what a monitor sees of its `DenseLayer`."""

    def __init__(self, seen: LayerMonitor):
        self.seen = seen
        self.bench = bench = seen.bench
        self.config = seen.config
        state = bench.inner("sequencer", "phase_state")
        self.codes = fsm_states(state)
        self.within = {name: state == self.codes.get(name, -1) for name in PINS}
        self.busy = ~self.within["IDLE"]
        self.remaining = bench.inner("sequencer", "remaining")
        lengths = Array(seen.taken.get(f"{name.lower()}_cycles", 0) for name in self.codes)
        self.length = Signal(len(self.remaining))
        bench.m.d.comb += self.length.eq(lengths[state])
        bench.lemma(Cat(self.within.values()).any())

    def state_all(self) -> None:
        """State them all."""
        self._states()
        self._counters()
        self._rows()
        self._results()

    def _in(self, *states: str) -> Value:
        return Cat(self.within[state] for state in states).any()

    def _states(self) -> None:
        seen, lemma = self.seen, self.bench.lemma
        pins = Cat(seen.precharge, seen.evaluate, seen.strobe, seen.share)
        for name, here in self.within.items():
            of_state = sum(bit << place for place, bit in enumerate(PINS[name][:4]))
            lemma(implies(here, pins == of_state))
        for name in PHASE_NAMES:
            held = self.bench.inner("sequencer", f"held__{name}")
            lemma(implies(self.busy, held == seen.taken[name]))
        for name, taken in seen.taken.items():
            if name not in DEAD_TIME_NAMES:
                lemma(implies(self.busy, taken >= 1))
        lemma(implies(self.busy, (self.remaining >= 1) & (self.remaining <= self.length)))
        lemma(implies(self.busy, seen.scanning & ~seen.layer.o.valid))
        lemma(implies(seen.scanning, self.busy | seen.layer.o.valid))
        lemma(self.bench.inner("bit_lines", "driving") == self.busy)

    def _counters(self) -> None:
        """How far a phase has come is what the pins' monitors have counted."""
        seen, lemma = self.seen, self.bench.lemma
        gone = self.length - self.remaining
        evaluates = self._in("EVALUATE")
        full = seen.evaluated == seen.taken["evaluate_cycles"]
        reads = self._in("STROBE", "SHARE", "SETTLE")
        for state, counter in (
            ("DEAD_BEFORE_EVALUATE", seen.quiet), ("DEAD_AFTER_STROBE", seen.quiet),
            ("DEAD_AFTER_SHARE", seen.quiet), ("EVALUATE", seen.evaluated),
            ("STROBE", seen.struck), ("SETTLE", seen.settled),
        ):  # fmt: skip
            lemma(implies(self.within[state], counter == gone))
        lemma(implies(evaluates, ~seen.read_before))
        lemma(implies(reads & ~seen.read_before, full))
        lemma(implies(self.within["SETTLE"], seen.read_before))
        for state, ended, dead in (
            ("DEAD_BEFORE_EVALUATE", PRECHARGED, "dead_before_evaluate_cycles"),
            ("DEAD_AFTER_STROBE", STROBED, "dead_after_strobe_cycles"),
            ("DEAD_AFTER_SHARE", SHARED, "dead_after_share_cycles"),
        ):
            after = (seen.ended == ended) & (seen.owed == seen.taken[dead])
            lemma(implies(self.within[state], after))
        rested = seen.quiet >= seen.owed
        lemma(implies(self.within["IDLE"], (seen.ended == 0) | (seen.ended == STROBED) & rested))

    def _rows(self) -> None:
        """The row in progress is the one that the monitor counts."""
        seen, lemma, rows = self.seen, self.bench.lemma, self.config.rows_used
        planes = self.config.bits_per_input
        before = self._in("PRECHARGE", "DEAD_BEFORE_EVALUATE")
        reader = "read_rows" if self.config.overlapped else "word_lines"
        row = self.bench.inner(reader, "row")
        self.number = Signal(range(rows + 2))
        self.plane = seen.planes_begun_now
        first = before & (self.plane == 0)
        self.bench.m.d.comb += self.number.eq(seen.begun_now - ~first)
        lemma(implies(self.busy, (self.number < rows) & (row == (1 << self.number)[:rows])))
        lemma(implies(~self.busy, row == 0))
        every = (seen.begun_now == rows) & (seen.planes_begun_now == 0)
        lemma(implies(seen.result_rises, every))
        lemma((seen.planes_begun < planes) & (seen.begun <= rows))
        if planes > 1:
            plane = self.bench.inner("sequencer", "plane")
            following = Mux(plane == planes - 1, 0, plane + 1)
            lemma((plane < planes) & implies(~self.busy, plane == 0))
            lemma(implies(self.busy, self.plane == Mux(before, plane, following)))
            lemma(implies(self._in("DEAD_AFTER_SHARE"), plane != planes - 1))
            ends = self._in("SETTLE", "STROBE", "DEAD_AFTER_STROBE")
            lemma(implies(ends, plane == planes - 1))

        if self.config.overlapped:
            self._word_lines_ahead()

    def _word_lines_ahead(self) -> None:
        """In a pipeline the word lines leave a row one cycle after its evaluate's rise."""
        seen, rows = self.seen, self.config.rows_used
        ahead = self.bench.inner("word_lines", "row")
        gone = seen.evaluate & ~seen.evaluate_rises | self.within["DEAD_AFTER_STROBE"]
        moved = gone & (self.number != rows - 1)
        expected = (1 << (self.number + moved))[:rows]
        self.bench.lemma(implies(self.busy, ahead == expected) & implies(~self.busy, ahead == 0))
        self.bench.lemma(self.bench.inner("sequencer", "evaluated") == seen.evaluate_before)

    def _results(self) -> None:
        """What the read-out of the watched row holds is what the comparator has said so far."""
        seen, config = self.seen, self.config
        evaluating = self._in("EVALUATE", "SHARE", "SETTLE", "STROBE")
        own = self.number == seen.row
        self.bench.lemma(implies(evaluating, seen.reading == own))
        trial = self.bench.inner("sequencer", "trial")
        self.bench.lemma(trial < config.trials)
        self.bench.lemma(implies(self._in("EVALUATE", "SHARE"), trial == 0))
        self.bench.lemma(implies(self._in("DEAD_AFTER_STROBE"), trial == config.trials - 1))
        if config.bits_per_input == 1:
            self.bench.lemma(implies(self._in("SETTLE"), trial != 0))
        if config.readout is Readout.COUNT:
            code, tried = (self._of_readout(name) for name in ("code", "trial"))
            width = config.count_bits
            so_far = (seen.answers << (width - trial)[: len(trial) + 1])[:width]
            self.bench.lemma(implies(evaluating & own, code == so_far))
            self.bench.lemma(implies(evaluating, tried == (1 << (width - 1)) >> trial))
        elif config.trials > 1:
            favourable = self._of_readout("favourable")
            counting = self._in("SETTLE", "STROBE")
            votes = (seen.answers & ((1 << trial) - 1))[: config.trials]
            total = sum(votes, start=0)
            self.bench.lemma(implies(~counting, favourable == 0))
            self.bench.lemma(implies(counting & own, favourable == total))
        read = own & self.within["DEAD_AFTER_STROBE"]
        passed = (self.number > seen.row) | read | seen.result_rises
        self.bench.lemma(implies(seen.scanning & passed, seen.result == seen.expected))

    def _of_readout(self, name: str) -> Value:
        inner, macros = self.bench.inner, range(self.config.macros)
        return Array(inner(f"periphery{k}", "readout", name) for k in macros)[self.seen.macro]
