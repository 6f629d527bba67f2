"""Figure ``errors``: probability of the wrong sign against the popcount surplus."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..study.errors import ErrorsResult
from .look import PAGE_MM, letter_panels, new_figure, series_styles
from .published_points import SOURCE, published_table
from .tables import Table, Tables, distinct, rows_where, table_of_rows

SMALLEST_DRAWN = 1e-12
"""Bottom of the scale."""

_NAMES = ("inputs", "columns", "clock_ns", "ber", "surplus_counts", "probability")
_FEW_SURPLUSES = 60
"""Below this many, each is drawn as a point."""


def errors_tables(results: Sequence[ErrorsResult]) -> Tables:
    """What is drawn: ``exact``, and the ``published`` points of the same neurons, clocks and rates.

    Each neuron has rows for every surplus down to where all rates are below `SMALLEST_DRAWN`.
    """
    exact = [row for result in results for row in _exact_rows(result)]
    published = [row for result in results for row in _published_rows(result)]
    return {"exact": table_of_rows(_NAMES, exact), "published": table_of_rows(_NAMES, published)}


def _exact_rows(result: ErrorsResult) -> list[tuple[Any, ...]]:
    drawn = largest_drawn(result.probabilities) + 1
    return [
        (result.inputs, result.fan_in, result.clock_ns, rate, surplus, probability)
        for rate, wrong in zip(result.ber, result.probabilities, strict=True)
        for surplus, probability in enumerate(wrong[:drawn])
    ]


def largest_drawn(wrong: Sequence[Sequence[float]]) -> int:
    """The largest surplus at which any of the rates is on the scale; `wrong` is by rate."""
    return int(np.flatnonzero(np.max(wrong, axis=0) >= SMALLEST_DRAWN)[-1])


def _published_rows(result: ErrorsResult) -> list[tuple[Any, ...]]:
    published = published_table("neuron_errors")
    points = (published[name] for name in ("clock_ns", "inputs", "ber", "surplus", "probability"))
    return [
        (result.inputs, result.fan_in, clock_ns, rate, int(surplus), wrong)
        for clock_ns, inputs, rate, surplus, wrong in zip(*points, strict=True)
        if (clock_ns, inputs) == (result.clock_ns, result.inputs) and rate in result.ber
    ]


def draw_errors(tables: Tables) -> Any:
    """One panel per size of neuron, for a whole page's width."""
    exact, published = tables["exact"], tables["published"]
    sizes = distinct(exact["inputs"])
    figure = new_figure(PAGE_MM, 105)
    panels = np.ravel(figure.subplots(-(-len(sizes) // 3), 3, sharey=True, squeeze=False))
    for axes, inputs in zip(panels, sizes, strict=False):
        _draw_size(axes, rows_where(exact, inputs=inputs), rows_where(published, inputs=inputs))
    for axes in panels[len(sizes) :]:
        axes.remove()
    for axes in panels[: len(sizes) : 3]:
        axes.set_ylabel("probability of the wrong sign")
    letter_panels(panels[: len(sizes)])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, title="bit error rate", loc="outside lower center", ncols=len(labels)
    )
    return figure


def _draw_size(axes: Any, exact: Table, published: Table) -> None:
    rates = distinct(exact["ber"])
    curves = [rows_where(exact, ber=rate)["probability"] for rate in rates]
    _draw_curves(axes, rates, curves)
    for rate, style in zip(rates, series_styles(len(rates)), strict=True):
        points = rows_where(published, ber=rate)
        if points["probability"]:
            # Not cut in half at a surplus of 0; all points are on the scale.
            axes.plot(
                points["surplus_counts"], points["probability"], **style.open_points, clip_on=False
            )
    # One entry for all published points: their shade is their curve's.
    axes.plot([], [], **series_styles(1)[0].open_points, label=f"published, {SOURCE}")
    axes.set_title(f"{exact['inputs'][0]:,} inputs, {exact['columns'][0]:,} columns", loc="left")


def _draw_curves(axes: Any, rates: Sequence[float], wrong: Sequence[Sequence[float]]) -> None:
    """Curves against the surplus, one per rate, on a logarithmic scale."""
    surpluses = len(wrong[0])
    # A neuron of one surplus has no line to draw.
    pointed = surpluses < _FEW_SURPLUSES
    for rate, curve, style in zip(rates, wrong, series_styles(len(rates)), strict=True):
        marker = style.marker if pointed else None
        axes.plot(range(surpluses), curve, **style.line, marker=marker, label=f"{rate:.4g}")
    axes.set(
        xlabel="popcount surplus d (counts)",
        yscale="log",
        ylim=(SMALLEST_DRAWN, 1),
        xlim=(0, max(1, largest_drawn(wrong))),
    )


def draw_neuron(result: ErrorsResult) -> Any:
    """One neuron: what ``popbridge errors --plot`` draws."""
    figure = new_figure(PAGE_MM, 110)
    axes = figure.add_subplot()
    _draw_curves(axes, result.ber, result.probabilities)
    axes.set(
        ylabel="probability of the wrong sign",
        title=f"{result.inputs:,} inputs, {result.fan_in:,} columns, {result.clock_ns:g} ns",
    )
    axes.legend(
        title="bit error rate",
        ncols=1 + len(result.ber) // 20,
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        borderaxespad=0,
    )
    return figure
