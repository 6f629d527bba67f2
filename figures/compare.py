"""Figure ``compare``: the bridge beside a current-summing crossbar."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..behav.crossbar.read_load import ReadLoad
from ..errors import InputError
from ..study.crossbar.result import ArrayAccuracy, CompareResult, of_arrays
from .look import (
    PAGE_MM,
    SeriesStyle,
    draw_band,
    letter_panels,
    new_figure,
    plain_numbers,
    series_styles,
)
from .tables import Table, Tables, rows_where, table_of_rows

Found = TypeVar("Found")

ARRAYS = ("bridge", "crossbar")
_SWEPT = {"spread": "sigma_ln", "wire": "wire_ohm", "fan_in": "fan_in"}
"""What a sweep's points are at."""
_ACCURACY = ("chips", "mean_percent", "smallest_percent", "largest_percent")
_READ = ("access_ma", "neuron_ma", "drop_percent")
_COLUMNS = {"spread": _ACCURACY, "wire": (*_ACCURACY, *_READ), "fan_in": ("wrong_percent", *_READ)}
"""Of a sweep's table, beside the array and what is swept."""
_SWEPT_LABELS = {
    "spread": "spread of ln R, both states",
    "wire": "wire (ohm per cell)",
    "fan_in": "fan-in (columns)",
}
_PANELS = (
    ("device spread", "spread", "mean_percent", "accuracy (%)"),
    ("wire", "wire", "mean_percent", "accuracy (%)"),
    ("drop along a line", "wire", "drop_percent", "largest drop (%)"),
    ("wrong signs", "fan_in", "wrong_percent", "neurons (%)"),
    ("read current", "fan_in", "access_ma", "current (mA)"),
)
"""Title, sweep, column of its table, label of the vertical axis."""
_LOSS_NAMES = ("sweep", "array", "reference_percent", "lost_percent", "lost_at")
_MARK_HEIGHTS = (0.03, 0.3)
"""Of the labels of the two arrays' marks, as parts of the panel: one above the other, since the
marks can coincide."""


def compare_tables(result: CompareResult) -> Tables:
    """The tables ``spread``, ``wire`` and ``fan_in``, and ``losses``, what is marked.

    Raises
    ------
    InputError
        A sweep without points.
    """
    spreads = [(point.sigma_ln, of_arrays(point)) for point in result.spread.points]
    wires = [(point.wire_ohm, of_arrays(point)) for point in result.wire.points]
    sizes = [(point.fan_in, of_arrays(point)) for point in result.fan_in.points]
    losses = {"spread": result.spread.loss_at, "wire": result.wire.loss_at}
    references = of_arrays(result.reference)
    rows = [
        (sweep, array, 100 * references[array], 100 * result.lost, lost_at)
        for sweep, loss_at in losses.items()
        for array, lost_at in of_arrays(loss_at).items()
    ]
    return {
        "spread": _table("spread", spreads, _accuracy),
        "wire": _table("wire", wires, lambda found: (*_accuracy(found), *_read(found.read))),
        "fan_in": _table(
            "fan_in", sizes, lambda found: (100 * found.error_rate, *_read(found.read))
        ),
        "losses": table_of_rows(_LOSS_NAMES, rows),
    }


def _table(
    sweep: str,
    points: Sequence[tuple[float, Mapping[str, Found]]],
    cells: Callable[[Found], tuple[float, ...]],
) -> Table:
    """One row per array and point."""
    if not points:
        raise InputError(f"{sweep}.points: found none, expected at least one")
    rows = [(array, swept, *cells(found[array])) for array in ARRAYS for swept, found in points]
    return table_of_rows(("array", _SWEPT[sweep], *_COLUMNS[sweep]), rows)


def _accuracy(found: ArrayAccuracy) -> tuple[float, ...]:
    """Accuracy as its mean and range over the chips."""
    mean = found.accuracy
    ends = (mean, min(found.of_chips, default=mean), max(found.of_chips, default=mean))
    return len(found.of_chips), *(100 * end for end in ends)


def _read(load: ReadLoad) -> tuple[float, ...]:
    """Currents, and the larger one of the drops along word lines and bit lines."""
    drop = max(load.wordline_drop, load.bitline_drop)
    return 1e3 * load.access_a, 1e3 * load.neuron_a, 100 * drop


