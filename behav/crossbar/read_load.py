"""What reading asks of an array's wires: current of an access, and the voltage lost on the way."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...field_types import Magnitude
from ...record import ResultPart
from ..parameters.bridge import BridgeParameters
from ..parameters.crossbar import CrossbarParameters
from .lines import read_voltages_v


class ReadLoad(ResultPart):
    """Currents and drops of one array while it is read."""

    access_a: Magnitude
    """What its drivers give together in one access, A."""
    neuron_a: Magnitude
    """The same per neuron that the access evaluates, A."""
    wordline_drop: Magnitude
    """Largest loss along a word line, as a fraction of the read voltage."""
    bitline_drop: Magnitude
    """Largest loss along a bit line, as a fraction of the read voltage."""


def bridge_read_load(
    top_ohm: NDArray[np.float64], bottom_ohm: NDArray[np.float64], parameters: BridgeParameters
) -> ReadLoad:
    """A bridge macro, mean over its rows; an access evaluates one.

    A bit line carries the current of one cell, VDD / (T' + B'), and row k loses it times k wires on
    either side [D]. Word lines drive gates: no current.

    Parameters
    ----------
    top_ohm, bottom_ohm : ndarray of float64, shape (rows, n)
        Resistances of a macro's devices, infinite if open.
    """
    rows = np.arange(len(top_ohm))
    series_ohm = parameters.series_ohm(rows[:, np.newaxis])
    currents_a = parameters.vdd_v / (top_ohm + bottom_ohm + 2 * series_ohm)
    wire_ohm = parameters.bitline_wire_ohm * rows
    access_a = float(currents_a.sum(axis=1).mean())
    return ReadLoad(
        access_a=access_a,
        neuron_a=access_a,
        wordline_drop=0.0,
        bitline_drop=float((wire_ohm * currents_a.max(axis=1)).max() / parameters.vdd_v),
    )


class CrossbarRead(NamedTuple):
    """One access to a crossbar, from the solution of its whole network."""

    load: ReadLoad
    output_a: NDArray[np.float64]
    """Shape (bit lines,): currents at the read-outs, A."""


def read_crossbar(
    siemens: NDArray[np.float64], inputs: NDArray[np.float64], parameters: CrossbarParameters
) -> CrossbarRead:
    """One access to a crossbar: all its neurons at once.

    Parameters
    ----------
    siemens, inputs
        As in `crossbar_lines.read_voltages_v`; two bit lines are one neuron.
    """
    word_lines_v, bit_lines_v = read_voltages_v(siemens, inputs, parameters)
    cells_a = siemens * (word_lines_v - bit_lines_v)
    access_a = float(np.abs(cells_a.sum(axis=1)).sum())
    driven_v = parameters.read_v * np.asarray(inputs)[:, np.newaxis]
    load = ReadLoad(
        access_a=access_a,
        neuron_a=access_a / (siemens.shape[1] / 2),
        wordline_drop=float(np.abs(driven_v - word_lines_v).max() / parameters.read_v),
        bitline_drop=float(np.abs(bit_lines_v).max() / parameters.read_v),
    )
    return CrossbarRead(load, cells_a.sum(axis=0))
