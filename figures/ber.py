"""Figure ``ber``: bit error rate of a cell against condition, time and supply."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..behav.cell.bit_errors import bit_error_rate
from ..behav.cell.settling import decision_time_s
from ..behav.conditions import CONDITIONS
from ..hdl.config import MacroConfig
from .look import PAGE_MM, letter_panels, new_figure, plain_numbers, series_styles
from .published_points import SOURCE, published_table
from .tables import Table, Tables, distinct, rows_where, table_of_rows

SHOWN_CONDITIONS = ("nominal", "weak")
"""Drawn against time and supply."""
TIMES_NS: tuple[float, ...] = tuple(np.geomspace(0.1, 20, 60).tolist())
SUPPLIES_V: tuple[float, ...] = tuple(np.linspace(0.6, 1.8, 25).tolist())
SUPPLY_TIMES_NS = (math.inf, 0.4)
"""Settled, and while source lines are still moving."""


def ber_tables() -> Tables:
    """The three panels' tables: ``condition``, ``time`` and ``supply``."""
    return {
        "condition": condition_table(),
        "time": time_table(TIMES_NS),
        "supply": supply_table(SUPPLIES_V, SUPPLY_TIMES_NS),
    }


def condition_table() -> Table:
    """The formula for each ``measured-...`` preset beside the published rate."""
    published = published_table("measured_ber")
    rows = []
    for group, index, measured_percent in zip(*published.values(), strict=True):
        name = f"measured-{group:g}-{index:g}"
        condition = CONDITIONS[name]
        rate = bit_error_rate(condition.devices, condition.bridge)
        median_ohm = condition.devices.hrs_median_ohm
        rows.append((name, median_ohm, 100 * rate, measured_percent))
    names = ("condition", "hrs_median_ohm", "formula_ber_percent", "measured_ber_percent")
    return table_of_rows(names, rows)


def time_table(times_ns: Sequence[float]) -> Table:
    """Rate against the time from the word line's rise to the decision, at nominal supply."""
    rows = [
        (name, time_ns, 100 * _rate(name, time_ns))
        for name in SHOWN_CONDITIONS
        for time_ns in times_ns
    ]
    return table_of_rows(("condition", "time_ns", "ber_percent"), rows)


def supply_table(supplies_v: Sequence[float], times_ns: Sequence[float]) -> Table:
    """Rate against the read supply after these times, inf for settled; see
    `BridgeParameters.at_supply` for what moves with it."""
    rows = [
        (name, time_ns, supply_v, 100 * _rate(name, time_ns, supply_v))
        for name in SHOWN_CONDITIONS
        for time_ns in times_ns
        for supply_v in supplies_v
    ]
    return table_of_rows(("condition", "time_ns", "supply_v", "ber_percent"), rows)


def _rate(name: str, time_ns: float, supply_v: float | None = None) -> float:
    condition = CONDITIONS[name]
    bridge = condition.bridge if supply_v is None else condition.bridge.at_supply(supply_v)
    return bit_error_rate(condition.devices, bridge, time_ns * 1e-9)


def draw_ber(tables: Tables) -> Any:
    """Three panels side by side, for a whole page's width."""
    figure = new_figure(PAGE_MM, 62)
    panels = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
    for axes in panels:
        axes.set(yscale="log", ylabel="bit error rate (%)")
    _draw_conditions(panels[0], tables["condition"])
    _draw_times(panels[1], tables["time"])
    _draw_supplies(panels[2], tables["supply"])
    plain_numbers(panels[1].xaxis)
    for axes in panels:
        plain_numbers(axes.yaxis)
    letter_panels(panels)
    return figure


def _draw_conditions(axes: Any, table: Table) -> None:
    style = series_styles(2)[0]
    names = [name.removeprefix("measured-") for name in table["condition"]]
    places = range(len(names))
    axes.plot(
        places, table["formula_ber_percent"], color=style.colour, linestyle="none", marker="x",
        markersize=3, label="formula, HRS median fitted", zorder=6,
    )  # fmt: skip
    axes.plot(
        places, table["measured_ber_percent"], **style.open_points | {"markersize": 5.5},
        label=f"measured, {SOURCE}",
    )  # fmt: skip
    axes.set_xticks(places, names, rotation=90)
    axes.set(ylim=(3e-3, 60), xlabel="condition (group-index)", title="programming")
    axes.legend(loc="upper left")


def _draw_times(axes: Any, table: Table) -> None:
    names = distinct(table["condition"])
    for name, style in zip(names, series_styles(len(names)), strict=True):
        rows = rows_where(table, condition=name)
        axes.plot(rows["time_ns"], rows["ber_percent"], **style.line, label=name)
    default_ns = decision_time_s(MacroConfig().timing) * 1e9
    axes.axvline(default_ns, color="0.5", linewidth=0.8, linestyle=":")
    axes.annotate(
        "default macro", (default_ns, 25), xytext=(-2, 0), textcoords="offset points",
        rotation=90, ha="right", va="center", color="0.35", fontsize=6,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set(ylim=(0.1, 100), xlabel="word line to strobe (ns)", title="time to settle")
    axes.legend(title="condition")


def _draw_supplies(axes: Any, table: Table) -> None:
    series = distinct(list(zip(table["condition"], table["time_ns"], strict=True)))
    for (name, time_ns), style in zip(series, series_styles(len(series)), strict=True):
        rows = rows_where(table, condition=name, time_ns=time_ns)
        when = "settled" if math.isinf(time_ns) else f"{time_ns:g} ns"
        axes.plot(rows["supply_v"], rows["ber_percent"], **style.line, label=f"{name}, {when}")
    axes.set(ylim=(0.1, 100), xlabel="read supply (V)", title="supply")
    axes.set_xticks([0.6, 0.9, 1.2, 1.5, 1.8])
    axes.legend(loc="upper right")