def draw_compare(tables: Tables) -> Any:
    """The panels of `_PANELS`, and in the place of a sixth what their lines are."""
    figure = new_figure(PAGE_MM, 105)
    *panels, legend = figure.subplots(2, 3).flat
    for axes, (title, sweep, shown, label) in zip(panels, _PANELS, strict=True):
        table, swept = tables[sweep], _SWEPT[sweep]
        _draw_arrays(axes, table, swept, shown)
        axes.set(title=title, xlabel=_SWEPT_LABELS[sweep], ylabel=label)
        if sweep != "spread":
            _logarithmic_from_zero(axes, table[swept])
        if shown == "mean_percent":
            _draw_losses(axes, table, swept, rows_where(tables["losses"], sweep=sweep))
        elif max(table[shown]) > 0:
            # What is 0 has no place on this axis.
            axes.set_yscale("log", nonpositive="mask")
            plain_numbers(axes.yaxis)
    _draw_neuron_currents(panels[-1], tables["fan_in"])
    letter_panels(panels)
    chips = max(tables["spread"]["chips"])
    _draw_legend(legend, (panels[0], panels[-1]), f"accuracy: mean and range, chips: {chips}")
    return figure


def _draw_legend(legend: Any, panels: Sequence[Any], title: str) -> None:
    """What the panels have, each once, in a panel of its own."""
    found = [axes.get_legend_handles_labels() for axes in panels]
    entries = {
        label: handle
        for handles, labels in found
        for handle, label in zip(handles, labels, strict=True)
    }
    legend.axis("off")
    legend.legend(entries.values(), entries.keys(), title=title, loc="center")


def _styles() -> dict[str, SeriesStyle]:
    return dict(zip(ARRAYS, series_styles(len(ARRAYS)), strict=True))


def _draw_arrays(axes: Any, table: Table, swept: str, shown: str) -> None:
    for array, style in _styles().items():
        rows = rows_where(table, array=array)
        axes.plot(rows[swept], rows[shown], **style.line, marker=style.marker, label=array)


def _draw_losses(axes: Any, table: Table, swept: str, losses: Table) -> None:
    """Ranges over the chips, and where a point is lost: level and place."""
    for (array, style), height in zip(_styles().items(), _MARK_HEIGHTS, strict=True):
        rows = rows_where(table, array=array)
        draw_band(axes, rows[swept], rows["smallest_percent"], rows["largest_percent"], style)
        loss = rows_where(losses, array=array)
        (lost_at,), (lost_percent,) = loss["lost_at"], loss["lost_percent"]
        axes.axhline(
            loss["reference_percent"][0] - lost_percent, **style.line, linewidth=0.6,
            label=f"{array} without variation\nand wire, less {lost_percent:g} point",
        )  # fmt: skip
        if lost_at is not None:
            _mark_loss(axes, lost_at, height, style)


def _mark_loss(axes: Any, lost_at: float, height: float, style: SeriesStyle) -> None:
    axes.axvline(lost_at, **style.line, linewidth=0.6)
    axes.annotate(
        f"{lost_at:.2g}", (lost_at, height), xycoords=("data", "axes fraction"), xytext=(2, 0),
        textcoords="offset points", fontsize=6, rotation=90, va="bottom",
    )  # fmt: skip


def _draw_neuron_currents(axes: Any, table: Table) -> None:
    """Dotted, of an array that reads several neurons in one access."""
    for array, style in _styles().items():
        rows = rows_where(table, array=array)
        if rows["neuron_ma"] != rows["access_ma"]:
            axes.plot(
                rows["fan_in"], rows["neuron_ma"], color=style.colour, linestyle=":",
                label=f"{array}, per neuron",
            )  # fmt: skip


def _logarithmic_from_zero(axes: Any, places: Sequence[float]) -> None:
    """A logarithmic axis; where 0 is among its places it stands left of the smallest other."""
    smallest = min((place for place in places if place > 0), default=1.0)
    if min(places) > 0:
        axes.set_xscale("log")
        axes.set_xlim(left=10 ** math.floor(math.log10(smallest)))
    else:
        axes.set_xscale("symlog", linthresh=smallest, linscale=0.5)
        axes.set_xlim(-0.2 * smallest, max(smallest, 1.3 * max(places)))
    plain_numbers(axes.xaxis)
