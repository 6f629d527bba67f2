"""What belongs to one macro: its lines, its read-out, its trim, and the turns on its bank."""

from amaranth.hdl import Module, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..array_pins import ArraySignature
from ..config import LayerConfig, Readout
from ..config.laws import corrected_code, successive_approximation
from .readout import CountReadout, SignReadout
from .trim import TrimDriver


class ScanSignature(wiring.Signature):
    """What all macros of a layer get alike, cycle by cycle.

    Parameters
    ----------
    config : LayerConfig

    Members
    -------
    bl, blb : Out(line_columns)
        Bit lines.
    precharge, evaluate, strobe : Out(1)
        Phases, of a scan or of a calibration.
    share, acc_reset : Out(1)
        Only with inputs of several bits.
    arm, sample, last_trial : Out(1)
        Steps of a read-out, as in `PhaseSequencer`.
    """

    def __init__(self, config: LayerConfig):
        names = ["precharge", "evaluate", "strobe", "arm", "sample", "last_trial"]
        if config.bits_per_input > 1:
            names += ["share", "acc_reset"]
        lines = dict.fromkeys(("bl", "blb"), Out(config.line_columns))
        super().__init__(lines | dict.fromkeys(names, Out(1)))


class MacroPeriphery(wiring.Component):
    """The digital periphery of one macro; `PERIPHERIES` has a kind for each way to read it.

    Parameters
    ----------
    config : LayerConfig
        The layer's.
    index : int
        The macro's number in its layer.

    Members
    -------
    pins : Out(ArraySignature)
        The macro's, those of programming aside.
    scan : In(ScanSignature(config))
        Bit lines, phases and steps.
    wl : In(rows)
        The macro's word lines.
    row : In(rows with a neuron)
        The row being read, one-hot, wherever it lives; 0 where this macro has none in the scan.
    trim : In(signed(trim_bits + 1))
        Only with a trim: the one in force, score units.
    search_p, search_n : In(trim_bits)
        Only with a trim: what a calibration puts on the bank; 0 while there is none.
    results : Out(rows with a neuron * max(1, count_bits))
        Row r's bit or code, one cycle after its last `sample`; row 0 lowest.
    unresolved : Out(1)
        In a `sample` cycle: the comparator failed to resolve.
    """

    def __init__(self, config: LayerConfig, index: int):
        self.config = config
        self.rows = len(config.neurons_of_macro(index))
        self.trim_bits = config.trim_bits_in_use
        members = {
            "pins": Out(ArraySignature.of_evaluation(config)),
            "scan": In(ScanSignature(config)),
            "wl": In(config.macro.rows),
            "row": In(self.rows),
            "results": Out(self.rows * max(1, config.count_bits)),
            "unresolved": Out(1),
        }
        if self.trim_bits:
            members |= dict.fromkeys(("search_p", "search_n"), In(self.trim_bits))
            members["trim"] = In(signed(self.trim_bits + 1))
        super().__init__(members)

    def model(self, score: int, trim: int) -> int:
        """The result of a row whose comparator sees `score`, 2m - n, with `trim` in force."""
        raise NotImplementedError

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pins, scan = self.pins, self.scan
        m.submodules.readout = readout = self._read(m)
        m.d.comb += [
            pins.wl.eq(self.wl),
            pins.bl.eq(scan.bl),
            pins.blb.eq(scan.blb),
            pins.precharge.eq(scan.precharge),
            pins.evaluate.eq(scan.evaluate),
            pins.strobe.eq(scan.strobe),
            readout.wl.eq(self.row),
            readout.sample.eq(scan.sample),
            readout.sense_p.eq(pins.sense_p),
            readout.sense_n.eq(pins.sense_n),
            self.unresolved.eq(readout.unresolved),
        ]
        if self.config.bits_per_input > 1:
            m.d.comb += [pins.share.eq(scan.share), pins.acc_reset.eq(scan.acc_reset)]
        return m

    def _read(self, m: Module) -> SignReadout | CountReadout:
        """The read-out; adds its results, and what is on the bank."""
        raise NotImplementedError

    def _charge(self, m: Module, dac_p: Value, dac_n: Value) -> None:
        """Put codes on the bank; a calibration takes turns with them, the other one at 0."""
        if self.trim_bits:
            dac_p, dac_n = dac_p | self.search_p, dac_n | self.search_n
        m.d.comb += [self.pins.dac_p.eq(dac_p), self.pins.dac_n.eq(dac_n)]


class SignPeriphery(MacroPeriphery):
    """Of a macro whose rows are read by their signs: its bank, if it has one, holds the trim."""

    def model(self, score: int, trim: int) -> int:
        """1 where the comparator says +1 in each strobe, 0 where it says -1."""
        senses = [(score + trim > 0, score + trim < 0)] * self.config.trials
        return SignReadout.model(senses)[0]

    def _read(self, m: Module) -> SignReadout:
        readout = SignReadout(self.rows, self.config.trials)
        m.d.comb += self.results.eq(readout.bits)
        if self.trim_bits:
            m.submodules.trim = trim = TrimDriver(self.trim_bits)
            m.d.comb += [
                trim.trim.eq(self.trim),
                trim.arm.eq(self.scan.arm),
                trim.release.eq(self.scan.sample & self.scan.last_trial),
            ]
            self._charge(m, trim.dac_p, trim.dac_n)
        return readout


class CountPeriphery(MacroPeriphery):
    """Of a macro whose rows are counted on its bank: the trim is taken off the codes."""

    def model(self, score: int, trim: int) -> int:
        """The code that successive approximation finds."""
        width = self.config.count_bits
        code = successive_approximation(width, lambda dac_p, dac_n: score + dac_p - dac_n > 0)
        return corrected_code(code, trim, width)

    def _read(self, m: Module) -> CountReadout:
        readout = CountReadout(self.rows, self.config.count_bits, self.trim_bits)
        m.d.comb += [self.results.eq(readout.codes), readout.arm.eq(self.scan.arm)]
        if self.trim_bits:
            m.d.comb += readout.trim.eq(self.trim)
        self._charge(m, readout.dac_p, readout.dac_n)
        return readout


PERIPHERIES = {Readout.SIGN: SignPeriphery, Readout.COUNT: CountPeriphery}
"""Way to read a macro to its periphery."""
