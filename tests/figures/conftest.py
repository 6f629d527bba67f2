"""What the tests of figures share: a figure as it comes out, and whether it can be read."""

import itertools
import warnings

import pytest

pytest.importorskip("matplotlib", reason="the plot extra is not installed")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from popbridge.figures.look import look


def _draw(draw, tables):
    with look(), warnings.catch_warnings():
        # Matplotlib only warns where its layout does not come out.
        warnings.simplefilter("error")
        figure = draw(tables)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        figure.renderer = canvas.get_renderer()
    return figure


def _extent(artist, figure):
    return artist.get_window_extent(figure.renderer)


def _overlap(one, other):
    """Whether two boxes share more than a pixel in both directions."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > 1 and height > 1


def _tick_labels(axis, figure):
    first, last = sorted(axis.get_view_interval())
    return [
        tick.label1
        for tick in axis.get_major_ticks()
        if tick.label1.get_text()
        and tick.label1.get_visible()
        and first <= tick.get_loc() <= last
        and _extent(tick.label1, figure).width > 0
    ]


def _require_legible(figure):
    """No text beyond the edges, no label or annotation on another."""
    for axes in figure.axes:
        labels = [_tick_labels(axis, figure) for axis in (axes.xaxis, axes.yaxis)]
        titles = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        titles = [text for text in titles if text.get_text()]
        for group in labels:
            for one, other in itertools.pairwise(group):
                assert not _overlap(_extent(one, figure), _extent(other, figure)), (one, other)
        texts = [*itertools.chain(*labels), *titles, *axes.texts]
        for text in texts:
            _require_inside(text, figure)
        for text, label in itertools.product(titles, itertools.chain(*labels)):
            assert not _overlap(_extent(text, figure), _extent(label, figure)), (text, label)
        for one, other in itertools.combinations(axes.texts, 2):
            assert not _overlap(_extent(one, figure), _extent(other, figure)), (one, other)
    for legend in _legends(figure):
        for text in legend.findobj(Text):
            _require_inside(text, figure)


def _require_inside(text, figure):
    box = _extent(text, figure)
    inside = box.x0 >= 0 and box.y0 >= 0
    assert inside and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text


def _legends(figure):
    of_axes = [axes.get_legend() for axes in figure.axes if axes.get_legend() is not None]
    return [*figure.legends, *of_axes]


def _require_legends_clear(figure):
    """No legend over a point of a curve."""
    for legend in _legends(figure):
        box = _extent(legend, figure)
        for axes in figure.axes:
            for line in axes.get_lines():
                if line.get_transform() is not axes.transData:
                    continue  # a mark across the whole panel
                points = axes.transData.transform(line.get_xydata())
                shown = points[[axes.bbox.contains(*point) for point in points]]
                for x, y in shown:
                    assert not box.contains(x, y), (legend, line)


@pytest.fixture
def draw_figure():
    """Draws tables in the common look; the figure carries its ``renderer``."""
    return _draw


@pytest.fixture
def require_readable():
    """Asserts that texts are whole and apart, and that legends hide no point."""

    def check(figure):
        _require_legible(figure)
        _require_legends_clear(figure)

    return check
