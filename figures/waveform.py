"""Figure ``waveform``: one evaluation in time, pins above, lines and source lines below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..hdl.config import InputError
from .look import COLUMN_MM, letter_panels, new_figure, series_styles
from .tables import Table, Tables

_LANE = 1.4
"""Distance of two pins' zero levels, where a high pin is 1."""
_SHADED_PIN = "evaluate"
"""While it is high, all panels are shaded."""


def waveform_tables(
    pin_times_ns: Sequence[float],
    pins: Mapping[str, Sequence[int]],
    times_ns: Sequence[float],
    line_p_v: Sequence[float],
    line_n_v: Sequence[float],
    source_lines_v: Mapping[int, Sequence[float]],
) -> Tables:
    """The tables ``pins`` and ``voltages``.

    Parameters
    ----------
    pin_times_ns : sequence of float
        Rising times at which levels of the pins are given; a level holds until the next time. The
        last one ends the figure.
    pins : mapping of str to sequence of int
        Levels, 0 or 1, by name, from top to bottom.
    times_ns : sequence of float
        Rising times of the voltages.
    line_p_v, line_n_v : sequence of float
        V_P and V_N, V.
    source_lines_v : mapping of int to sequence of float
        Level of SL, V, by column.

    Raises
    ------
    InputError
        A signal with more or fewer values than there are times.
    """
    voltages = {"v_p_v": line_p_v, "v_n_v": line_n_v}
    voltages |= {f"sl_{column}_v": levels_v for column, levels_v in source_lines_v.items()}
    for signals, times in ((pins, pin_times_ns), (voltages, times_ns)):
        for name, values in signals.items():
            if len(values) != len(times):
                raise InputError(
                    f"{name}: found {len(values)} values, expected {len(times)}, one per time"
                )
    return {
        "pins": {"time_ns": list(pin_times_ns), **{name: list(pins[name]) for name in pins}},
        "voltages": {
            "time_ns": list(times_ns), **{name: list(voltages[name]) for name in voltages}
        },
    }  # fmt: skip


def draw_waveform(tables: Tables) -> Any:
    """Three panels on one time axis: pins, capacitive lines, source lines."""
    pins, voltages = tables["pins"], tables["voltages"]
    figure = new_figure(COLUMN_MM, 110)
    heights = (max(1.0, 0.28 * (len(pins) - 1)), 1, 1)
    panels = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    _draw_pins(panels[0], pins)
    of_lines = {"v_p_v": "$V_P$", "v_n_v": "$V_N$"}
    of_source_lines = {
        name: f"SL {name.removeprefix('sl_').removesuffix('_v')}"
        for name in voltages
        if name.startswith("sl_")
    }
    _draw_voltages(panels[1], voltages, of_lines, "line (V)")
    _draw_voltages(panels[2], voltages, of_source_lines, "source line (V)")
    for axes in panels:
        for start_ns, end_ns in high_times(pins["time_ns"], pins.get(_SHADED_PIN, ())):
            axes.axvspan(start_ns, end_ns, color="0.93", linewidth=0, zorder=0)
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
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
