"""Figure ``waveform``: one evaluation in time, pins above, lines and source lines below."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .look import COLUMN_MM, letter_panels, new_figure, series_styles
from .tables import Table, Tables

Values: TypeAlias = Sequence[float] | NDArray[np.float64]
Signal: TypeAlias = tuple[Values, Values]
"""Rising times, ns, and the values there. A pin's level holds until the next time, a voltage goes
on straight to its next value."""
_LANE = 1.4
"""Distance of two pins' zero levels, where a high pin is 1."""
_SHADED_PIN = "evaluate"
"""While it is high, all panels are shaded."""
_MARKED_PIN = "strobe"
"""Where it rises, all panels have a line: the comparator decides."""


def waveform_tables(
    pins: Mapping[str, Signal],
    line_p_v: Signal,
    line_n_v: Signal,
    source_lines_v: Mapping[int, Signal],
) -> Tables:
    """The tables ``pins`` and ``voltages``, each with all times of its signals.

    Parameters
    ----------
    pins : mapping of str to Signal
        Levels, 0 or 1, by name, from top to bottom. The last time ends the figure.
    line_p_v, line_n_v : Signal
        V_P and V_N, V.
    source_lines_v : mapping of int to Signal
        Level of SL, V, by column.

    Raises
    ------
    InputError
        A signal with more or fewer values than times, or times that do not rise.
    """
    voltages = {"v_p_v": line_p_v, "v_n_v": line_n_v}
    voltages |= {f"sl_{column}_v": signal for column, signal in source_lines_v.items()}
    for name, signal in {**pins, **voltages}.items():
        _check(name, *signal)
    at_pins, at_lines = _all_times(pins), _all_times(voltages)
    levels = {name: _held(signal, at_pins) for name, signal in pins.items()}
    lines = {name: np.interp(at_lines, *signal) for name, signal in voltages.items()}
    difference_mv = 1e3 * (lines["v_p_v"] - lines["v_n_v"])
    return {
        "pins": {
            "time_ns": at_pins.tolist(), **{name: levels[name].tolist() for name in levels}
        },
        "voltages": {
            "time_ns": at_lines.tolist(),
            **{name: lines[name].tolist() for name in lines},
            "difference_mv": difference_mv.tolist(),
        },
    }  # fmt: skip


def _check(name: str, times_ns: Values, values: Values) -> None:
    found, expected = len(values), len(times_ns)
    if found != expected:
        raise InputError(f"{name}: found {found} values, expected {expected}, one per time")
    if not np.all(np.diff(times_ns) > 0):
        raise InputError(f"{name}: found times that do not rise, expected rising ones")


def _all_times(signals: Mapping[str, Signal]) -> NDArray[np.float64]:
    return np.unique(np.concatenate([np.asarray(times) for times, _ in signals.values()]))


def _held(signal: Signal, times_ns: NDArray[np.float64]) -> NDArray[np.int64]:
    """A pin's levels at other times, 0 before its first one."""
    own_ns, levels = (np.asarray(part) for part in signal)
    at = np.searchsorted(own_ns, times_ns, side="right") - 1
    return np.where(at < 0, 0, levels[at]).astype(np.int64)


def draw_waveform(tables: Tables) -> Any:
    """Four panels on one time axis: pins, capacitive lines, their difference, source lines."""
    pins, voltages = tables["pins"], tables["voltages"]
    figure = new_figure(COLUMN_MM, 120)
    heights = (max(1.0, 0.28 * (len(pins) - 1)), 1, 0.8, 1)
    panels = figure.subplots(4, 1, sharex=True, height_ratios=heights)
    _draw_pins(panels[0], pins)
    of_lines = {"v_p_v": "$V_P$", "v_n_v": "$V_N$"}
    of_source_lines = {
        name: f"SL {name.removeprefix('sl_').removesuffix('_v')}"
        for name in voltages
        if name.startswith("sl_")
    }
    _draw_voltages(panels[1], voltages, of_lines, "line (V)")
    _draw_voltages(panels[2], voltages, {"difference_mv": ""}, "$V_P - V_N$ (mV)")
    _draw_voltages(panels[3], voltages, of_source_lines, "source line (V)")
    shaded = high_times(pins["time_ns"], pins.get(_SHADED_PIN, ()))
    marked = high_times(pins["time_ns"], pins.get(_MARKED_PIN, ()))
    for axes in panels:
        for start_ns, end_ns in shaded:
            axes.axvspan(start_ns, end_ns, color="0.93", linewidth=0, zorder=0)
        for start_ns, _ in marked:
            axes.axvline(start_ns, color="0.4", linestyle=(0, (3, 2)), linewidth=0.7)
    panels[-1].set(xlabel="time (ns)", xlim=(pins["time_ns"][0], pins["time_ns"][-1]))
    letter_panels(panels)
    return figure


def high_times(times_ns: Sequence[float], levels: Sequence[int]) -> list[tuple[float, float]]:
    """Beginning and end of each interval in which a pin is high, ns."""
    intervals: list[tuple[float, float]] = []
    # The level of the last time has no duration.
    for start_ns, end_ns, level in zip(times_ns, times_ns[1:], levels, strict=False):
        if level and intervals and intervals[-1][1] == start_ns:
            intervals[-1] = (intervals[-1][0], end_ns)
        elif level:
            intervals.append((start_ns, end_ns))
    return intervals


def _draw_pins(axes: Any, pins: Table) -> None:
    names = [name for name in pins if name != "time_ns"]
    colour = series_styles(1)[0].colour
    lanes = [-_LANE * number for number in range(len(names))]
    for name, lane in zip(names, lanes, strict=True):
        levels = [lane + level for level in pins[name]]
        axes.step(pins["time_ns"], levels, where="post", color=colour, linewidth=0.9)
    axes.set_yticks([lane + 0.5 for lane in lanes], [name.replace("_", " ") for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(lanes[-1] - 0.3, 1.3)


def _draw_voltages(axes: Any, table: Table, labels: Mapping[str, str], quantity: str) -> None:
    for (name, label), style in zip(labels.items(), series_styles(len(labels)), strict=True):
        axes.plot(table["time_ns"], table[name], **style.line, label=label)
    axes.set_ylabel(quantity)
    if len(labels) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
