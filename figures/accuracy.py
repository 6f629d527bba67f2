"""Figure ``accuracy``: accuracy against bit error rate, beside the published points for MNIST."""

from typing import Any

from ..errors import InputError
from ..study.accuracy.result import AccuracyResult, PointResult
from .look import (
    PAGE_MM,
    draw_band,
    letter_panels,
    new_figure,
    plain_numbers,
    plain_text,
    series_styles,
)
from .published_points import SOURCE, published_table
from .tables import Table, Tables, distinct, rows_where, table_of_rows

_NAMES = (
    "condition", "error_layers", "clock_ns", "ber", "chips", "mean_percent", "ci95_low_percent",
    "ci95_high_percent",
)  # fmt: skip
_CLOSE_POINTS = 3.0
"""Percentage points below the best that the close view goes down to."""


def accuracy_tables(result: AccuracyResult) -> Tables:
    """The tables ``chips``, from what was computed, and ``published``.

    Raises
    ------
    InputError
        No point, or one without a bit error rate.
    """
    if not result.points:
        raise InputError("points: found none, expected at least one")
    rows = sorted((_row(number, point) for number, point in enumerate(result.points)), key=_order)
    return {
        "chips": table_of_rows(_NAMES, rows),
        "published": published_table("accuracy_mnist_6ns"),
    }


def _row(number: int, point: PointResult) -> tuple[Any, ...]:
    """A point's row; `number` is its place in the list, for complaints."""
    if point.ber is None:
        raise InputError(f"points[{number}].ber: found nothing, expected a bit error rate")
    interval = [None if end is None else 100 * end for end in point.accuracy.ci95 or (None, None)]
    return (
        point.condition,
        " ".join(point.error_layers),
        point.clock_ns,
        point.ber,
        point.chips,
        100 * point.accuracy.mean,
        *interval,
    )


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    *series, ber = row[:4]
    return *map(str, series), ber


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
    figure.legend(handles, labels, loc="outside lower center", ncols=min(2, len(labels)))
    return figure


def _draw_points(axes: Any, chips: Table, published: Table) -> None:
    names = ("condition", "error_layers", "clock_ns")
    series = distinct(list(zip(*(chips[name] for name in names), strict=True)))
    for of_series, style in zip(series, series_styles(len(series)), strict=True):
        rows = rows_where(chips, **dict(zip(names, of_series, strict=True)))
        rates = [100 * ber for ber in rows["ber"]]
        label = _label(*of_series)
        banded = any(low is not None for low in rows["ci95_low_percent"])
        label += ", mean and 95 % band" if banded else ", mean"
        axes.plot(
            rates, rows["mean_percent"], **style.line, marker=style.marker, markersize=2.5,
            label=label,
        )  # fmt: skip
        draw_band(axes, rates, rows["ci95_low_percent"], rows["ci95_high_percent"], style)
    axes.errorbar(
        [100 * ber for ber in published["ber"]], published["mean_percent"],
        yerr=published["read_off_percent"], capsize=2, elinewidth=0.8,
        **series_styles(1)[0].open_points,
        label=f"MNIST at 6 ns, {SOURCE}, read off a plot",
    )  # fmt: skip
    axes.set(xlabel="bit error rate (%)", ylabel="accuracy (%)")


def _label(condition: str, error_layers: str, clock_ns: float) -> str:
    """What a legend calls a series."""
    errors = f", errors in {' and '.join(error_layers.split())}" if error_layers else ""
    return plain_text(f"{condition}{errors} at {clock_ns:g} ns")
