"""Figure ``accuracy``: accuracy against bit error rate, beside the published points for MNIST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..behav.parameters.checks import is_number
from ..errors import InputError
from .look import PAGE_MM, draw_band, letter_panels, new_figure, plain_numbers, series_styles
from .published_points import SOURCE, published_table
from .tables import Table, Tables, distinct, rows_where, table_of_rows

_NAMES = (
    "condition", "error_layers", "clock_ns", "ber", "chips", "mean_percent", "ci95_low_percent",
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


def _row(number: int, point: Any) -> tuple[Any, ...]:
    """A point's row; `number` is its place in the list, for complaints."""
    place = f"points[{number}]"
    accuracy = point.get("accuracy") if isinstance(point, Mapping) else None
    if not isinstance(accuracy, Mapping):
        raise InputError(f"{place}: found no field accuracy, expected mean and ci95 in it")
    ends = accuracy.get("ci95")
    if ends is not None and not (isinstance(ends, Sequence) and len(ends) == 2):
        raise InputError(f"{place}.accuracy.ci95: found {ends!r}, expected two fractions or null")
    # One chip has no interval.
    interval = (None, None) if ends is None else [
        _percent(f"{place}.accuracy.ci95[{end}]", value) for end, value in enumerate(ends)
    ]  # fmt: skip
    clock_ns = point.get("clock_ns")
    if clock_ns is not None and not is_number(clock_ns):
        raise InputError(f"{place}.clock_ns: found {clock_ns!r}, expected a number or null")
    layers = point.get("error_layers") or []
    if not isinstance(layers, list):
        raise InputError(f"{place}.error_layers: found {layers!r}, expected a list of names")
    return (
        str(point.get("condition") or "computed"),
        " ".join(map(str, layers)),
        clock_ns,
        _percent(f"{place}.ber", point.get("ber")) / 100,
        point.get("chips"),
        _percent(f"{place}.accuracy.mean", accuracy.get("mean")),
        *interval,
    )


def _percent(name: str, fraction: Any) -> float:
    if not (is_number(fraction) and 0 <= fraction <= 1):
        raise InputError(f"{name}: found {fraction!r}, expected a fraction from 0 to 1")
    return 100 * float(fraction)


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


def _label(condition: str, error_layers: str, clock_ns: float | None) -> str:
    """What a legend calls a series."""
    errors = f", errors in {' and '.join(error_layers.split())}" if error_layers else ""
    clock = "" if clock_ns is None else f" at {clock_ns:g} ns"
    return f"{condition}{errors}{clock}"
