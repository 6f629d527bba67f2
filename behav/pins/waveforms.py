"""The analog lines of one macro over time, from its pins: SLs, line P and line N.

The voltages behind the decisions of `LayerChip`: as the first strobe begins, SLs are at the
`decided_v` of `settling.scan_levels`, and V_P - V_N is the score seen in volts, with the charge
injected. Between the events of the pins,

    SL(t)  = V_inf + (V_0 - V_inf) exp(-t / tau)                            (see `settling`),
    V_P(t) = what precharge left + VDD / T_P (sum of C_Pi whose plate is up + bank),

and V_N(t) likewise [D]. The plate of line P is up in evaluate while SL is above its inverter's
threshold, that of line N while a driven column's is not. In precharge a line decays to 0 V.

Where `LayerChip` simplifies, so does this, to show what decided: products stand from the first
strobe on, or from evaluate's rise where latches hold them; plates hold from evaluate's fall until
precharge; a scan's first row finds nothing of the scan before it, and no row what was injected
before. With inputs of several bits the lines are those of each plane; what is held is not shown,
and SLs start each plane from where the last one left them.
"""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...bits import bits_of_word
from ...hdl.config.pins import ArrayPins
from ..cell.settling import settling_time_s
from ..chip.circuit import MacroCircuit

_COURSE = -2 * np.log(1 - np.linspace(0, 0.99, 14)[1:])
"""Time constants after which to sample an exponential, up to 0.9999 of its way. A chord of t to
t + h errs by about exp(-t) h^2 / 8: spaced so, all by the same."""
_SMALLEST_MOVE_V = 1e-4
"""An exponential of less is left out: a tenth of a score unit on 1,152 columns."""
_MOST_CROSSINGS = 16
"""Of SLs through their thresholds in an evaluate: more are thinned out."""


