"""A dense layer: what drives its macros, what belongs to each of them, and their results."""

from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..array_pins import ArraySignature
from ..config import LayerConfig
from ..idioms import any_of, drive, sum_of
from .calibrator import Calibrator
from .line_drivers import BitLineDriver, WordLineDriver
from .macro_periphery import MacroPeriphery, ScanSignature
from .sequencer import PhaseSequencer, PhaseTimingSignature
from .spare_rows import SpareWordLineDriver, moves_layout


class DenseLayer(wiring.Component):
    """Scans the rows of all its macros together, one word-line step for all.

    An input is taken when no row is in progress and the previous result has gone (or goes in that
    very cycle), so that the result's registers and the bit-line registers of the layer behind
    double-buffer the activations.

    Parameters
    ----------
    config : LayerConfig
        Geometry, timing and read-out.

    Members
    -------
    i : In(stream.Signature(inputs * bits_per_input))
        One image's input bits, those of input 0 lowest.
    o : Out(stream.Signature(...))
        One image's result: a bit per neuron (SIGN), or a code of `count_bits` bits per neuron
        (COUNT), neuron 0 lowest.
    macro0, macro1, ... : Out(ArraySignature)
        The arrays' pins, those of programming aside.
    moves : In(moves_layout(config))
        Which rows live on spare rows; stands still while a row is in progress. Only with
        programmable macros that have spare rows.
    timing : In(PhaseTimingSignature(...))
        Cycles of each phase, taken with the input.
    busy : Out(1)
        A row is in progress or a result waits.
    unresolved : Out
        In this cycle, how many comparators failed to resolve.
    calibrate, calibrating, calibrated, calibration_lost, found, trims
        Only with a trim: start, busy, done, lost and trims of the `Calibrator`, and In, like
        `found`, the trims that are in force. `calibrate` comes while not busy, no input while
        calibrating.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        self.follows_spares = config.macro.programmable and config.macro.spare_rows > 0
        members: dict[str, wiring.Member] = {
            "i": In(stream.Signature(config.inputs * config.bits_per_input)),
            "o": Out(stream.Signature(config.neurons * max(1, config.count_bits))),
            "timing": In(PhaseTimingSignature(config.macro.timing)),
            "busy": Out(1),
            "unresolved": Out(range(config.macros + 1)),
        }
        if config.trim_bits_in_use:
            trims = config.macros * (config.trim_bits_in_use + 1)
            members |= {"calibrate": In(1), "calibrating": Out(1), "calibrated": Out(1)}
            members["calibration_lost"] = Out(1)
            members |= {"found": Out(trims), "trims": In(trims)}
        if self.follows_spares:
            members["moves"] = In(moves_layout(config))
        pins = Out(ArraySignature.of_evaluation(config))
        super().__init__(members | dict.fromkeys(config.macro_names, pins))
        self.macros = [getattr(self, name) for name in config.macro_names]
        """The pins `macro0`, `macro1`, ... in order."""
        self.peripheries = [MacroPeriphery(config, index) for index in range(config.macros)]

    @property
    def latency(self) -> int:
        """Cycles from the transfer at `i` to `o.valid`, and to the next, as configured."""
        return self.config.latency

    def model(self, bits: int, score: Callable[[int, int], int], trims: Sequence[int] = ()) -> int:
        """The word at `o` for the word `bits` at `i`.

        Parameters
        ----------
        bits : int
            Input bits, input 0 lowest.
        score : callable (neuron, input bits) -> int
            2m - n as the neuron's comparator sees it.
        trims : sequence of int, optional
            Per macro, score units; none without it.
        """
        width = max(1, self.config.count_bits)
        result = 0
        for neuron in range(self.config.neurons):
            macro = neuron // self.config.rows_used
            trim = trims[macro] if trims else 0
            result |= self.peripheries[macro].model(score(neuron, bits), trim) << neuron * width
        return result

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.sequencer = sequencer = PhaseSequencer(
            config.macro.timing,
            trials=config.trials,
            planes=config.bits_per_input,
            pipelined=config.overlapped,
        )
        connect(m, flipped(self.timing), sequencer.timing)
        m.submodules.bit_lines = bit_lines = BitLineDriver(config)
        accept = Signal()
        finished = Signal()
        word_lines, read_rows = self._scan_rows(m, sequencer, accept)
        m.d.comb += [
            self.i.ready.eq(sequencer.idle & (~self.o.valid | self.o.ready)),
            self.busy.eq(~sequencer.idle | self.o.valid),
            accept.eq(self.i.valid & self.i.ready),
            finished.eq(sequencer.row_done & read_rows.last),
            sequencer.start.eq(accept),
            # Lines and phases agree unless a register was upset: then the lines go down with the
            # phases, and a row that none of them belongs to is the last one.
            sequencer.last_row.eq(read_rows.last | ~bit_lines.driving | ~read_rows.row.any()),
            bit_lines.bits.eq(self.i.payload),
            bit_lines.load.eq(accept),
            bit_lines.next_plane.eq(sequencer.next_plane),
            bit_lines.release.eq(finished | sequencer.idle),
        ]
        with m.If(finished):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        scan = self._scan(m, sequencer, bit_lines)
        for index, periphery in enumerate(self.peripheries):
            m.submodules[f"periphery{index}"] = periphery
            connect(m, scan, periphery.scan)
            connect(m, periphery.pins, flipped(self.macros[index]))
            m.d.comb += [
                periphery.wl.eq(word_lines.wl[index]),
                periphery.row.eq(read_rows.row[: periphery.rows]),
            ]
        m.d.comb += [
            self.o.payload.eq(Cat(periphery.results for periphery in self.peripheries)),
            self.unresolved.eq(sum_of([periphery.unresolved for periphery in self.peripheries])),
        ]
        return m

    def _scan_rows(
        self, m: Module, sequencer: PhaseSequencer, start: Signal
    ) -> tuple[WordLineDriver, WordLineDriver]:
        """Add what raises word lines, and what tells the row that is read: the same component,
        unless rows overlap."""
        kind = SpareWordLineDriver if self.follows_spares else WordLineDriver
        m.submodules.word_lines = word_lines = kind(self.config)
        if self.follows_spares:
            m.d.comb += word_lines.moves.eq(self.moves)
        m.d.comb += word_lines.advance.eq(sequencer.advance)
        drivers = [word_lines]
        if self.config.overlapped:
            # The word lines are a row ahead of what is on the latches and read.
            m.submodules.read_rows = read_rows = WordLineDriver(self.config)
            m.d.comb += read_rows.advance.eq(sequencer.row_done)
            drivers.append(read_rows)
        for driver in drivers:
            m.d.comb += [driver.start.eq(start), driver.release.eq(sequencer.idle)]
        return drivers[0], drivers[-1]

    def _scan(
        self, m: Module, sequencer: PhaseSequencer, bit_lines: BitLineDriver
    ) -> wiring.PureInterface:
        """What all macros get alike."""
        scan = ScanSignature(self.config).create(path=("scan",))
        # Of sequencer and calibrator one is idle, with all pins 0.
        sources: list[PhaseSequencer | Calibrator] = [sequencer]
        if self.config.trim_bits_in_use:
            sources.append(self._calibrate(m))
        drive(m, scan, bit_lines, ("bl", "blb"))
        m.d.comb += [
            scan.precharge.eq(any_of([source.precharge for source in sources])),
            scan.evaluate.eq(any_of([source.evaluate for source in sources])),
            scan.strobe.eq(any_of([source.strobe for source in sources])),
        ]
        drive(m, scan, sequencer, ("arm", "sample", "last_trial"))
        if self.config.bits_per_input > 1:
            drive(m, scan, sequencer, ("share", "acc_reset"))
        return scan

    def _calibrate(self, m: Module) -> Calibrator:
        """Add the calibrator: to the comparators, the banks and the trims of all macros."""
        m.submodules.calibrator = calibrator = Calibrator(self.config)
        connect(m, flipped(self.timing), calibrator.timing)
        m.d.comb += [
            calibrator.start.eq(self.calibrate),
            calibrator.sense_p.eq(Cat(pins.sense_p for pins in self.macros)),
            calibrator.sense_n.eq(Cat(pins.sense_n for pins in self.macros)),
            self.calibrating.eq(calibrator.busy),
            self.calibrated.eq(calibrator.done),
            self.calibration_lost.eq(calibrator.lost),
            self.found.eq(calibrator.trims),
        ]
        bits = self.config.trim_bits_in_use
        for index, periphery in enumerate(self.peripheries):
            m.d.comb += [
                periphery.trim.eq(self.trims.word_select(index, bits + 1)),
                periphery.search_p.eq(calibrator.dac_p.word_select(index, bits)),
                periphery.search_n.eq(calibrator.dac_n.word_select(index, bits)),
            ]
        return calibrator
