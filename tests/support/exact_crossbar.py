"""The transfer conductance of a crossbar, from one factorisation of Kirchhoff's equations.

Since the network is reciprocal, one solution per bit line says all. The circuit is that of
`popbridge.behav.crossbar`, whose faster forms are held against it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from popbridge.behav.parameters.crossbar import CrossbarParameters

_BIT_LINES_AT_ONCE = 16
"""Solutions held together: bounds memory, 74 MB for 1,127 x 256 cells."""


def exact_transfer_s(
    siemens: NDArray[np.float64], parameters: CrossbarParameters
) -> NDArray[np.float64]:
    """Conductance from every word line's driver to every bit line's read-out.

    Sparse direct solution of Kirchhoff's current law at both nodes of each cell.

    Parameters
    ----------
    siemens : ndarray of float64, shape (word lines, bit lines)
        Conductance of each cell, device and access transistor; 0 where a device is open.
    parameters : CrossbarParameters

    Returns
    -------
    ndarray of float64, shape (word lines, bit lines)
        T, S.
    """
    wordline_ohm, bitline_ohm = parameters.wordline_wire_ohm, parameters.bitline_wire_ohm
    if wordline_ohm == bitline_ohm == 0:
        return siemens.copy()
    word_lines, bit_lines = siemens.shape
    cells = sparse.diags(siemens.ravel())
    # The driver is before the first cell of a word line, the read-out after the last of a bit line.
    drivers = sparse.kron(sparse.eye(word_lines), _unit(bit_lines, 0))
    readouts = sparse.kron(_unit(word_lines, word_lines - 1), sparse.eye(bit_lines))
    of_word_lines = cells + sparse.kron(sparse.eye(word_lines), _wire(bit_lines, wordline_ohm, 0))
    of_bit_lines = cells + sparse.kron(
        _wire(word_lines, bitline_ohm, word_lines - 1), sparse.eye(bit_lines)
    )
    if bitline_ohm == 0:
        system, sources = of_word_lines, drivers / wordline_ohm
        sinks = cells @ sparse.kron(np.ones((word_lines, 1)), sparse.eye(bit_lines))
    elif wordline_ohm == 0:
        system, sinks = of_bit_lines, readouts / bitline_ohm
        sources = cells @ sparse.kron(sparse.eye(word_lines), np.ones((bit_lines, 1)))
    else:
        system = sparse.bmat([[of_word_lines, -cells], [-cells, of_bit_lines]])
        sources = sparse.vstack([drivers / wordline_ohm, 0 * drivers])
        sinks = sparse.vstack([0 * readouts, readouts / bitline_ohm])
    return _between(system, sources, sinks)


def _unit(size: int, place: int) -> sparse.csr_array:
    """Column vector with a 1 at one place."""
    return sparse.csr_array(([1.0], ([place], [0])), shape=(size, 1))


def _wire(nodes: int, ohm: float, end: int) -> sparse.sparray | None:
    """Nodal matrix of a line of equal segments, one more of which leads out at node `end`."""
    if ohm == 0:
        return sparse.csr_array((nodes, nodes))
    segments = np.full(nodes, 2.0)
    segments[0] -= 1
    segments[-1] -= 1
    segments[end] += 1
    between = np.full(nodes - 1, -1.0)
    return sparse.diags_array([segments, between, between], offsets=[0, 1, -1]) / ohm


def _between(
    system: sparse.sparray, sources: sparse.sparray, sinks: sparse.sparray
) -> NDArray[np.float64]:
    """sources^T system^-1 sinks, for a symmetric positive definite system."""
    factors = splu(
        sparse.csc_array(system),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    columns = sparse.csc_array(sinks)
    rows = sparse.csr_array(sources.T)
    parts = [
        rows @ factors.solve(columns[:, first : first + _BIT_LINES_AT_ONCE].toarray())
        for first in range(0, columns.shape[1], _BIT_LINES_AT_ONCE)
    ]
    return np.concatenate(parts, axis=1)