class AnalogLines:
    """Voltages of a macro's SLs and capacitive lines, as functions of time from pins over time.

    Takes pins of any kind: rules are `ArrayModel`'s to enforce. Of several word lines the highest
    counts.

    Parameters
    ----------
    circuit : MacroCircuit
    """

    def __init__(self, circuit: MacroCircuit) -> None:
        self.circuit = circuit
        columns = circuit.columns
        self._was = ArrayPins()
        self._row = -1
        self._event_s = 0.0
        self._sl_since_s = 0.0
        self._start_v = np.zeros(columns)
        self._settled_v = np.zeros(columns)
        self._rate = np.zeros(columns)
        self._inputs = np.zeros(columns, dtype=np.int8)
        self._first_row = True
        self._precharge_s = 0.0
        self._held_v = np.zeros(2)
        self._injected_v = np.zeros(2)
        self._bank_v = np.zeros(2)
        self._products: NDArray[np.bool_] | None = None

    def observe(self, time_s: float, pins: ArrayPins) -> None:
        """Take note of the pins as they are from `time_s` on, in s and never falling."""
        was = self._was
        rises = pins.evaluate and not was.evaluate
        decided = rises if self.circuit.latched else was.evaluate and pins.strobe
        if decided and self._products is None:
            self._products = self._products_at(time_s)
        if was.evaluate and not pins.evaluate:
            self._held_v = self._held_v + self._plates_v(self._products_at(time_s))
            self._products = None
        if was.precharge and not pins.precharge:
            self._end_precharge(time_s)
        if pins.precharge and not was.precharge:
            self._precharge_s = time_s
        if (pins.wl, pins.bl, pins.blb) != (was.wl, was.bl, was.blb):
            self._select(time_s, pins)
        if (pins.dac_p, pins.dac_n) != (was.dac_p, was.dac_n):
            bank_v = self.circuit.bank_v
            bits = [bits_of_word(code, bank_v.shape[1]) for code in (pins.dac_p, pins.dac_n)]
            self._bank_v = np.vecdot(bank_v, np.stack(bits))
        self._was = dataclasses.replace(pins)
        self._event_s = time_s

    def sl_v(self, times_s: ArrayLike, columns: ArrayLike | None = None) -> NDArray[np.float64]:
        """SLs if the pins stand still from the last event on.

        Parameters
        ----------
        times_s : array_like, shape (...)
            From the last event on, s.
        columns : array_like of int, shape (k,)
            Numbers of columns; all in use without it.

        Returns
        -------
        ndarray of float64, shape (..., k)
            Volts.
        """
        at = slice(None) if columns is None else np.asarray(columns, dtype=np.intp)
        since_s = np.asarray(times_s)[..., np.newaxis] - self._sl_since_s
        to_go_v = self._start_v[at] - self._settled_v[at]
        return self._settled_v[at] + to_go_v * np.exp(-since_s * self._rate[at])

    def line_v(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Line P and line N if the pins stand still from the last event on.

        Parameters
        ----------
        times_s : array_like, shape (...)
            From the last event on, s.

        Returns
        -------
        ndarray of float64, shape (..., 2)
            V_P and V_N, V.
        """
        times_s = np.asarray(times_s, dtype=np.float64)
        held_v = self._held_v + self._injected_v
        if self._was.precharge:
            return held_v * self._precharge_decay(times_s)[..., np.newaxis] + self._bank_v
        line_v = held_v + self._bank_v + np.zeros((*times_s.shape, 2))
        if self._was.evaluate:
            line_v += self._plates_v(self._products_at(times_s))
        return line_v

    def sl_course_s(self, column: int) -> NDArray[np.float64]:
        """Times at which to sample an SL, so that a line through the samples is its course, s.

        Ascending, after the last event; as if the pins stood still. Empty where SL does.
        """
        moves_v = abs(self._start_v[column] - self._settled_v[column])
        if self._rate[column] == 0 or moves_v < _SMALLEST_MOVE_V:
            return np.zeros(0)
        return self._later(self._sl_since_s + _COURSE / self._rate[column])

    def line_course_s(self) -> NDArray[np.float64]:
        """As `sl_course_s`, for both capacitive lines."""
        if self._was.precharge:
            moves_v = abs(self._held_v + self._injected_v).max()
            tau_s = self.circuit.neuron.precharge_tau_s
            still = tau_s == 0 or moves_v < _SMALLEST_MOVE_V
            return np.zeros(0) if still else self._later(self._precharge_s + tau_s * _COURSE)
        if self._was.evaluate and self._products is None and self._row >= 0:
            return _thinned(self._later(np.sort(self._sl_since_s + self._crossings_s())))
        return np.zeros(0)

    def _later(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return times_s[(times_s > self._event_s) & np.isfinite(times_s)]

    def _crossings_s(self) -> NDArray[np.float64]:
        """When SLs cross their inverters' thresholds, from the word line's rise on."""
        pull = self.circuit.pull(self._row)
        times_s = [
            settling_time_s(of_input, self.circuit.threshold_v, self._start_v)
            for of_input in (pull, pull.reversed(self.circuit.bridge.vdd_v))
        ]
        return np.select([self._inputs > 0, self._inputs < 0], times_s, np.inf)

    def _products_at(self, times_s: ArrayLike) -> NDArray[np.bool_]:
        """What the inverters' outputs say, shape (..., n): those of the first strobe, if it was."""
        if self._products is not None:
            return self._products
        return self.sl_v(times_s) > self.circuit.threshold_v

    def _plates_v(self, products: NDArray[np.bool_]) -> NDArray[np.float64]:
        """What the columns' plates add to the lines, shape (..., 2)."""
        driven = self._inputs != 0
        p_v, n_v = self.circuit.plate_v
        return np.stack([(products & driven) @ p_v, (~products & driven) @ n_v], axis=-1)

    def _precharge_decay(self, times_s: ArrayLike) -> NDArray[np.float64]:
        tau_s = self.circuit.neuron.precharge_tau_s
        since_s = np.asarray(times_s) - self._precharge_s
        return np.exp(-since_s / tau_s) if tau_s > 0 else np.zeros_like(since_s)

    def _end_precharge(self, time_s: float) -> None:
        left = 0.0 if self._first_row else self._precharge_decay(time_s)
        self._held_v = self._held_v * left
        self._injected_v = self.circuit.injected_v
        self._first_row = False

    def _select(self, time_s: float, pins: ArrayPins) -> None:
        """Word or bit lines change: SLs start anew from where they are."""
        circuit = self.circuit
        start_v = self.sl_v(time_s)
        self._first_row |= self._row < 0
        self._row = circuit.row_of_line.get(pins.wl.bit_length() - 1, -1)
        self._sl_since_s = time_s
        plus, minus = (bits_of_word(bus, circuit.columns) for bus in (pins.bl, pins.blb))
        self._inputs = plus.astype(np.int8) - minus.astype(np.int8)
        if self._row < 0:
            # SLs are discharged while no word line is up.
            self._start_v, self._settled_v, self._rate = np.zeros((3, circuit.columns))
            return
        pull = circuit.pull(self._row)
        at_once = np.isinf(pull.rate)
        opposite_v = pull.reversed(circuit.bridge.vdd_v).settled_v
        self._settled_v = np.select(
            [self._inputs > 0, self._inputs < 0], [pull.settled_v, opposite_v], 0.0
        )
        self._start_v = np.where(at_once, self._settled_v, start_v)
        self._rate = np.where(at_once, 0.0, pull.rate)


def _thinned(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Not many more than `_MOST_CROSSINGS` of ascending times, the last one among them."""
    step = -(-len(times_s) // _MOST_CROSSINGS)
    return times_s if step < 2 else times_s[::-1][::step][::-1]
