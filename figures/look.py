"""The common look: sizes of columns, fonts, and how series are told apart without colour."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError, printable

COLUMN_MM = 89.0
"""Width of one column of a journal page, mm; of the Nature journals, where the source paper is."""
PAGE_MM = 183.0
"""Width of a whole page, mm."""
PNG_DPI = 200

LOOK: dict[str, Any] = {
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7,
    "axes.titlelocation": "left",
    "legend.fontsize": 6,
    "legend.title_fontsize": 6,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    # No random names in SVG, so that the same numbers make the same file.
    "svg.hashsalt": "popbridge",
}
"""Matplotlib's parameters that differ from its defaults."""

_DASHES = ("-", (0, (5, 1.5)), (0, (4, 1.2, 1, 1.2)), (0, (1, 1)))
_MARKERS = "osD^vPX"
_LIGHTEST = 0.59
"""Of viridis, from 0 to 1: its contrast to white paper is the 3 to 1 that WCAG 2.1 asks of
graphics (criterion 1.4.11)."""


def require_matplotlib(purpose: str) -> None:
    """Raise InputError if matplotlib, which the command `purpose` needs, is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "matplotlib":
            raise
        message = f"{purpose} needs matplotlib: pip install 'popbridge[plot]'"
        raise InputError(message) from None


def plain_text(name: str) -> str:
    """A name as matplotlib shows it letter by letter, in one line: no formula, no control
    character, which SVG cannot hold."""
    return printable(name).replace("$", r"\$")


def look() -> AbstractContextManager[None]:
    """The common look, whatever the user's matplotlibrc says; figures are made and saved in it."""
    from matplotlib import style

    context: AbstractContextManager[None] = style.context(["default", LOOK])
    return context


def new_figure(width_mm: float, height_mm: float) -> Any:
    """An empty figure of this size whose axes make room for their labels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")


class SeriesStyle(NamedTuple):
    """How one of several series is drawn: in greyscale, shade, dashes and marker tell it."""

    colour: Any
    dashes: Any
    marker: str

    @property
    def line(self) -> dict[str, Any]:
        """Arguments of ``plot`` for a computed curve."""
        return {"color": self.colour, "linestyle": self.dashes}

    @property
    def open_points(self) -> dict[str, Any]:
        """Arguments of ``plot`` for published points."""
        return {
            "color": self.colour, "linestyle": "none", "marker": self.marker,
            "markerfacecolor": "white", "markeredgewidth": 0.8, "zorder": 5,
        }  # fmt: skip

    @property
    def points(self) -> dict[str, Any]:
        """Arguments of ``plot`` for computed points."""
        return {"color": self.colour, "linestyle": "none", "marker": self.marker}


def series_styles(count: int) -> list[SeriesStyle]:
    """Styles of `count` series, from dark to light."""
    from matplotlib import colormaps

    shades = [_LIGHTEST * index / max(1, count - 1) for index in range(count)]
    return [
        SeriesStyle(
            colormaps["viridis"](shade),
            _DASHES[index % len(_DASHES)],
            _MARKERS[index % len(_MARKERS)],
        )
        for index, shade in enumerate(shades)
    ]


def draw_band(
    axes: Any,
    places: Sequence[float],
    low: Sequence[float | None],
    high: Sequence[float | None],
    style: SeriesStyle,
) -> None:
    """The interval around a curve; where it has none, both ends are None."""
    ends = (np.array(end, dtype=np.float64) for end in (low, high))
    axes.fill_between(places, *ends, color=style.colour, alpha=0.25, linewidth=0)


def letter_panels(all_axes: Any) -> None:
    """Put a, b, c, ... before the titles of a figure's panels."""
    for letter, axes in zip("abcdefgh", all_axes, strict=False):
        title = axes.get_title(loc="left")
        axes.set_title(rf"$\bf{{{letter}}}$  {title}", loc="left")


def plain_numbers(axis: Any) -> None:
    """Write the decades of a logarithmic axis as 0.1, 1, 10."""
    from matplotlib.ticker import StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
