"""The model beside ngspice: one row compared in all that the model says of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..behav.chip import LayerChip, sample_layer
from ..behav.energy_terms import bridge_energy_j, evaluation_units, sl_energy_j
from ..behav.params import ChipParameters
from ..hdl.config import MACROS, LayerConfig, MacroConfig
from .ngspice import Waveforms, simulate
from .spice import EDGE_S, RowCircuit, divider_v, netlist, sample_row

BOUNDS = {
    "sl_error_v": 1e-3,
    "line_error_counts": 0.02,
    "crossing_error": 0.05,
    "bridge_energy_error": 0.05,
    "capacitor_energy_error": 0.05,
    "decisions_differing": 0.0,
}
"""Largest difference allowed, by the fields of `RowComparison`; errors of time and energy are
relative, counts are popcounts."""


@dataclass(frozen=True, kw_only=True)
class RowComparison:
    """Largest differences between model and ngspice in one row."""

    cells: int
    crossings: int
    sl_error_v: float
    line_error_counts: float
    crossing_error: float
    bridge_energy_error: float
    capacitor_energy_error: float
    decisions_differing: float


def compare_row(row: RowCircuit, score: float, waves: Waveforms) -> RowComparison:
    """Compare one row.

    Parameters
    ----------
    score : float
        The model's `scores_seen` for the row, whose sign is the decision without offset and noise.
    """
    vdd_v = row.bridge.vdd_v
    series_ohm = row.bridge.access_resistance_ohm + row.wire_ohm
    top, bottom = row.top_ohm + series_ohm, row.bottom_ohm + series_ohm
    settled_v = divider_v(top, bottom, row.inputs, vdd_v)
    sl_f = row.bridge.sl_capacitor_f
    tau_s = sl_f / (1 / top + 1 / bottom)
    at_strobe_v = settled_v + (row.start_v - settled_v) * np.exp(-row.strobe_s / tau_s)
    bits = at_strobe_v > row.threshold_v
    time_s = waves["time"]
    before = int(np.searchsorted(time_s, row.strobe_s * (1 + 1e-9), side="right")) - 1
    sl_v = np.stack([waves[f"v(sl_{column})"] for column in range(row.columns)])
    total_p, total_n = (
        plates.sum() + load
        for plates, load in ((row.plate_p_f, row.load_p_f), (row.plate_n_f, row.load_n_f))
    )
    model_p = vdd_v * row.plate_p_f[bits].sum() / total_p
    model_n = vdd_v * row.plate_n_f[~bits].sum() / total_n
    spice_p, spice_n = (float(waves[f"v(line_{line})"][before]) for line in "pn")
    count_v = vdd_v * row.plate_p_f.mean() / total_p
    # Model's crossing times against interpolated ones, from the middle of the word line's edge.
    with np.errstate(divide="ignore", invalid="ignore"):
        model_s = tau_s * np.log((settled_v - row.start_v) / (settled_v - row.threshold_v))
    crosses = ((row.start_v > row.threshold_v) != bits) & (model_s < row.strobe_s)
    errors = [
        abs(_crossing_s(time_s - EDGE_S / 2, sl_v[c], row.threshold_v[c]) / model_s[c] - 1)
        for c in np.flatnonzero(crosses)
    ]
    bridge_j = _drawn_j(waves, "vread", 0.0, row.end_s, vdd_v)
    model_bridge_j = (
        bridge_energy_j(top + bottom, vdd_v, row.end_s) + sl_energy_j(row.start_v, settled_v, sl_f)
    ).sum()
    # Energy of the plates alone, in mean units of this row; mismatch is far below the bound.
    unit_f = float((row.plate_p_f.mean() + row.plate_n_f.mean()) / 2)
    plates_j = _drawn_j(waves, "vplates", row.evaluate_s, row.strobe_s, vdd_v)
    units = evaluation_units(int(bits.sum()), row.columns, (total_p + total_n) / (2 * unit_f), 0)
    return RowComparison(
        cells=row.columns,
        crossings=len(errors),
        sl_error_v=float(np.abs(sl_v[:, before] - at_strobe_v).max()),
        line_error_counts=float(max(abs(spice_p - model_p), abs(spice_n - model_n)) / count_v),
        crossing_error=float(max(errors, default=0.0)),
        bridge_energy_error=abs(bridge_j / float(model_bridge_j) - 1),
        capacitor_energy_error=abs(plates_j / float(units * unit_f * vdd_v**2) - 1),
        decisions_differing=float((spice_p > spice_n) != (score > 0)),
    )


def _crossing_s(time_s: NDArray[np.float64], values: NDArray[np.float64], level: float) -> float:
    above = values > level
    first = int(np.argmax(above != above[0]))
    if first == 0:
        return 0.0
    part = (level - values[first - 1]) / (values[first] - values[first - 1])
    return float(time_s[first - 1] + part * (time_s[first] - time_s[first - 1]))


def _drawn_j(waves: Waveforms, supply: str, begin_s: float, end_s: float, vdd_v: float) -> float:
    time_s = waves["time"]
    inside = (time_s >= begin_s) & (time_s <= end_s)
    return float(-vdd_v * np.trapezoid(waves[f"i({supply})"][inside], time_s[inside]))


@dataclass(frozen=True, kw_only=True)
class RowJob:
    """One row, and the model's score of it."""

    row: RowCircuit
    score: float


def random_rows(
    columns: int, macro: MacroConfig, count: int, parameters: ChipParameters, seed: int
) -> list[RowJob]:
    """Random rows with random inputs, eight of each of as many chips as it takes."""
    draw = np.random.default_rng(seed)
    config = LayerConfig(name="row", inputs=columns, bias_columns=0, neurons=8, macro=macro)
    jobs: list[RowJob] = []
    while len(jobs) < count:
        chip = seed + len(jobs)
        weights = draw.choice(np.array([-1, 1], np.int8), (config.neurons, columns))
        model: LayerChip = sample_layer(config, weights, parameters, chip, 0, 0)
        for neuron in range(min(config.neurons, count - len(jobs))):
            inputs = draw.choice(np.array([-1, 1], np.int8), columns)
            row = sample_row(config, weights, parameters, chip, 0, neuron, inputs)
            jobs.append(RowJob(row=row, score=float(model.scores_seen(inputs)[neuron])))
    return jobs


def compare_rows(
    jobs: Sequence[RowJob], report: Callable[[str], None] = lambda message: None
) -> list[RowComparison]:
    """Simulate and compare rows, as many at once as there are processors."""

    def one(job: RowJob) -> RowComparison:
        return compare_row(job.row, job.score, simulate(netlist(job.row)))

    done = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for comparison in pool.map(one, jobs):
            done.append(comparison)
            report(f"ngspice: {len(done)} of {len(jobs)} rows of {comparison.cells} columns")
    return done


SIZES = (
    (23, MACROS["test-chip"], 200),
    (127, MACROS["default"].replace(columns=128), 8),
    (1127, MACROS["default"], 5),
)
"""Columns, macro and number of rows of the full check. An array of 128 columns has 127 in use: a
fan-in is odd."""
