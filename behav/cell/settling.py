"""The bridge in time: SL between word lines, and what its inverter says when it is asked.

A column's SL is one node: its capacitor C_SL is charged through the top device of the row whose
word line is up and discharged through the bottom one (input +1; -1 the reverse), each in series
with its access transistor and the bit-line wire to that row. With G_T and G_B the conductances of
the two paths,

    V(t) = V_inf + (V_0 - V_inf) exp(-t (G_T + G_B) / C_SL),   V_inf = VDD G_T / (G_T + G_B) [D].

An open device has no conductance: the other one pulls SL to its own bit line. With both open SL
keeps its level. V_0 is what the row before left: bit lines stand still during a scan, and word
lines follow one another at once. Before the first row SL is at 0 V: it is discharged while no word
line is up, between two scans (our reading; the paper does not say).
"""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...hdl.config import ArrayGroup, PhaseTiming
from ..parameters.bridge import BridgeParameters
from .devices import LayerCells


def decision_time_s(timing: PhaseTiming) -> float:
    """Time that SL has before the inverters' outputs count, s.

    The word line rises with precharge; the product is what the inverter says when evaluate has
    lasted its cycles, as the first strobe begins.
    """
    return (timing.before_evaluate_cycles + timing.evaluate_cycles) * timing.clock_period_s


class RowTimes(NamedTuple):
    """Times of a row of a scan, from its word line's rise, s."""

    decision_s: float
    """Until its products count."""
    left_s: float
    """Until its word line falls."""


def row_times_s(config: ArrayGroup, row: int) -> RowTimes:
    """Times of a row of a layer's scan.

    Where SL latches hold the products the decision is evaluate's rise: the first row has the whole
    lead, the others the slot less the cycle in which the latches of the row before close. With
    inputs of several bits each plane has what is before its own evaluate.
    """
    timing = config.macro.timing
    period_s = timing.clock_period_s
    if not config.macro.pipelined:
        return RowTimes(decision_time_s(timing), config.row_cycles * period_s)
    if not config.overlapped:
        return RowTimes(timing.before_evaluate_cycles * period_s, config.row_cycles * period_s)
    cycles = config.row_cycles - 1 if row else config.lead_cycles
    return RowTimes(cycles * period_s, (cycles + 1) * period_s)


class Pull(NamedTuple):
    """Where SL is pulled by input +1, and how fast."""

    settled_v: NDArray[np.float64]
    """V_inf, V; 0 where nothing conducts."""
    rate: NDArray[np.float64]
    """1 / tau, 1/s; infinite without a capacitor, 0 where nothing conducts."""

    def reversed(self, vdd_v: float) -> Self:
        """The pull of input -1, with bit lines exchanged: to VDD less where input +1 pulls."""
        return self._replace(settled_v=np.where(self.rate > 0, vdd_v - self.settled_v, 0.0))


def sl_pull(
    top_ohm: ArrayLike,
    bottom_ohm: ArrayLike,
    parameters: BridgeParameters,
    row: int | NDArray[np.int_] = 0,
) -> Pull:
    """The pull on SL by the cells of a row.

    V_inf = VDD B' / (T' + B'), with access transistor and bit-line wire added to top device T and
    bottom device B [D].

    Parameters
    ----------
    top_ohm, bottom_ohm : array_like
        Resistance of the devices to BL and to BLb, ohm, infinite if open; any shapes that
        broadcast.
    row : int or ndarray of int
        Number of the row in its macro, for the wire; broadcasts with the resistances.
    """
    series_ohm = parameters.series_ohm(row)
    top_s = 1 / (np.asarray(top_ohm, dtype=np.float64) + series_ohm)
    total_s = top_s + 1 / (np.asarray(bottom_ohm, dtype=np.float64) + series_ohm)
    conducts = total_s > 0
    settled_v = parameters.vdd_v * top_s / np.where(conducts, total_s, 1.0)
    if parameters.sl_capacitor_f == 0:
        return Pull(settled_v, np.where(conducts, np.inf, 0.0))
    return Pull(settled_v, total_s / parameters.sl_capacitor_f)


def settling_time_s(pull: Pull, threshold_v: ArrayLike, start_v: ArrayLike) -> NDArray[np.float64]:
    """Time after which SL crosses the inverter threshold.

    t = tau ln((V_inf - V_0) / (V_inf - V_M)) [D].

    Parameters
    ----------
    pull : Pull
        That of the input.
    threshold_v : array_like
        Switching threshold of the inverter, V.
    start_v : array_like
        Level of SL when the word line rises, V.

    Returns
    -------
    ndarray of float64
        Seconds; infinite where SL never crosses, because it starts on the side where it settles,
        or because nothing conducts.
    """
    to_settle_v = pull.settled_v - np.asarray(start_v, dtype=np.float64)
    to_threshold_v = pull.settled_v - np.asarray(threshold_v, dtype=np.float64)
    crosses = (to_settle_v * to_threshold_v > 0) & (abs(to_settle_v) > abs(to_threshold_v))
    crosses &= pull.rate > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        times_s = np.log(to_settle_v / to_threshold_v) / pull.rate
    return np.where(crosses, times_s, np.inf)


