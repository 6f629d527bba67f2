"""Error probabilities of the figure against the authors' tables."""

import pytest

from popbridge.figures.computed import paper_errors_tables
from popbridge.figures.errors import SMALLEST_DRAWN, draw_errors
from popbridge.figures.tables import rows_where


@pytest.fixture(scope="module")
def tables():
    return paper_errors_tables()


def test_curves_go_through_every_published_point(tables):
    published = tables["published"]
    assert set(published["inputs"]) == {1025, 3465}
    assert set(published["ber"]) == {0.0, 0.01, 0.1, 0.3} and set(published["clock_ns"]) == {6}
    points = [
        dict(zip(published, row, strict=True)) for row in zip(*published.values(), strict=True)
    ]
    assert len(points) == 38
    for point in points:
        expected = point.pop("probability")
        (found,) = rows_where(tables["exact"], **point)["probability"]
        assert found == pytest.approx(expected, rel=1e-5)


def test_columns_are_inputs_and_the_authors_bias_columns(tables):
    exact = tables["exact"]
    sizes = dict(zip(exact["inputs"], exact["columns"], strict=True))
    # 1127 and 27649 are in the paper's own drawings; 2 floor(0.05 N) on top of N for the others.
    assert sizes == {
        1025: 1127, 3465: 3811, 4617: 5077, 6921: 7613, 13833: 15215, 25137: 27649,
    }  # fmt: skip


def test_every_curve_is_drawn_down_to_the_bottom(tables):
    exact = tables["exact"]
    for inputs in set(exact["inputs"]):
        rows = rows_where(exact, inputs=inputs, ber=0.3)
        assert rows["surplus_counts"] == list(range(len(rows["surplus_counts"])))
        falling = rows["probability"]
        assert falling == sorted(falling, reverse=True)
        assert SMALLEST_DRAWN <= falling[-1] < 1.2 * SMALLEST_DRAWN


def test_figure_shows_its_tables(tables, draw_figure, require_readable):
    figure = draw_figure(draw_errors, tables)
    assert len(figure.axes) == 6
    first = figure.axes[0].get_lines()
    for line, rate in zip(first[:4], (0.0, 0.01, 0.1, 0.3), strict=True):
        rows = rows_where(tables["exact"], inputs=1025, ber=rate)
        assert list(line.get_ydata()) == rows["probability"]
    for line, rate in zip(first[4:8], (0.0, 0.01, 0.1, 0.3), strict=True):
        rows = rows_where(tables["published"], inputs=1025, ber=rate)
        assert list(line.get_ydata()) == rows["probability"]
    require_readable(figure)
