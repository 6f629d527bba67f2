"""The model beside ngspice: one row compared in all that the model says of it."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...behav.draws import LayerKey
from ...behav.parameters.chip import ChipParameters
from ...field_types import Count, Magnitude
from ...hdl.config import MACROS, LayerConfig, MacroConfig
from ...progress import Progress, silent
from ...record import ResultPart
from .netlist import netlist
from .ngspice import Waveforms, simulate
from .row import LayerRows, RowCircuit, RowModel

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

LINE_BOUND_COLUMNS = 128
"""Above so many columns the bound on lines gives no verdict."""


def verdict(quantity: str, columns: int, worst: float) -> bool | None:
    """Whether a difference is within its bound; None where the bound does not apply."""
    if quantity == "line_error_counts" and columns > LINE_BOUND_COLUMNS:
        return None
    return worst <= BOUNDS[quantity]


class RowComparison(ResultPart):
    """Largest differences between model and ngspice in one row."""

    cells: Count
    crossings: Count
    sl_error_v: Magnitude
    line_error_counts: Magnitude
    crossing_error: Magnitude
    bridge_energy_error: Magnitude
    capacitor_energy_error: Magnitude
    decisions_differing: Magnitude


def compare_row(row: RowCircuit, model: RowModel, waves: Waveforms) -> RowComparison:
    """Compare one row: all of the model's side is in `model`."""
    time_s, vdd_v = waves["time"], row.macro.bridge.vdd_v
    at_strobe = int(np.searchsorted(time_s, row.strobe_s * (1 + 1e-9), side="right")) - 1
    sl_v = np.stack([waves[f"v(sl_{column})"] for column in range(row.columns)])
    line_p_v, line_n_v = (float(waves[f"v(line_{line})"][at_strobe]) for line in "pn")
    timed = np.flatnonzero((model.crossing_s > 0) & (model.crossing_s < row.strobe_s))
    errors = [
        abs(_crossing_s(time_s, sl_v[c], row.threshold_v[c]) / model.crossing_s[c] - 1)
        for c in timed
    ]
    bridge_j = _drawn_j(waves, "vread", 0.0, row.end_s, vdd_v)
    plates_j = _drawn_j(waves, "vplates", row.evaluate_s, row.strobe_s, vdd_v)
    line_error_v = max(abs(line_p_v - model.line_p_v), abs(line_n_v - model.line_n_v))
    return RowComparison(
        cells=row.columns,
        crossings=len(errors),
        sl_error_v=float(np.abs(sl_v[:, at_strobe] - model.sl_v).max()),
        line_error_counts=line_error_v / model.count_v,
        crossing_error=float(max(errors, default=0.0)),
        bridge_energy_error=abs(bridge_j / model.bridge_j - 1),
        capacitor_energy_error=abs(plates_j / model.plates_j - 1),
        decisions_differing=float((line_p_v > line_n_v) != (model.decision > 0)),
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
    """One row as a circuit, and as the model has it."""

    row: RowCircuit
    model: RowModel


def random_rows(
    columns: int, macro: MacroConfig, count: int, parameters: ChipParameters, seed: int
) -> list[RowJob]:
    """Random rows with random inputs, eight of each of as many chips as it takes."""
    draw = np.random.default_rng(seed)
    config = LayerConfig(name="row", inputs=columns, bias_columns=0, neurons=8, macro=macro)
    jobs: list[RowJob] = []
    while len(jobs) < count:
        weights = draw.choice(np.array([-1, 1], np.int8), (config.neurons, columns))
        rows = LayerRows.of(config, weights, parameters, LayerKey(seed + len(jobs)))
        for neuron in range(min(config.neurons, count - len(jobs))):
            inputs = draw.choice(np.array([-1, 1], np.int8), columns)
            jobs.append(RowJob(row=rows.circuit(neuron, inputs), model=rows.model(neuron, inputs)))
    return jobs


def compare_rows(jobs: Sequence[RowJob], progress: Progress = silent) -> list[RowComparison]:
    """Simulate and compare rows, as many at once as there are processors."""

    def one(job: RowJob) -> RowComparison:
        return compare_row(job.row, job.model, simulate(netlist(job.row)))

    done = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for comparison in pool.map(one, jobs):
            done.append(comparison)
            progress(f"ngspice: {len(done)} of {len(jobs)} rows of {comparison.cells} columns")
    return done


SIZES = (
    (23, MACROS["test-chip"], 200),
    (127, MACROS["default"].replace(columns=128), 8),
    (1127, MACROS["default"], 5),
)
"""Columns, macro and number of rows of the full check. An array of 128 columns has 127 in use: a
fan-in is odd."""
