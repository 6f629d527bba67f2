"""A crossbar line by line: fast enough for whole networks.

A line with its cells is a ladder. Seen from its driver, node i has the admittance

    y_i = g_i + y_{i+1} / (1 + r y_{i+1}),   and   v_i = v_{i-1} / (1 + r y_i),

cells leading to ground: O(1) per cell. Two families of ladders give the transfer conductance T.

- a_kj: voltage of word line k at bit line j, per volt at its driver, bit lines at ground. Exact for
  bit lines without resistance, where T = g a.
- b_kj: part of a current into bit line j at word line k that arrives at the read-out, word lines
  held by their drivers. By reciprocity it is the voltage there per volt at the read-out, the same
  ladder driven from its other end. Exact for word lines without resistance, where T = g b.

With both, word lines are not held: they rise with the bit lines that feed them. What word line k
sends into its bit lines is g_kj a_kj. Its mean over the line, G_k, lifts all bit lines alike, and
with them the other word lines, which at bit line j rise to 1 - a of it: a cell then loads its bit
line as g a. What differs from the mean changes from one bit line to the next, averages out along
each word line, and meets the load g. So [D]

    T_kj = a_kj (G_k b'_kj + (g_kj - G_k) b_kj),   b' = b of the cells g a.

docs/crossbar.md has its error against the exact solution. `read_voltages_v` solves the full
network for one set of inputs, by conjugate gradients over the same ladders.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from ...errors import InputError
from ..parameters.crossbar import CrossbarParameters

_SOLVED = 1e-10
"""Residual of `read_voltages_v`, relative."""
_MOST_ROUNDS = 2000


def ladder_voltages(siemens: NDArray[np.float64], wire_ohm: float) -> NDArray[np.float64]:
    """Voltage of each node of a line per volt at its driver, its cells leading to ground.

    Parameters
    ----------
    siemens : ndarray of float64, shape (lines, cells)
        Conductance of the cells, the driver before the first of each line.
    wire_ohm : float
        Wire from one cell to the next and from the driver to the first, ohm.

    Returns
    -------
    ndarray of float64, shape (lines, cells)
        From 0 to 1.
    """
    voltages: NDArray[np.float64] = 1 / (1 + wire_ohm * _admittances(siemens, wire_ohm))
    np.cumprod(voltages, axis=1, out=voltages)
    return voltages


def fast_transfer_s(
    siemens: NDArray[np.float64], parameters: CrossbarParameters
) -> NDArray[np.float64]:
    """Conductance from every word line's driver to every bit line's read-out, approximated.

    Exact where either wire has no resistance.

    Parameters
    ----------
    siemens : ndarray of float64, shape (word lines, bit lines)
        Conductance of each cell, device and access transistor; 0 where a device is open.

    Returns
    -------
    ndarray of float64, shape (word lines, bit lines)
        T, S.
    """
    along = ladder_voltages(siemens, parameters.wordline_wire_ohm)
    down = _arriving(siemens, parameters.bitline_wire_ohm)
    down_together = _arriving(siemens * along, parameters.bitline_wire_ohm)
    mean = siemens.mean(axis=1, keepdims=True)
    return along * (mean * down_together + (siemens - mean) * down)


def _arriving(siemens: NDArray[np.float64], wire_ohm: float) -> NDArray[np.float64]:
    """Part of a current into a bit line at each word line that arrives at its read-out."""
    return _down_from_readout(ladder_voltages(_down_from_readout(siemens), wire_ohm))


def _down_from_readout(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(word lines, bit lines) as lines that begin at the read-out, and back."""
    return matrix[::-1, ::-1].T


def _admittances(siemens: NDArray[np.float64], wire_ohm: float) -> NDArray[np.float64]:
    """Of each node of a line, away from its driver, S."""
    # Cells first, so that each step works on one piece of memory.
    admittances = np.array(siemens.T, order="C")
    for cell in reversed(range(len(admittances) - 1)):
        beyond = admittances[cell + 1]
        admittances[cell] += beyond / (1 + wire_ohm * beyond)
    return admittances.T


