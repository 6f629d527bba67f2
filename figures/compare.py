"""Figure ``compare``: the bridge beside a current-summing crossbar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .look import (
    PAGE_MM,
    SeriesStyle,
    draw_band,
    letter_panels,
    new_figure,
    plain_numbers,
    series_styles,
)
from .tables import Table, Tables, distinct, rows_where, table_of_rows

LOST_POINTS = 1.0
"""Percentage points of accuracy whose loss is marked."""

_ACCURACY_PANELS = (
    ("spread", "sigma_ln", "spread of the resistances (ln R)"),
    ("wire", "wire_ohm", "wire resistance per cell (ohm)"),
)
"""Table, its column for the horizontal axis, the axis' label."""


def compare_tables(
    spread: Table, wire: Table, fan_in: Table, baseline_percent: float
) -> dict[str, Table]:
    """The given tables and ``losses``: where each design has lost `LOST_POINTS`.

    Parameters
    ----------
    spread : table
        Columns ``design`` (``bridge`` or ``crossbar``), ``sigma_ln``, ``mean_percent``,
        ``ci95_low_percent``, ``ci95_high_percent``: accuracies.
    wire : table
        The same over ``wire_ohm``.
    fan_in : table
        Columns ``design``, ``columns`` and ``wrong_percent``: neurons that give the wrong sign.
    baseline_percent : float
        Accuracy of the software network.
    """
    tables = {"spread": spread, "wire": wire, "fan_in": fan_in}
    rows = []
    for name, column, _ in _ACCURACY_PANELS:
        for design in distinct(tables[name]["design"]):
            curve = rows_where(tables[name], design=design)
            lost_at = loss_place(curve[column], curve["mean_percent"], baseline_percent)
            rows.append((name, column, design, baseline_percent, lost_at))
    names = ("table", "quantity", "design", "baseline_percent", "lost_at")
    return {**tables, "losses": table_of_rows(names, rows)}


def loss_place(
    places: Sequence[float], means_percent: Sequence[float], baseline_percent: float
) -> float | None:
    """Where a curve first is `LOST_POINTS` below the baseline.

    Linear between its points; the first point if it is there already, None if it never is.
    """
    limit = baseline_percent - LOST_POINTS
    points = sorted(zip(places, means_percent, strict=True))
    before: tuple[float, float] | None = None
    for place, mean in points:
        if mean <= limit:
            if before is None or before[1] == mean:
                return place
            part = (before[1] - limit) / (before[1] - mean)
            return before[0] + part * (place - before[0])
        before = (place, mean)
    return None


def draw_compare(tables: Tables) -> Any:
    """Accuracy over spread and over wire, wrong neurons over fan-in."""
    figure = new_figure(PAGE_MM, 68)
    panels = figure.subplots(1, 3)
    for axes, (name, column, label) in zip(panels, _ACCURACY_PANELS, strict=False):
        _draw_accuracies(axes, tables[name], column, rows_where(tables["losses"], table=name))
        axes.set(xlabel=label, ylabel="accuracy (%)")
    panels[0].set_title("device spread", loc="left")
    panels[1].set_title("wire", loc="left")
    _logarithmic_from_zero(panels[1], tables["wire"]["wire_ohm"])
    _draw_fan_ins(panels[2], tables["fan_in"])
    letter_panels(panels)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_accuracies(axes: Any, table: Table, column: str, losses: Table) -> None:
    designs = distinct(table["design"])
    for design, style in zip(designs, series_styles(len(designs)), strict=True):
        rows = rows_where(table, design=design)
        axes.plot(rows[column], rows["mean_percent"], **style.line, marker=style.marker,
                  label=design)  # fmt: skip
        draw_band(axes, rows[column], rows, style)
        (lost_at,) = rows_where(losses, design=design)["lost_at"]
        if lost_at is not None:
            _mark_loss(axes, lost_at, style)
    limit = losses["baseline_percent"][0] - LOST_POINTS
    axes.axhline(limit, color="0.5", linewidth=0.7, label=f"software less {LOST_POINTS:g} point")


def _mark_loss(axes: Any, lost_at: float, style: SeriesStyle) -> None:
    axes.axvline(lost_at, color=style.colour, linestyle=style.dashes, linewidth=0.7)
    axes.annotate(
        f"{lost_at:.2g}", (lost_at, 0.02), xycoords=("data", "axes fraction"), xytext=(2, 0),
        textcoords="offset points", fontsize=6, rotation=90, va="bottom",
    )  # fmt: skip


def _logarithmic_from_zero(axes: Any, places: Sequence[float]) -> None:
    """A logarithmic axis; where 0 is among its places it stands left of the smallest other."""
    smallest = min((place for place in places if place > 0), default=1.0)
    if min(places) > 0:
        axes.set_xscale("log")
    else:
        axes.set_xscale("symlog", linthresh=smallest, linscale=0.5)
        axes.set_xlim(-0.2 * smallest, 1.3 * max(places))
    plain_numbers(axes.xaxis)


def _draw_fan_ins(axes: Any, table: Table) -> None:
    designs = distinct(table["design"])
    for design, style in zip(designs, series_styles(len(designs)), strict=True):
        rows = rows_where(table, design=design)
        axes.plot(rows["columns"], rows["wrong_percent"], **style.line, marker=style.marker)
    axes.set_xscale("log")
    # No wrong neuron at all has no place on this axis.
    axes.set_yscale("log", nonpositive="mask")
    axes.set(xlabel="fan-in (columns)", ylabel="neurons of the wrong sign (%)", title="fan-in")
    plain_numbers(axes.xaxis)
    plain_numbers(axes.yaxis)
