"""Bridge beside crossbar: where a point is lost, and that the figure shows it."""

import math

import pytest

from popbridge.figures.compare import compare_tables, draw_compare, loss_place
from popbridge.figures.tables import table_of_rows

BASELINE = 98.5


def accuracies(column, places, losses):
    """Accuracies that fall by a formula of the place."""
    rows = [
        (design, place, BASELINE - loss(place), BASELINE - loss(place) - 0.2,
         BASELINE - loss(place) + 0.2)
        for design, loss in losses.items()
        for place in places
    ]  # fmt: skip
    names = ("design", column, "mean_percent", "ci95_low_percent", "ci95_high_percent")
    return table_of_rows(names, rows)


@pytest.fixture
def tables():
    spread = accuracies(
        "sigma_ln",
        [0.0, 0.25, 0.5, 1.0, 1.5],
        {"bridge": lambda place: 0.5 * place, "crossbar": lambda place: 8 * place},
    )
    wire = accuracies(
        "wire_ohm",
        [0.0, 0.1, 1.0, 10.0],
        {"bridge": lambda place: 0.0, "crossbar": lambda place: 5 * place},
    )
    rows = [
        ("bridge", 23, 0.0),
        ("bridge", 1127, 0.2),
        ("crossbar", 23, 1.0),
        ("crossbar", 1127, 9),
    ]
    return compare_tables(
        spread, wire, table_of_rows(("design", "columns", "wrong_percent"), rows), BASELINE
    )


def test_losses_of_straight_lines(tables):
    """On a straight line of slope s a point is lost at 1 / s."""
    losses = tables["losses"]
    assert losses["design"] == ["bridge", "crossbar"] * 2
    spread_bridge, spread_crossbar, wire_bridge, wire_crossbar = losses["lost_at"]
    assert spread_crossbar == pytest.approx(1 / 8)
    assert wire_crossbar == pytest.approx(1 / 5)
    assert spread_bridge is None and wire_bridge is None


@pytest.mark.parametrize(
    ("places", "means", "expected"),
    [
        ([0, 1, 2], [99, 98, 90], 1.0),  # at a point
        ([2, 0, 1], [90, 99, 98.5], 1 + 0.5 / 8.5),  # out of order
        ([1, 2], [97, 99], 1.0),  # from the start
        ([0, 1, 2, 3], [99, 97, 99, 90], 0.5),  # the first of two
        ([0, 1], [99, 98.01], None),
        ([0, 1, 2], [99, math.nan, 99], None),
    ],
)
def test_place_of_loss(places, means, expected):
    found = loss_place(places, means, 99)
    assert found == (None if expected is None else pytest.approx(expected))


def test_figure_shows_its_tables(tables, draw_figure, require_readable):
    figure = draw_figure(draw_compare, tables)
    spread, wire, fan_in = figure.axes
    bridge = spread.get_lines()[0]
    assert list(bridge.get_ydata()) == tables["spread"]["mean_percent"][:5]
    assert [text.get_text() for text in spread.texts] == ["0.12"]
    assert [text.get_text() for text in wire.texts] == ["0.2"]
    assert wire.get_xlim()[0] < 0 < 10 <= wire.get_xlim()[1]
    assert list(fan_in.get_lines()[1].get_ydata()) == [1.0, 9]
    require_readable(figure)
