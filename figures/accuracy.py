"""Figure ``accuracy``: accuracy against bit error rate, beside the published points for MNIST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..hdl.config import InputError
from .look import PAGE_MM, letter_panels, new_figure, plain_numbers, series_styles
from .published_points import SOURCE, published_table
from .tables import Table, Tables, distinct, rows_where, table_of_rows

_NAMES = (
    "condition", "clock_ns", "ber", "chips", "mean_percent", "ci95_low_percent",
    "ci95_high_percent",
)  # fmt: skip
_CLOSE_POINTS = 3.0
"""Percentage points below the best that the close view goes down to."""


def accuracy_tables(points: Sequence[Mapping[str, Any]]) -> Tables:
    """The tables ``chips``, from what was computed, and ``published``.

    Parameters
    ----------
    points : sequence of mapping
        The field ``points`` of ``popbridge accuracy --json``.

    Raises
    ------
    InputError
        No point, or one that lacks a field or has another kind of value in it.
    """
    if not isinstance(points, Sequence) or not points:
        raise InputError("points: found none, expected those of popbridge accuracy --json")
    rows = sorted((_row(number, point) for number, point in enumerate(points)), key=_order)
    return {
        "chips": table_of_rows(_NAMES, rows),
        "published": published_table("accuracy_mnist_6ns"),
    }


def _row(number: int, point: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        accuracy = point["accuracy"]
        low, high = accuracy["ci95"]
        fractions = (accuracy["mean"], low, high)
        percents = tuple(100 * float(value) for value in fractions)
        return (point["condition"], point["clock_ns"], float(point["ber"]), point["chips"],
                *percents)  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"points[{number}]: found {point!r}, expected condition, clock_ns, ber, chips and "
            "accuracy with mean and ci95"
        ) from None


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    condition, clock_ns, ber, *_ = row
    return str(condition), str(clock_ns), ber


def draw_accuracy(tables: Tables) -> Any:
    """The whole range to the left, the first points of loss to the right."""
    figure = new_figure(PAGE_MM, 65)
    whole, close = figure.subplots(1, 2)
    chips, published = tables["chips"], tables["published"]
    for axes in (whole, close):
        _draw_points(axes, chips, published)
    whole.set(title="whole range", xlim=(-1, 51), ylim=(0, 102))
    best = max([*chips["mean_percent"], *published["mean_percent"]])
    close.set(title=f"the first {_CLOSE_POINTS:g} points", ylim=(best - _CLOSE_POINTS, best + 0.6))
    close.set_xscale("symlog", linthresh=0.01, linscale=0.5)
    close.set_xlim(-0.002, 60)
    plain_numbers(close.xaxis)
    letter_panels((whole, close))
    handles, labels = whole.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
    return figure


def _draw_points(axes: Any, chips: Table, published: Table) -> None:
    series = distinct(list(zip(chips["condition"], chips["clock_ns"], strict=True)))
    for (condition, clock_ns), style in zip(series, series_styles(len(series)), strict=True):
        rows = rows_where(chips, condition=condition, clock_ns=clock_ns)
        rates = [100 * ber for ber in rows["ber"]]
        label = " at ".join(
            [*([condition] if condition else []), *([f"{clock_ns:g} ns"] if clock_ns else [])]
        )
        axes.plot(
            rates, rows["mean_percent"], **style.line, marker=style.marker, markersize=2.5,
            label=f"{label or 'computed'}, mean and 95 % band",
        )  # fmt: skip
        axes.fill_between(
            rates, rows["ci95_low_percent"], rows["ci95_high_percent"], color=style.colour,
            alpha=0.25, linewidth=0,
        )  # fmt: skip
    axes.errorbar(
        [100 * ber for ber in published["ber"]], published["mean_percent"],
        yerr=published["read_off_percent"], capsize=2, elinewidth=0.8,
        **series_styles(1)[0].open_points,
        label=f"MNIST at 6 ns, {SOURCE}, read off a plot",
    )  # fmt: skip
    axes.set(xlabel="bit error rate (%)", ylabel="accuracy (%)")
