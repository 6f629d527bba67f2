"""Figure ``errors``: probability of the wrong sign against the popcount surplus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..behav.neuron.error_law import error_law
from ..behav.neuron.neuron_errors import wrong_sign_probabilities
from ..bnn.thresholds import authors_bias_columns
from .look import PAGE_MM, letter_panels, new_figure, series_styles
from .published_points import SOURCE, published_table
from .tables import Table, Tables, distinct, rows_where, table_of_rows

PAPER_INPUTS = (1025, 3465, 4617, 6921, 13833, 25137)
"""Inputs of the neurons in the source paper's networks [P]; bias columns come on top."""
RATES = (0.0, 0.01, 0.1, 0.3)
CLOCK_NS = 6.0
SMALLEST_DRAWN = 1e-12
"""Bottom of the scale."""

_NAMES = ("inputs", "columns", "clock_ns", "ber", "surplus_counts", "probability")
_FEW_SURPLUSES = 60
"""Below this many, each is drawn as a point."""


def errors_tables(inputs: Sequence[int] = PAPER_INPUTS) -> Tables:
    """What is drawn: ``exact`` for these neurons, and the ``published`` points that fit."""
    return {"exact": exact_table(inputs), "published": _published_table(inputs)}


def exact_table(inputs: Sequence[int]) -> Table:
    """Exact probabilities for every surplus down to where all are below `SMALLEST_DRAWN`."""
    law, _ = error_law(CLOCK_NS * 1e-9)
    rows = []
    for count in inputs:
        fan_in = count + authors_bias_columns(count)
        wrong = wrong_sign_probabilities(fan_in, law, RATES)
        for column, rate in enumerate(RATES):
            drawn = wrong[: largest_drawn(wrong) + 1, column].tolist()
            rows += [(count, fan_in, CLOCK_NS, rate, *row) for row in enumerate(drawn)]
    return table_of_rows(_NAMES, rows)


def largest_drawn(wrong: NDArray[np.float64]) -> int:
    """The largest surplus at which any of the rates, columns of `wrong`, is on the scale."""
    return int(np.flatnonzero(wrong.max(axis=1) >= SMALLEST_DRAWN)[-1])


def _published_table(inputs: Sequence[int]) -> Table:
    published = published_table("neuron_errors")
    points = (published[name] for name in ("clock_ns", "inputs", "ber", "surplus", "probability"))
    rows = [
        (int(count), int(count) + authors_bias_columns(int(count)), clock_ns, rate, int(d), wrong)
        for clock_ns, count, rate, d, wrong in zip(*points, strict=True)
        if clock_ns == CLOCK_NS and count in inputs and rate in RATES
    ]
    return table_of_rows(_NAMES, rows)


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
    draw_curves(axes, rates, np.transpose(curves))
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


def draw_curves(axes: Any, rates: Sequence[float], wrong: NDArray[np.float64]) -> None:
    """Curves against the surplus, one per rate, on a logarithmic scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rates : sequence of float
        Bit error rates, fractions.
    wrong : ndarray of float64, shape (surpluses, rates)
        Row d is for the surplus d.
    """
    # A neuron of one surplus has no line to draw.
    pointed = len(wrong) < _FEW_SURPLUSES
    for column, style in enumerate(series_styles(len(rates))):
        marker = style.marker if pointed else None
        label = f"{rates[column]:.4g}"
        axes.plot(range(len(wrong)), wrong[:, column], **style.line, marker=marker, label=label)
    axes.set(
        xlabel="popcount surplus d (counts)",
        yscale="log",
        ylim=(SMALLEST_DRAWN, 1),
        xlim=(0, max(1, largest_drawn(wrong))),
    )


def draw_neuron(inputs: int, clock_ns: float, rates: Sequence[float], wrong: Any) -> Any:
    """One neuron and any rates: what ``popbridge errors --plot`` draws.

    Parameters
    ----------
    inputs : int
        Without bias columns.
    rates, wrong
        As in `draw_curves`.
    """
    figure = new_figure(PAGE_MM, 110)
    axes = figure.add_subplot()
    draw_curves(axes, rates, wrong)
    columns = inputs + authors_bias_columns(inputs)
    axes.set(
        ylabel="probability of the wrong sign",
        title=f"{inputs:,} inputs, {columns:,} columns, {clock_ns:g} ns",
    )
    axes.legend(
        title="bit error rate", ncols=1 + len(rates) // 20, loc="upper left",
        bbox_to_anchor=(1.01, 1), borderaxespad=0,
    )  # fmt: skip
    return figure
