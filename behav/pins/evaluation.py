"""One macro at its pins: charge as state, phases held to their order and length."""

from typing import NamedTuple

from ...errors import PhaseError
from ...hdl.config import ArrayGroup
from ...hdl.config.pins import ArrayPins
from ..chip.layer import LayerChip
from .answers import MacroAnswers, Sense, Strobe
from .levels import level_fault


class _Drive(NamedTuple):
    """What has to stand still during evaluate."""

    wl: int
    bl: int
    blb: int


class ArrayModel:
    """The model of one macro of a layer, from its pins over time to its comparator.

    Rows are scanned once per input vector in ascending order: a row at or below the one before it
    begins the next evaluation, and evaluations count from 0. The number of a trial is the count of
    strobes since evaluate rose. Evaluations with neither word line nor bit line, as in a
    calibration, count on their own, from 0, too. The decisions are those of `LayerChip.signs`,
    `LayerChip.counts` and `LayerChip.calibration` for the same evaluation, row and trial, to the
    bit.

    Parameters
    ----------
    layer_chip : LayerChip
    macro : int
        Number of the macro in the layer.
    """

    def __init__(self, layer_chip: LayerChip, macro: int) -> None:
        config = layer_chip.config
        self.layer_chip = layer_chip
        self.macro = macro
        self.evaluation = 0
        self._timing = config.macro.timing
        self._pipelined = config.overlapped
        self._answers = MacroAnswers(layer_chip, macro)
        neurons = config.neurons_of_macro(macro)
        self._rows = len(neurons)
        lines = layer_chip.word_lines[neurons.start : neurons.stop].tolist()
        self._row_of_line = {line: row for row, line in enumerate(lines)}
        self._columns = config.fan_in
        self._codes = 2**config.bank_bits
        self._undriven = -1
        self._time_s = 0.0
        self._was = ArrayPins()
        self._drive = _Drive(0, 0, 0)
        self._precharged = False
        self._last_row = -1
        self._trial = -1
        self._answer: Sense = (0, 0)
        self._precharge_rise_s = self._precharge_fall_s = self._evaluate_rise_s = 0.0
        self._strobe_rise_s = self._share_rise_s = 0.0
        self._bank_changed_s: float | None = None
        self._unselected_s = 0.0
        self._most_unselected = self._longest_unselected(config)
        self._word_line_s = 0.0
        self._strobe_fall_s: float | None = None
        self._planes: list[tuple[int, int]] = []
        self._bits_per_input = config.bits_per_input

    def observe(self, time_s: float, pins: ArrayPins) -> Sense:
        """Take note of the pins; to be called whenever any of them changes.

        Parameters
        ----------
        time_s : float
            Time of the change, s; never earlier than that of the call before.
        pins : ArrayPins
            All pins as they are from this instant on.

        Returns
        -------
        sense_p, sense_n : int
            While strobe is high: (1, 0) for +1, (0, 1) for -1, (0, 0) if unresolved; else (0, 0).

        Raises
        ------
        PhaseError
            A broken rule of the pins, a phase of the wrong length, or phases in a wrong order.
        """
        self._time_s = time_s
        was = self._was
        if fault := level_fault(pins, self._columns, self._codes):
            self._fail(fault)
        self._check_released()
        if (pins.dac_p, pins.dac_n) != (was.dac_p, was.dac_n):
            self._bank_changed_s = time_s
        if was.strobe and not pins.strobe:
            self._end_strobe()
        if was.evaluate:
            self._check_still(pins)
        if was.precharge and not pins.precharge:
            self._end_precharge()
        if pins.precharge and not was.precharge:
            self._begin_precharge()
        if pins.evaluate and not was.evaluate:
            self._begin_evaluate(pins)
        if self._bits_per_input > 1:
            self._share(pins)
        if pins.strobe and not was.strobe:
            self._begin_strobe(pins)
        was.share, was.acc_reset = pins.share, pins.acc_reset
        was.precharge, was.evaluate, was.strobe = pins.precharge, pins.evaluate, pins.strobe
        was.dac_p, was.dac_n = pins.dac_p, pins.dac_n
        if was.wl or not (was.bl or was.blb):
            self._unselected_s = time_s
        if pins.wl != was.wl:
            self._word_line_s = time_s
        was.wl, was.bl, was.blb = pins.wl, pins.bl, pins.blb
        return self._answer

    @property
    def row(self) -> int:
        """The row whose charge is on the lines, or was last; -1 without one."""
        return self.row_of(self._drive.wl)

    def _longest_unselected(self, config: ArrayGroup) -> int:
        """Cycles in a scan in which this macro's word lines may be down, if it has fewer rows."""
        missing = config.rows_used - self._rows
        if missing and self._pipelined:
            after = self._timing.from_evaluate_cycles(config.trials) - 1
            return missing * config.row_cycles + after
        return missing * config.row_cycles

    def _check_released(self) -> None:
        """Bit lines are driven while a word line is up, in the layer's other macros if not here."""
        was = self._was
        if was.wl == 0 and (was.bl or was.blb):
            cycles = self._cycles_since(self._unselected_s)
            if cycles > self._most_unselected:
                self._fail(
                    f"found bit lines driven for {cycles} cycles without a word line, "
                    f"expected at most {self._most_unselected}"
                )

    def _check_still(self, pins: ArrayPins) -> None:
        """Word and bit lines hold from evaluate's rise to its fall, the bank during a strobe.

        Where latches hold the products, the word line may go on.
        """
        timing = self._timing
        between_planes = 0 < len(self._planes) < self._bits_per_input
        after = (
            timing.dead_after_share_cycles if between_planes else timing.dead_after_strobe_cycles
        )
        if pins.evaluate or after > 0:
            drive = self._drive
            lines = [("bl", pins.bl, drive.bl), ("blb", pins.blb, drive.blb)]
            if not self._pipelined:
                lines.insert(0, ("wl", pins.wl, drive.wl))
            for name, value, held in lines:
                if value != held:
                    self._fail(f"found {name} changed in evaluate, expected it to stand still")
        was = self._was
        if was.strobe and pins.strobe and (pins.dac_p, pins.dac_n) != (was.dac_p, was.dac_n):
            self._fail("found the bank changed in a strobe, expected it to stand still")
        if not pins.evaluate and self._trial < 0:
            self._check_least("evaluate", self._evaluate_rise_s, self._timing.evaluate_cycles)

    def _share(self, pins: ArrayPins) -> None:
        """Holding capacitors: cleared in a row's first precharge, then one share per plane."""
        if pins.acc_reset and not pins.precharge:
            self._fail("found acc_reset outside precharge, expected it in a row's first one")
        if pins.acc_reset and not self._was.acc_reset:
            self._planes = []
        if pins.share and not pins.evaluate:
            self._fail("found share high while evaluate is low, expected it within evaluate")
        if pins.share and pins.strobe:
            self._fail("found share and strobe high together, expected one at a time")
        if pins.share and not self._was.share:
            self._check_least("evaluate", self._evaluate_rise_s, self._timing.evaluate_cycles)
            self._share_rise_s = self._time_s
            self._planes.append((self._drive.bl, self._drive.blb))
            if len(self._planes) > self._bits_per_input:
                self._fail(f"found a share too many, expected {self._bits_per_input} in a row")
        if self._was.share and not pins.share:
            self._check_least("share", self._share_rise_s, self._timing.share_cycles)

    def _begin_precharge(self) -> None:
        if self._strobe_fall_s is not None:
            least = self._timing.dead_after_strobe_cycles
            self._check_least("the dead time after strobe", self._strobe_fall_s, least)
        self._precharge_rise_s = self._time_s

    def _end_precharge(self) -> None:
        self._check_least("precharge", self._precharge_rise_s, self._timing.precharge_cycles)
        self._precharge_fall_s = self._time_s
        self._precharged = True

    def _begin_evaluate(self, pins: ArrayPins) -> None:
        if not self._precharged:
            self._fail("found evaluate without a precharge since the last one")
        least = self._timing.dead_before_evaluate_cycles
        self._check_least("the dead time before evaluate", self._precharge_fall_s, least)
        if self._pipelined and pins.wl:
            if pins.wl != self._was.wl:
                self._fail("found wl changed as evaluate rose, expected it to stand still")
            self._check_least("the bridges' time", self._word_line_s, self._timing.bridge_cycles)
        self._precharged = False
        self._evaluate_rise_s = self._time_s
        self._drive = _Drive(pins.wl, pins.bl, pins.blb)
        self._trial = -1
        self._undriven += not any(self._drive)
        row = self.row_of(pins.wl)
        # The planes of a row are one evaluation.
        if row >= 0 and not self._planes:
            self.evaluation += row <= self._last_row
            self._last_row = row

    def _begin_strobe(self, pins: ArrayPins) -> None:
        first, timing = self._trial < 0, self._timing
        least = timing.evaluate_cycles if first else timing.settle_cycles
        if first:
            self._check_least("evaluate before strobe", self._evaluate_rise_s, least)
        elif self._strobe_fall_s is not None:
            self._check_least("the time between strobes", self._strobe_fall_s, least)
        if self._bank_changed_s is not None:
            self._check_least("the bank's settling before strobe", self._bank_changed_s, least)
        self._trial += 1
        self._strobe_rise_s = self._time_s
        self._answer = self._resolve(pins)

    def _end_strobe(self) -> None:
        cycles = self._cycles_since(self._strobe_rise_s)
        expected = self._timing.strobe_cycles
        if cycles != expected:
            self._fail(f"found a strobe of {cycles} cycles, expected {expected}")
        self._strobe_fall_s = self._time_s
        self._answer = (0, 0)

    def _resolve(self, pins: ArrayPins) -> Sense:
        """The comparator's outputs for the row whose charge is on the lines."""
        strobe = Strobe((), self._undriven, self._trial, pins.dac_p, pins.dac_n)
        if not any(self._drive) and self._codes > 1:
            return self._answers.undriven(strobe)
        row = self.row
        if row < 0:
            return (0, 0)
        planes = tuple(self._planes)
        if self._bits_per_input == 1:
            planes = ((self._drive.bl, self._drive.blb),)
        elif len(planes) != self._bits_per_input:
            self._fail(f"found {len(planes)} shares, expected {self._bits_per_input} before strobe")
        return self._answers.of_row(row, strobe._replace(planes=planes, evaluation=self.evaluation))

    def row_of(self, word_lines: int) -> int:
        """The row whose neuron is on the word line that is up; -1 if it is none's."""
        return self._row_of_line.get(word_lines.bit_length() - 1, -1)

    def _cycles_since(self, time_s: float) -> int:
        return round((self._time_s - time_s) / self._timing.clock_period_s)

    def _check_least(self, phase: str, since_s: float, least: int) -> None:
        cycles = self._cycles_since(since_s)
        if cycles < least:
            self._fail(f"found {phase} of {cycles} cycles, expected at least {least}")

    def _fail(self, what: str) -> None:
        name = self.layer_chip.config.name
        raise PhaseError(
            f"layer {name}, macro {self.macro}, at {self._time_s * 1e9:.3f} ns: {what}"
        )
