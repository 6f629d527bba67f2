"""The cells of a macro from blank on: what pulses do to them, and what they read back.

A device is blank, low or high. FORM makes a blank device low; it and SET leave a formed device low,
RESET leaves it high; SET and RESET do nothing to a blank one. Each pulse switches each device that
it is meant for with the probability of `PulseLaw`, independently, and a device that switches draws
a new resistance: the quantile of its new state's law at sqrt(1 - c) times the device's own deviate
plus sqrt(c) times that of the pulse, as in `devices.draw_cells`. Stuck and open devices
do not respond.

Every draw is a function of (chip, layer, macro, word line, number of the pulse on that word line),
not of which columns the pulse is for.
"""

import enum
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...hdl.config import ArrayGroup, ProgrammingOperation
from ..cell.bridge import draw_thresholds_v
from ..cell.devices import LayerCells, draw_deviates, draw_stuck, resistances_ohm
from ..cell.settling import Pull, sl_pull
from ..draws import Domain, LayerKey
from ..parameters.chip import ChipParameters


class DeviceState(enum.IntEnum):
    """State of a device."""

    BLANK = 0
    LOW = 1
    HIGH = 2


class MacroCells:
    """All cells of one macro of a layer, spare rows included, blank at first.

    Parameters
    ----------
    config : ArrayGroup
    macro : int
        Number of the macro in the layer.
    parameters : ChipParameters
        The condition.
    key : LayerKey
        Of a chip with a number, before its first programming.

    Attributes
    ----------
    states : ndarray of int8, shape (rows, n, 2)
        A `DeviceState` each; device 0 is the top one.
    responds : ndarray of bool, shape (rows, n, 2)
        Neither stuck nor open.
    pulses : ndarray of int, shape (rows,)
        Pulses given so far on each word line.
    """

    def __init__(
        self, config: ArrayGroup, macro: int, parameters: ChipParameters, key: LayerKey
    ) -> None:
        self.config = config
        self.macro = macro
        self.parameters = parameters
        columns, rows = config.fan_in, config.macro.rows
        devices = parameters.devices
        places = [(macro, word_line) for word_line in range(rows)]
        own = devices.replace(cycle_variance_share=0.0)
        self._own = draw_deviates(places, columns, own, key)
        # Programming 0 is what a stuck device came with; the pulses count from 1.
        self._deviates = draw_deviates(places, columns, devices, key)
        self.states = np.zeros((rows, columns, 2), dtype=np.int8)
        self.responds = np.ones((rows, columns, 2), dtype=np.bool_)
        self._open = np.zeros((rows, columns, 2), dtype=np.bool_)
        if (stuck := draw_stuck(places, columns, devices, key)) is not None:
            self.states[stuck.low] = DeviceState.LOW
            self.states[stuck.high] = DeviceState.HIGH
            self.responds = ~(stuck.low | stuck.high | stuck.open)
            self._open = stuck.open
        self.pulses = np.zeros(rows, dtype=np.int64)
        self._pulled: tuple[tuple[int, int], Pull] | None = None
        self.thresholds_v = draw_thresholds_v(config, parameters.bridge, key)[macro]
        self._success = key.stream(Domain.PULSE)
        self._cycle = key.stream(Domain.PROGRAMMING)

    def pulse(
        self,
        word_line: int,
        operation: ProgrammingOperation,
        device: int,
        level: int,
        columns: NDArray[np.bool_],
        width_s: float,
    ) -> None:
        """One pulse on one device of some cells of a row.

        Parameters
        ----------
        word_line : int
        device : int
            0: the top device of each cell; 1: the bottom one.
        level : int
            Amplitude code.
        columns : ndarray of bool, shape (n,)
            Columns pulsed.
        width_s : float
            Length of the pulse, s.
        """
        self.pulses[word_line] += 1
        key = int(self.pulses[word_line]) << 32 | word_line
        success = self.parameters.programming.law(operation).success(width_s, level)
        switches = self._success.at(self.macro, key).random(len(columns)) < success
        states = self.states[word_line, :, device]
        switches &= columns & self.responds[word_line, :, device]
        if operation is not ProgrammingOperation.FORM:
            switches &= states != DeviceState.BLANK
        to_high = operation is ProgrammingOperation.RESET
        states[switches] = DeviceState.HIGH if to_high else DeviceState.LOW
        share = self.parameters.devices.cycle_variance_share
        of_cycle = self._cycle.at(self.macro, key).standard_normal(len(columns))
        own = self._own[word_line, switches, device]
        self._deviates[word_line, switches, device] = (
            math.sqrt(1 - share) * own + math.sqrt(share) * of_cycle[switches]
        )

    def cells_ohm(
        self, word_lines: Sequence[int] | NDArray[np.int_], *, drifted: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Resistances of the cells on some word lines, ohm.

        Parameters
        ----------
        word_lines : sequence of int
        drifted : bool
            After the condition's retention time; else as just programmed.

        Returns
        -------
        top_ohm, bottom_ohm : ndarray of float64, shape (word lines, n)
            Infinite where a device is open.
        """
        devices = self.parameters.devices
        if not drifted:
            devices = devices.replace(retention=devices.retention.replace(time_s=0.0))
        states = self.states[word_lines]
        ohm = resistances_ohm(self._deviates[word_lines], states == DeviceState.LOW, devices)
        ohm[states == DeviceState.BLANK] = self.parameters.programming.unformed_ohm
        ohm[self._open[word_lines]] = math.inf
        return ohm[..., 0], ohm[..., 1]

    def read_level_v(
        self, word_line: int, input_sign: int, start_v: float | NDArray[np.float64], time_s: float
    ) -> NDArray[np.float64]:
        """Levels of the source lines while a row is read back.

        Parameters
        ----------
        word_line : int
        input_sign : int
            Input of every column: +1 or -1.
        start_v : float or ndarray of float64, shape (n,)
            Levels as the bit lines were driven so, V.
        time_s : float
            Time since then, s.

        Returns
        -------
        ndarray of float64, shape (n,)
            Volts.
        """
        pull = self._pull(word_line)
        if input_sign < 0:
            pull = pull.reversed(self.parameters.bridge.vdd_v)
        return pull.settled_v + (start_v - pull.settled_v) * np.exp(-time_s * pull.rate)

    def _pull(self, word_line: int) -> Pull:
        """Where input +1 pulls a row's source lines, and how fast; both polarities ask for it."""
        key = word_line, int(self.pulses[word_line])
        if self._pulled is None or self._pulled[0] != key:
            (top_ohm,), (bottom_ohm,) = self.cells_ohm([word_line], drifted=False)
            self._pulled = key, sl_pull(top_ohm, bottom_ohm, self.parameters.bridge, word_line)
        return self._pulled[1]

    def read(self, word_line: int, time_s: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Read-back of a row with both polarities, +1 first, each driven for `time_s`.

        Source lines begin at 0 V: they are discharged while no bit line is driven (our reading).

        Returns
        -------
        for_plus, for_minus : ndarray of bool, shape (n,)
            Outputs of the inverters at the end of each.
        """
        plus_v = self.read_level_v(word_line, +1, 0.0, time_s)
        minus_v = self.read_level_v(word_line, -1, plus_v, time_s)
        return plus_v > self.thresholds_v, minus_v > self.thresholds_v


def programmed_cells(
    config: ArrayGroup, macros: Sequence[MacroCells], word_lines: NDArray[np.int_]
) -> LayerCells:
    """What a layer's neurons sit on after programming, for `draw_layer`.

    Parameters
    ----------
    macros : sequence of MacroCells
        One per macro.
    word_lines : ndarray of int, shape (M,)
        The word line that holds each neuron in its macro.
    """
    shares = [config.neurons_of_macro(macro) for macro in range(config.macros)]
    pairs = [
        cells.cells_ohm(word_lines[share.start : share.stop])
        for cells, share in zip(macros, shares, strict=True)
    ]
    top_ohm, bottom_ohm = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return LayerCells(top_ohm, bottom_ohm, np.asarray(word_lines))
