"""A dense layer: its macros side by side, their drivers, phases and read-outs."""

import functools
import operator
from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..array_pins import ArraySignature
from ..config import LayerConfig, Readout
from ..idioms import sum_of
from .calibrator import Calibrator
from .line_drivers import BitLineDriver, WordLineDriver
from .readout import CountReadout, SignReadout, successive_approximation
from .sequencer import PhaseSequencer, PhaseTimingSignature
from .spare_rows import SpareWordLineDriver, moves_layout
from .trim import TrimDriver, corrected_code

__all__ = ["DenseLayer"]


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
    calibrate, calibrating, calibrated, found, trims
        Only with a trim: start, busy, done and trims of the `Calibrator`, and In, like `found`,
        the trims that are in force. `calibrate` comes while not busy, no input while calibrating.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        pins = ArraySignature.of_evaluation(config)
        self.follows_spares = config.macro.programmable and config.macro.spare_rows > 0
        moves = {"moves": In(moves_layout(config))} if self.follows_spares else {}
        super().__init__(
            {
                "i": In(stream.Signature(config.inputs * config.bits_per_input)),
                "o": Out(stream.Signature(config.neurons * max(1, config.count_bits))),
                "timing": In(PhaseTimingSignature(config.macro.timing)),
                "busy": Out(1),
                "unresolved": Out(range(config.macros + 1)),
            }
            | self._calibration_members(config)
            | {name: Out(pins) for name in config.macro_names}
            | moves
        )

    @staticmethod
    def _calibration_members(config: LayerConfig) -> dict[str, wiring.Member]:
        if not config.trim_bits_in_use:
            return {}
        trims = config.macros * (config.trim_bits_in_use + 1)
        flags = dict.fromkeys(("calibrating", "calibrated"), Out(1))
        return {"calibrate": In(1), **flags, "found": Out(trims), "trims": In(trims)}

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
        result = 0
        for neuron in range(self.config.neurons):
            seen = score(neuron, bits)
            trim = trims[neuron // self.config.rows_used] if trims else 0
            if self.config.readout is Readout.COUNT:
                width = self.config.count_bits

                def compare(dac_p: int, dac_n: int, seen: int = seen) -> bool:
                    return seen + dac_p - dac_n > 0

                code = successive_approximation(width, compare)
                result |= corrected_code(code, trim, width) << neuron * width
            else:
                senses = [(seen + trim > 0, seen + trim < 0)] * self.config.trials
                result |= SignReadout.model(senses)[0] << neuron
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
        m.submodules.word_lines = word_lines = self._word_line_driver()
        read_rows = word_lines
        if config.overlapped:
            # The word lines are a row ahead of what is on the latches and read.
            m.submodules.read_rows = read_rows = WordLineDriver(config.rows_used)
        m.submodules.bit_lines = bit_lines = BitLineDriver(
            inputs=config.inputs,
            bias_columns=config.bias_columns,
            columns=config.line_columns,
            planes=config.bits_per_input,
        )
        connect(m, flipped(self.timing), sequencer.timing)
        accept = Signal()
        finished = Signal()
        m.d.comb += [
            self.i.ready.eq(sequencer.idle & (~self.o.valid | self.o.ready)),
            self.busy.eq(~sequencer.idle | self.o.valid),
            accept.eq(self.i.valid & self.i.ready),
            finished.eq(sequencer.row_done & read_rows.last),
            sequencer.start.eq(accept),
            # Lines and phases agree unless a state register was upset: then the lines go down with
            # the phases, and a row that none of them belongs to is the last one.
            sequencer.last_row.eq(read_rows.last | ~bit_lines.driving),
            word_lines.release.eq(sequencer.idle),
            word_lines.start.eq(accept),
            word_lines.advance.eq(sequencer.advance),
            bit_lines.bits.eq(self.i.payload),
            bit_lines.load.eq(accept),
            bit_lines.next_plane.eq(sequencer.next_plane),
            bit_lines.release.eq(finished | sequencer.idle),
        ]
        if self.follows_spares:
            m.d.comb += word_lines.moves.eq(self.moves)
        if config.overlapped:
            m.d.comb += [
                read_rows.start.eq(accept),
                read_rows.advance.eq(sequencer.row_done),
                read_rows.release.eq(sequencer.idle),
            ]
        with m.If(finished):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        calibrator = self._calibrator(m) if config.trim_bits_in_use else None
        readouts = []
        for index, name in enumerate(config.macro_names):
            rows = len(config.neurons_of_macro(index))
            m.submodules[f"readout{index}"] = readout = self._readout(rows)
            read = read_rows.row if isinstance(read_rows, SpareWordLineDriver) else read_rows.wl
            pins = getattr(self, name)
            m.d.comb += [
                readout.wl.eq(read[:rows]),
                pins.wl.eq(self._own_word_lines(word_lines, index)),
            ]
            self._connect_macro(m, pins, sequencer, bit_lines, readout, calibrator)
            self._connect_bank(m, index, pins, sequencer, readout, calibrator)
            readouts.append(readout)
        results = "codes" if config.readout is Readout.COUNT else "bits"
        m.d.comb += [
            self.o.payload.eq(Cat(getattr(readout, results) for readout in readouts)),
            self.unresolved.eq(sum_of([readout.unresolved for readout in readouts])),
        ]
        return m

    def _word_line_driver(self) -> WordLineDriver | SpareWordLineDriver:
        if self.follows_spares:
            return SpareWordLineDriver(self.config)
        return WordLineDriver(self.config.rows_used)

    def _own_word_lines(
        self, word_lines: WordLineDriver | SpareWordLineDriver, macro: int
    ) -> Value:
        """A macro's word lines, those without a neuron included."""
        if isinstance(word_lines, SpareWordLineDriver):
            return word_lines.wl[macro]
        rows = len(self.config.neurons_of_macro(macro))
        return Cat(word_lines.wl[:rows], Const(0, self.config.macro.rows - rows))

    def _readout(self, rows: int) -> SignReadout | CountReadout:
        if self.config.readout is Readout.COUNT:
            return CountReadout(rows, self.config.count_bits, self.config.trim_bits_in_use)
        return SignReadout(rows, self.config.trials)

    def _calibrator(self, m: Module) -> Calibrator:
        m.submodules.calibrator = calibrator = Calibrator(self.config)
        connect(m, flipped(self.timing), calibrator.timing)
        pins = [getattr(self, name) for name in self.config.macro_names]
        m.d.comb += [
            calibrator.start.eq(self.calibrate),
            calibrator.sense_p.eq(Cat(macro.sense_p for macro in pins)),
            calibrator.sense_n.eq(Cat(macro.sense_n for macro in pins)),
            self.calibrating.eq(calibrator.busy),
            self.calibrated.eq(calibrator.done),
            self.found.eq(calibrator.trims),
        ]
        return calibrator

    def _connect_macro(
        self,
        m: Module,
        pins: wiring.PureInterface,
        sequencer: PhaseSequencer,
        bit_lines: BitLineDriver,
        readout: SignReadout | CountReadout,
        calibrator: Calibrator | None,
    ) -> None:
        phases: dict[str, Value] = {
            name: getattr(sequencer, name) for name in ("precharge", "evaluate", "strobe")
        }
        if calibrator is not None:
            # One of the two is idle, with all pins 0.
            phases = {name: value | getattr(calibrator, name) for name, value in phases.items()}
        m.d.comb += [
            pins.bl.eq(bit_lines.bl),
            pins.blb.eq(bit_lines.blb),
            *(getattr(pins, name).eq(value) for name, value in phases.items()),
            readout.sample.eq(sequencer.sample),
            readout.sense_p.eq(pins.sense_p),
            readout.sense_n.eq(pins.sense_n),
        ]
        if self.config.bits_per_input > 1:
            m.d.comb += [pins.share.eq(sequencer.share), pins.acc_reset.eq(sequencer.acc_reset)]

    def _connect_bank(
        self,
        m: Module,
        index: int,
        pins: wiring.PureInterface,
        sequencer: PhaseSequencer,
        readout: SignReadout | CountReadout,
        calibrator: Calibrator | None,
    ) -> None:
        """Read-out, trim and calibration take turns on a macro's bank; the others are at 0."""
        bits = self.config.trim_bits_in_use
        trim = self.trims.word_select(index, bits + 1).as_signed() if bits else Const(0)
        drivers: list[CountReadout | TrimDriver] = []
        if isinstance(readout, CountReadout):
            m.d.comb += readout.arm.eq(sequencer.arm)
            if bits:
                m.d.comb += readout.trim.eq(trim)
            drivers.append(readout)
        elif bits:
            m.submodules[f"trim{index}"] = driver = TrimDriver(bits)
            m.d.comb += [
                driver.trim.eq(trim),
                driver.arm.eq(sequencer.arm),
                driver.release.eq(sequencer.sample & sequencer.last_trial),
            ]
            drivers.append(driver)
        for name in ("dac_p", "dac_n") if drivers else ():
            codes = [getattr(driver, name) for driver in drivers]
            if calibrator is not None:
                codes.append(getattr(calibrator, name).word_select(index, bits))
            m.d.comb += getattr(pins, name).eq(functools.reduce(operator.or_, codes))
