"""Accuracy against bit error rate: from ``accuracy --json`` to the figure."""

import math

import pytest
from support.published import published_rows

from popbridge.errors import InputError
from popbridge.figures.accuracy import accuracy_tables, draw_accuracy
from popbridge.figures.published_points import published_table


def point(ber, mean, clock_ns=6.0, **changes):
    accuracy = {"mean": mean, "std": 0.01, "ci95": [mean - 0.004, mean + 0.004]}
    return {"condition": "error-law", "clock_ns": clock_ns, "ber": ber, "chips": 30,
            "accuracy": accuracy} | changes  # fmt: skip


POINTS = [
    point(0.4, 0.41), point(0.0, 0.984), point(0.1, 0.98), point(0.5, 0.1), point(0.2, 0.97, 20.0),
    point(0.1, 0.982, 20.0),
]  # fmt: skip


def test_points_become_percents_in_order():
    table = accuracy_tables(POINTS)["chips"]
    assert table["clock_ns"] == [20.0] * 2 + [6.0] * 4
    assert table["ber"] == [0.1, 0.2, 0.0, 0.1, 0.4, 0.5]
    assert table["mean_percent"] == pytest.approx([98.2, 97, 98.4, 98, 41, 10])
    assert table["ci95_low_percent"][0] == pytest.approx(97.8)
    assert table["ci95_high_percent"][0] == pytest.approx(98.6)


def test_published_points_are_those_taken_over():
    rows = published_rows("accuracy_mnist_6ns")
    shipped = published_table("accuracy_mnist_6ns")
    for name in ("ber", "mean_percent"):
        assert shipped[name] == [float(row[name]) for row in rows]
    assert set(shipped["read_off_percent"]) == {0.3}


def test_one_chip_has_no_band_and_one_condition_no_clock(draw_figure, require_readable):
    alone = point(0.1, 0.97, None, condition=None, accuracy={"mean": 0.97, "ci95": None})
    tables = accuracy_tables([alone])
    assert tables["chips"]["ci95_low_percent"] == [None]
    figure = draw_figure(draw_accuracy, tables)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[0] == "computed, mean"
    require_readable(figure)


def test_layers_with_errors_are_named(draw_figure, require_readable):
    points = [point(0.1, 0.97, error_layers=["layer1", "layer2"]), point(0.1, 0.9)]
    tables = accuracy_tables(points)
    assert tables["chips"]["error_layers"] == ["", "layer1 layer2"]
    figure = draw_figure(draw_accuracy, tables)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == [
        "error-law at 6 ns, mean and 95 % band",
        "error-law, errors in layer1 and layer2 at 6 ns, mean and 95 % band",
    ]
    require_readable(figure)


@pytest.mark.parametrize("several", [True, False])
def test_figure_shows_its_tables(several, draw_figure, require_readable):
    tables = accuracy_tables(POINTS if several else POINTS[:1])
    figure = draw_figure(draw_accuracy, tables)
    whole = figure.axes[0]
    lines = [line for line in whole.get_lines() if line.get_label().startswith("error-law")]
    assert [y for line in lines for y in line.get_ydata()] == tables["chips"]["mean_percent"]
    assert [x / 100 for line in lines for x in line.get_xdata()] == tables["chips"]["ber"]
    (published,) = whole.containers
    assert list(published.lines[0].get_ydata()) == tables["published"]["mean_percent"]
    require_readable(figure)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "points: found none, expected those of popbridge accuracy"),
        ("", "points: found none, expected those of popbridge accuracy"),
        (
            [POINTS[0], {"ber": 0.1}],
            r"points\[1\]: found no field accuracy, expected mean and ci95",
        ),
        ([7], r"points\[0\]: found no field accuracy, expected"),
        ([point(None, 0.9)], r"points\[0\]\.ber: found None, expected a fraction from 0 to 1"),
        ([point(1.2, 0.9)], r"points\[0\]\.ber: found 1\.2, expected a fraction from 0 to 1"),
        ([point(0.1, 98.1)], r"points\[0\]\.accuracy\.ci95\[0\]: found 98\.09\d*, expected a frac"),
        (
            [point(0.1, 0.9, accuracy={"mean": math.nan})],
            r"accuracy\.mean: found nan, expected a f",
        ),
        (
            [point(0.1, 0.9, accuracy={"mean": 0.9, "ci95": [0.9]})],
            r"ci95: found \[0\.9\], expected",
        ),
        (
            [point(0.1, 0.9, error_layers="layer1")],
            r"points\[0\]\.error_layers: found 'layer1', exp",
        ),
        ([point(0.1, 0.9, clock_ns="6")], r"points\[0\]\.clock_ns: found '6', expected a number"),
    ],
)
def test_wrong_points(points, message):
    with pytest.raises(InputError, match=message):
        accuracy_tables(points)
