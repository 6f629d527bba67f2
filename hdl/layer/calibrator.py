"""Calibration: the capacitor bank finds the offset of each comparator and cancels it.

With no bit line driven every column holds both its plates low: the score is exactly 0 whatever the
cells, and the comparator's answer is its offset's sign. The bank then searches for the largest
code of the other sign that does not flip it yet: the trim.
"""

from collections.abc import Callable

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import LayerConfig
from ..config.laws import search_trim
from ..idioms import drive
from .sequencer import PhaseSequencer, PhaseTimingSignature


class TrimSearch(wiring.Component):
    """Finds the trim of one macro: the offset's sign, then its bits from the highest down.

    Parameters
    ----------
    trim_bits : int
        K, capacitors of the bank that are searched over.
    strobes : int
        Strobes per step, odd: most of them decide.

    Members
    -------
    step : In(trim_bits + 1)
        One-hot: the highest bit asks for the sign, the others for bits of the magnitude.
    arm, sample, last : In(1)
        Last cycle before EVALUATE; last cycle of a strobe; whether it is the step's last one.
    rest : In(1)
        No calibration is in progress: lest an upset of the bank stay.
    sense_p, sense_n : In(1)
        The comparator's outputs; an unresolved strobe counts as -1.
    dac_p, dac_n : Out(trim_bits)
        Registered; 0 outside evaluate.
    trim : Out(signed(trim_bits + 1))
        One cycle after the last `sample` of the last step.
    """

    def __init__(self, trim_bits: int, strobes: int):
        if strobes < 1 or strobes % 2 == 0:
            raise ValueError(f"strobes: found {strobes!r}, expected an odd number of at least 1")
        self.trim_bits = trim_bits
        self.strobes = strobes
        super().__init__(
            {
                "step": In(trim_bits + 1),
                **dict.fromkeys(("arm", "sample", "last", "rest", "sense_p", "sense_n"), In(1)),
                "dac_p": Out(trim_bits),
                "dac_n": Out(trim_bits),
                "trim": Out(signed(trim_bits + 1)),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from the last `sample` to `trim`."""
        return 1

    def model(self, compare: Callable[[int, int], bool]) -> int:
        """The trim, given the comparator's majority for each (dac_p, dac_n)."""
        return search_trim(self.trim_bits, compare)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        above = Signal()
        magnitude = Signal(self.trim_bits)
        tried = Signal(self.trim_bits)
        favourable = Signal(range(self.strobes + 1))
        counted = Signal(range(self.strobes + 1))
        majority = Signal()
        m.d.comb += [
            tried.eq(Mux(self.step[-1], 0, magnitude | self.step[:-1])),
            counted.eq(favourable + (self.sense_p & ~self.sense_n)),
            majority.eq(counted > self.strobes // 2),
            self.trim.eq(Mux(above, -magnitude, magnitude)),
        ]
        ends = self.sample & self.last
        with m.If(self.arm):
            m.d.sync += [self.dac_p.eq(Mux(above, 0, tried)), self.dac_n.eq(Mux(above, tried, 0))]
        with m.Elif(ends | self.rest):
            m.d.sync += [self.dac_p.eq(0), self.dac_n.eq(0)]
        with m.If(self.sample):
            m.d.sync += favourable.eq(Mux(self.last, 0, counted))
        with m.If(ends & self.step[-1]):
            m.d.sync += [above.eq(majority), magnitude.eq(0)]
        with m.Elif(ends & (majority == above)):
            m.d.sync += magnitude.eq(tried)
        return m


class Calibrator(wiring.Component):
    """Finds the trims of all macros of a layer side by side, with no word and no bit line driven.

    Parameters
    ----------
    config : LayerConfig
        With a trim.

    Members
    -------
    timing : In(PhaseTimingSignature(...))
        Cycles of each phase, taken at `start`.
    start : In(1)
        Begin; given only while the layer is idle.
    busy : Out(1)
        A calibration is in progress, `done` included.
    done : Out(1)
        For one cycle: `trims` are found. Only of what `start` began, whatever is upset.
    lost : Out(1)
        High for one cycle where an upset has ended a calibration without trims.
    precharge, evaluate, strobe : Out(1)
        The arrays' pins, from registers; 0 while not busy.
    sense_p, sense_n : In(macros)
        The comparators' outputs.
    dac_p, dac_n : Out(macros * trim_bits)
        Macro 0 lowest, from registers; 0 outside evaluate.
    trims : Out(macros * (trim_bits + 1))
        Score units in two's complement, macro 0 lowest.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        bits, macros = config.trim_bits_in_use, config.macros
        super().__init__(
            {
                "timing": In(PhaseTimingSignature(config.macro.timing)),
                "start": In(1),
                **dict.fromkeys(("busy", "done", "lost"), Out(1)),
                **dict.fromkeys(("precharge", "evaluate", "strobe"), Out(1)),
                "sense_p": In(macros),
                "sense_n": In(macros),
                "dac_p": Out(macros * bits),
                "dac_n": Out(macros * bits),
                "trims": Out(macros * (bits + 1)),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from `start` to `done`, as configured."""
        return self.config.calibration_cycles

    def model(self, compare: Callable[[int, int, int], bool]) -> list[int]:
        """The trims, given each macro's majority for (macro, dac_p, dac_n) at a score of 0."""

        def trim(macro: int) -> int:
            return search_trim(self.config.trim_bits_in_use, lambda p, n: compare(macro, p, n))

        return [trim(macro) for macro in range(self.config.macros)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits, strobes = self.config.trim_bits_in_use, self.config.macro.trim_strobes
        m.submodules.sequencer = sequencer = PhaseSequencer(
            self.config.macro.timing, trials=strobes
        )
        wiring.connect(m, wiring.flipped(self.timing), sequencer.timing)
        step = Signal(bits + 1)
        begun = Signal()
        ended = Signal()
        m.d.comb += [
            sequencer.start.eq(self.start),
            # Without a step, as only an upset state register can have it, there is no further row.
            sequencer.last_row.eq(~step[1:].any()),
            self.busy.eq(~sequencer.idle | ended),
            self.done.eq(begun & ended & ~step.any()),
            self.lost.eq(Mux(begun, ~self.busy, ended)),
        ]
        drive(m, self, sequencer, ("precharge", "evaluate", "strobe"))
        # The last strobe's majority is in its register one cycle after the strobe.
        m.d.sync += ended.eq(sequencer.row_done & step[0])
        with m.If(self.done | ~self.busy):
            m.d.sync += begun.eq(0)
        with m.If(self.start & sequencer.idle):
            m.d.sync += [step.eq(1 << bits), begun.eq(1)]
        with m.Elif(sequencer.row_done):
            m.d.sync += step.eq(step >> 1)
        searches = []
        for macro in range(self.config.macros):
            m.submodules[f"search{macro}"] = search = TrimSearch(bits, strobes)
            m.d.comb += [
                search.step.eq(step),
                search.arm.eq(sequencer.arm),
                search.sample.eq(sequencer.sample),
                search.last.eq(sequencer.last_trial),
                search.rest.eq(sequencer.idle),
                search.sense_p.eq(self.sense_p[macro]),
                search.sense_n.eq(self.sense_n[macro]),
            ]
            searches.append(search)
        for name, port in (("dac_p", "dac_p"), ("dac_n", "dac_n"), ("trims", "trim")):
            m.d.comb += getattr(self, name).eq(Cat(getattr(search, port) for search in searches))
        return m