def _fed_ladders_v(
    siemens: NDArray[np.float64],
    wire_ohm: float,
    injected_a: NDArray[np.float64],
    driver_v: NDArray[np.float64] | float,
) -> NDArray[np.float64]:
    """Node voltages of ladders with a current injected at every node, shape (lines, cells)."""
    admittances = _admittances(siemens, wire_ohm).T
    divisors = 1 + wire_ohm * admittances
    currents = np.array(injected_a.T, order="C")
    for cell in reversed(range(len(currents) - 1)):
        currents[cell] += currents[cell + 1] / divisors[cell + 1]
    voltages = np.empty(currents.shape)
    before = driver_v
    for cell in range(len(currents)):
        before = voltages[cell] = (before + wire_ohm * currents[cell]) / divisors[cell]
    return voltages.T


class ReadVoltages(NamedTuple):
    """Both nodes of every cell, V, shape (word lines, bit lines)."""

    word_lines_v: NDArray[np.float64]
    bit_lines_v: NDArray[np.float64]


def read_voltages_v(
    siemens: NDArray[np.float64], inputs: NDArray[np.float64], parameters: CrossbarParameters
) -> ReadVoltages:
    """Voltages of the full network for one set of inputs.

    Word lines are eliminated as ladders; conjugate gradients find the bit lines, preconditioned
    with the ladders that these are while word lines are held.

    Parameters
    ----------
    siemens : ndarray of float64, shape (word lines, bit lines)
        As in `fast_transfer_s`.
    inputs : ndarray of float64, shape (word lines,)
        +1 or -1.

    Raises
    ------
    InputError
        The wires' resistance is so far above that of the cells that the search does not end.
    """
    wordline_ohm, bitline_ohm = parameters.wordline_wire_ohm, parameters.bitline_wire_ohm
    driver_v = parameters.read_v * np.asarray(inputs, dtype=np.float64)

    def word_lines_v(
        bit_v: NDArray[np.float64], drive_v: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return _fed_ladders_v(siemens, wordline_ohm, siemens * bit_v, drive_v)

    def held_v(injected_a: NDArray[np.float64]) -> NDArray[np.float64]:
        of_lines = (_down_from_readout(siemens), bitline_ohm, _down_from_readout(injected_a), 0.0)
        return _down_from_readout(_fed_ladders_v(*of_lines))

    first_v = word_lines_v(np.zeros(siemens.shape), driver_v)
    if bitline_ohm == 0:
        return ReadVoltages(first_v, np.zeros(siemens.shape))

    def leaving_a(flat_v: NDArray[np.float64]) -> NDArray[np.float64]:
        bit_v = flat_v.reshape(siemens.shape)
        lifted_v = word_lines_v(bit_v, np.zeros(len(siemens)))
        return (_wire_currents_a(bit_v, bitline_ohm) + siemens * (bit_v - lifted_v)).ravel()

    size = (siemens.size, siemens.size)
    flat_v, unfinished = cg(
        LinearOperator(size, matvec=leaving_a, dtype=np.float64),
        (siemens * first_v).ravel(),
        rtol=_SOLVED,
        maxiter=_MOST_ROUNDS,
        M=LinearOperator(
            size, matvec=lambda flat: held_v(flat.reshape(siemens.shape)).ravel(), dtype=np.float64
        ),
    )
    if unfinished:
        raise InputError(
            f"bitline_wire_ohm: found {bitline_ohm:g}, expected a wire of less resistance: "
            f"no solution in {_MOST_ROUNDS} rounds"
        )
    bit_lines_v = flat_v.reshape(siemens.shape)
    return ReadVoltages(word_lines_v(bit_lines_v, driver_v), bit_lines_v)


def _wire_currents_a(bit_v: NDArray[np.float64], wire_ohm: float) -> NDArray[np.float64]:
    """What leaves each node of the bit lines along the wire, A; the read-out is at 0 V."""
    below_v = np.concatenate([bit_v[1:], np.zeros((1, bit_v.shape[1]))])
    leaving_a = (bit_v - below_v) / wire_ohm
    leaving_a[1:] -= leaving_a[:-1].copy()
    return leaving_a