class ScanOutcome(NamedTuple):
    """What the cells of a layer say."""

    for_plus: NDArray[np.bool_]
    """Shape (M, n): product bit for input +1."""
    for_minus: NDArray[np.bool_]
    """Shape (M, n): product bit for input -1."""
    slowest_settling_s: float
    """Longest time that any SL needs to cross its inverter's threshold, over all cells and both
    inputs, from the rail on the other side; of the products that settle to the right bit."""


def scan_products(
    config: ArrayGroup,
    weights: NDArray[np.int8],
    cells: LayerCells,
    thresholds_v: NDArray[np.float64],
    parameters: BridgeParameters,
) -> ScanOutcome:
    """Product bits of every cell of a layer, for rows scanned once in ascending order.

    Each column holds its input during the scan, so the level that a row finds depends on the rows
    before it in the column alone, and the bits on nothing but cell and input.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        What is programmed: tells right bits from wrong ones for `slowest_settling_s`.
    cells : LayerCells
    thresholds_v : ndarray of float64, shape (macros, n)
        Switching thresholds of the inverters.
    """
    for_plus, for_minus = (np.empty(weights.shape, dtype=np.bool_) for _ in range(2))
    slowest_s = 0.0
    for neurons, pull, plus, minus in scan_levels(config, cells, parameters):
        limit_v = thresholds_v[: len(pull.rate)]
        for_plus[neurons] = plus.decided_v > limit_v
        for_minus[neurons] = minus.decided_v > limit_v
        if parameters.sl_capacitor_f > 0:
            slowest_s = max(
                slowest_s,
                _slowest_s(weights[neurons] > 0, pull, minus.settled_v, limit_v, parameters),
            )
    return ScanOutcome(for_plus, for_minus, slowest_s)


class SlLevels(NamedTuple):
    """SLs of a row in every macro for one input, V, shape (macros, n)."""

    start_v: NDArray[np.float64]
    """As the word line rises."""
    decided_v: NDArray[np.float64]
    """As the first strobe begins."""
    settled_v: NDArray[np.float64]
    """Where they go; 0 where nothing conducts."""


class RowLevels(NamedTuple):
    """A row of each macro in a scan."""

    neurons: slice
    """Row r of each macro; the last macro may lack it."""
    pull: Pull
    plus: SlLevels
    """For input +1."""
    minus: SlLevels
    """For input -1."""


def scan_levels(
    config: ArrayGroup, cells: LayerCells, parameters: BridgeParameters
) -> Iterator[RowLevels]:
    """SL levels row by row in a scan, each row from what the one before it left.

    With inputs of several bits each plane starts from the rail on the other side, the worst that
    the plane before may leave [E].
    """
    plus_v = minus_v = np.zeros((config.macros, config.fan_in))
    for row in range(config.rows_used):
        # The last macro may lack this row, and so may lack those below.
        neurons = slice(row, None, config.rows_used)
        top_ohm, bottom_ohm = cells.top_ohm[neurons], cells.bottom_ohm[neurons]
        pull = sl_pull(top_ohm, bottom_ohm, parameters, cells.word_lines[neurons, np.newaxis])
        if config.bits_per_input > 1:
            # The bit plane before may have left any level: the farthest rail is the worst.
            half_v = parameters.vdd_v / 2
            plus_v = np.where(pull.settled_v > half_v, 0.0, parameters.vdd_v)
            minus_v = np.where(pull.settled_v > half_v, parameters.vdd_v, 0.0)
        decided, left = (np.exp(-time_s * pull.rate) for time_s in row_times_s(config, row))
        plus, plus_v = _levels(plus_v, pull.settled_v, decided, left)
        opposite_v = pull.reversed(parameters.vdd_v).settled_v
        minus, minus_v = _levels(minus_v, opposite_v, decided, left)
        yield RowLevels(neurons, pull, plus, minus)


def _levels(
    before_v: NDArray[np.float64],
    settled_v: NDArray[np.float64],
    decided: NDArray[np.float64],
    left: NDArray[np.float64],
) -> tuple[SlLevels, NDArray[np.float64]]:
    """Levels of a row, and what it leaves to the next one."""
    start_v = before_v[: len(settled_v)]
    to_go_v = start_v - settled_v
    return SlLevels(start_v, settled_v + to_go_v * decided, settled_v), settled_v + to_go_v * left


def _slowest_s(
    positive: NDArray[np.bool_],
    pull: Pull,
    opposite_v: NDArray[np.float64],
    threshold_v: NDArray[np.float64],
    parameters: BridgeParameters,
) -> float:
    """Longest crossing time of the cells of a row, for both inputs."""
    # Distance from the rail on the other side, and margin beyond the threshold, for the product +1
    # and for the product -1; each belongs to one input of the cell.
    vdd_v = parameters.vdd_v
    high_v = np.where(positive, pull.settled_v, opposite_v)
    low_v = np.where(positive, opposite_v, pull.settled_v)
    longest = np.ones(high_v.shape)
    for distance_v, margin_v in (
        (high_v, high_v - threshold_v),
        (vdd_v - low_v, threshold_v - low_v),
    ):
        right = margin_v > 0
        # ln is increasing: the larger ratio of the two is the later crossing of the cell.
        ratio = np.divide(distance_v, margin_v, out=np.ones(high_v.shape), where=right)
        np.maximum(longest, ratio, out=longest)
    conducts = pull.rate > 0
    rate = np.where(conducts, pull.rate, 1.0)
    return float(np.max(np.where(conducts, np.log(longest), 0.0) / rate))
