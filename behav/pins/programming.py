"""One macro at its pins while it is programmed: pulses and read-back, held to their rules."""

import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...bits import bits_of_word, word_of_bits
from ...errors import PhaseError
from ...hdl.config import ProgrammingOperation
from ...hdl.config.pins import ProgrammingPins
from ..chip.cells import MacroCells


class _Held(NamedTuple):
    """What has to stand still around a pulse."""

    wl: int
    prog_op: int
    prog_device: int
    prog_level: int
    prog_mask: int


def _held(pins: ProgrammingPins) -> _Held:
    return _Held(pins.wl, pins.prog_op, pins.prog_device, pins.prog_level, pins.prog_mask)


class ProgrammingArray:
    """From a macro's pins over time to its cells and its `sl_q`.

    A pulse acts when it ends, with the length that it had.

    Parameters
    ----------
    cells : MacroCells
        Changed in place.

    Attributes
    ----------
    driven_since_s : float
        When bit lines or word lines last changed, s.
    """

    def __init__(self, cells: MacroCells) -> None:
        self.cells = cells
        config = cells.config
        self._period_s = config.macro.timing.clock_period_s
        self._programming = config.macro.programming
        self._columns = config.fan_in
        self._time_s = self._still_since_s = self._pulse_rise_s = self.driven_since_s = 0.0
        self._pulse_fall_s: float | None = None
        self._was = ProgrammingPins()
        self._start_v: NDArray[np.float64] = np.zeros(self._columns)

    def observe(self, time_s: float, pins: ProgrammingPins) -> None:
        """Take note of the pins; to be called whenever any of them changes.

        Parameters
        ----------
        time_s : float
            Time of the change, s; never earlier than that of the call before.
        pins : ProgrammingPins
            All pins as they are from this instant on.

        Raises
        ------
        PhaseError
            Two word lines up; bl and blb both high; a program driver while a bit line is driven or
            an evaluation is in progress; a pulse on nothing; something changed in a pulse, or too
            soon before or after it.
        """
        was = self._was
        if (pins.bl, pins.blb, pins.wl) != (was.bl, was.blb, was.wl):
            if pins.wl and (pins.bl or pins.blb):
                self._start_v = self.levels_v(time_s)
            self.driven_since_s = time_s
        self._time_s = time_s
        self._check_levels(pins)
        if _held(pins) != _held(was):
            self._check_still(pins)
            self._still_since_s = time_s
        if pins.prog_pulse and not was.prog_pulse:
            self._begin_pulse(pins)
        if was.prog_pulse and not pins.prog_pulse:
            self._end_pulse()
        self._was = copy.copy(pins)

    def levels_v(self, time_s: float) -> NDArray[np.float64]:
        """Levels of the source lines at a time since the last change of the pins, V, shape (n,)."""
        was = self._was
        if not (was.wl and (was.bl or was.blb)):
            return np.zeros(self._columns)
        line = was.wl.bit_length() - 1
        elapsed_s = time_s - self.driven_since_s
        return self.cells.read_level_v(line, +1 if was.bl else -1, self._start_v, elapsed_s)

    def sl_q(self, time_s: float) -> int:
        """Outputs of the source lines' inverters at a time since the last change of the pins."""
        above = self.levels_v(time_s) > self.cells.thresholds_v
        return word_of_bits(above)

    def _check_levels(self, pins: ProgrammingPins) -> None:
        if pins.wl & (pins.wl - 1):
            lines = [line for line in range(pins.wl.bit_length()) if pins.wl >> line & 1]
            self._fail(f"found word lines {lines} up together, expected at most one")
        if pins.bl & pins.blb:
            self._fail("found bl and blb of a column both high, expected at most one")
        if pins.bl and pins.blb:
            self._fail("found columns read back with different inputs, expected all alike")
        if (pins.bl | pins.blb | pins.prog_mask) >> self._columns:
            self._fail(f"found a column driven beyond the {self._columns} in use")
        if pins.prog_op or pins.prog_pulse:
            if pins.precharge or pins.evaluate or pins.strobe:
                self._fail("found a program driver on in an evaluation, expected it off")
            if pins.bl or pins.blb:
                self._fail("found bit lines driven together with a program driver")
        if pins.prog_pulse and not (pins.wl and pins.prog_op and pins.prog_mask):
            self._fail("found a pulse without word line, operation or columns")

    def _check_still(self, pins: ProgrammingPins) -> None:
        if self._was.prog_pulse:
            self._fail(
                f"found {self._changed(pins)} changed in a pulse, expected it to stand still"
            )
        if self._pulse_fall_s is not None:
            self._check_least("hold", self._pulse_fall_s, self._programming.hold_cycles)
            self._pulse_fall_s = None

    def _changed(self, pins: ProgrammingPins) -> str:
        pairs = zip(_Held._fields, _held(pins), _held(self._was), strict=True)
        return next(name for name, value, before in pairs if value != before)

    def _begin_pulse(self, pins: ProgrammingPins) -> None:
        self._check_least("setup", self._still_since_s, self._programming.setup_cycles)
        self._pulse_rise_s = self._time_s

    def _end_pulse(self) -> None:
        was = self._was
        self.cells.pulse(
            was.wl.bit_length() - 1,
            ProgrammingOperation(was.prog_op),
            was.prog_device,
            was.prog_level,
            bits_of_word(was.prog_mask, self._columns).astype(np.bool_),
            # Whole cycles, so that the law sees the same width as without pins.
            self._cycles_since(self._pulse_rise_s) * self._period_s,
        )
        self._pulse_fall_s = self._time_s

    def _cycles_since(self, time_s: float) -> int:
        return round((self._time_s - time_s) / self._period_s)

    def _check_least(self, name: str, since_s: float, least: int) -> None:
        cycles = self._cycles_since(since_s)
        if cycles < least:
            self._fail(f"found {cycles} cycles of {name} around a pulse, expected at least {least}")

    def _fail(self, what: str) -> None:
        raise PhaseError(
            f"layer {self.cells.config.name}, macro {self.cells.macro}, "
            f"at {self._time_s * 1e9:.3f} ns: {what}"
        )
