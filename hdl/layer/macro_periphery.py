"""What belongs to one macro: its lines, its read-out, its trim, and the turns on its bank."""

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..array_pins import ArraySignature
from ..config import ArrayGroup
from ..idioms import drive
from .readout import READOUTS


class ScanSignature(wiring.Signature):
    """What all macros of a layer get alike, cycle by cycle.

    Parameters
    ----------
    config : ArrayGroup

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

    def __init__(self, config: ArrayGroup):
        names = ["precharge", "evaluate", "strobe", "arm", "sample", "last_trial"]
        if config.bits_per_input > 1:
            names += ["share", "acc_reset"]
        lines = dict.fromkeys(("bl", "blb"), Out(config.line_columns))
        super().__init__(lines | dict.fromkeys(names, Out(1)))


class MacroPeriphery(wiring.Component):
    """The digital periphery of one macro, with the read-out that its layer asks for.

    Parameters
    ----------
    config : ArrayGroup
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

    def __init__(self, config: ArrayGroup, index: int):
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
        self.readout = READOUTS[config.readout](self.rows, config.trials, self.trim_bits)

    def model(self, score: int, trim: int) -> int:
        """The result of a row whose comparator sees `score`, 2m - n, with `trim` in force."""
        return self.readout.result(score, trim)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pins, scan = self.pins, self.scan
        m.submodules.readout = readout = self.readout
        m.d.comb += self.results.eq(readout.results)
        steps = [name for name in ("arm", "last_trial") if name in readout.signature.members]
        drive(m, readout, scan, steps)
        if self.config.bank_bits:
            dac_p, dac_n = readout.dac_p, readout.dac_n
            if self.trim_bits:
                m.d.comb += readout.trim.eq(self.trim)
                # A calibration takes turns with the read-out on the bank, the other one at 0.
                dac_p, dac_n = dac_p | self.search_p, dac_n | self.search_n
            m.d.comb += [pins.dac_p.eq(dac_p), pins.dac_n.eq(dac_n)]
        m.d.comb += pins.wl.eq(self.wl)
        drive(m, pins, scan, ("bl", "blb", "precharge", "evaluate", "strobe"))
        m.d.comb += [readout.wl.eq(self.row), readout.sample.eq(scan.sample)]
        drive(m, readout, pins, ("sense_p", "sense_n"))
        m.d.comb += self.unresolved.eq(readout.unresolved)
        if self.config.bits_per_input > 1:
            drive(m, pins, scan, ("share", "acc_reset"))
        return m
