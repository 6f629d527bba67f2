"""Accuracy against bit error rate: from ``accuracy --json`` to the figure."""

from xml.etree import ElementTree

import pytest

from popbridge.errors import InputError
from popbridge.figures.accuracy import accuracy_tables, draw_accuracy
from popbridge.figures.files import figure_files
from popbridge.study.accuracy.result import Accuracy, AccuracyResult, PointResult


def point(ber, mean, clock_ns=6.0, **changes):
    """A point of a sweep over 30 chips."""
    accuracy = Accuracy(mean=mean, std=0.01, ci95=(mean - 0.004, mean + 0.004))
    fields = {
        "condition": "error-law",
        "clock_ns": clock_ns,
        "vdd_v": None,
        "ber": ber,
        "error_layers": (),
        "chips": 30,
        "accuracy": accuracy,
        "chip_accuracies": (mean,) * 30,
        "layers": (),
        "calibrated": None,
    }
    return PointResult(**fields | changes)


def result(points):
    """A sweep with these points."""
    return AccuracyResult(
        network="net",
        images=100,
        data="images.npz",
        macro="default",
        software_accuracy=0.98,
        first_chip=1,
        points=points,
        seed=1,
        versions={},
    )


POINTS = [
    point(0.4, 0.41), point(0.0, 0.984), point(0.1, 0.98), point(0.5, 0.1), point(0.2, 0.97, 20.0),
    point(0.1, 0.982, 20.0),
]  # fmt: skip


def test_points_become_percents_in_order():
    table = accuracy_tables(result(POINTS))["chips"]
    assert table["clock_ns"] == [20.0] * 2 + [6.0] * 4
    assert table["ber"] == [0.1, 0.2, 0.0, 0.1, 0.4, 0.5]
    assert table["mean_percent"] == pytest.approx([98.2, 97, 98.4, 98, 41, 10])
    assert table["ci95_low_percent"][0] == pytest.approx(97.8)
    assert table["ci95_high_percent"][0] == pytest.approx(98.6)


def test_one_chip_has_no_band(draw_figure, require_readable):
    accuracy = Accuracy(mean=0.97, std=None, ci95=None)
    alone = point(0.1, 0.97, accuracy=accuracy, chips=1, chip_accuracies=(0.97,))
    tables = accuracy_tables(result([alone]))
    assert tables["chips"]["ci95_low_percent"] == [None]
    figure = draw_figure(draw_accuracy, tables)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[0] == "error-law at 6 ns, mean"
    require_readable(figure)


def test_layers_with_errors_are_named(draw_figure, require_readable):
    points = [point(0.1, 0.97, error_layers=["layer1", "layer2"]), point(0.1, 0.9)]
    tables = accuracy_tables(result(points))
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
    tables = accuracy_tables(result(POINTS if several else POINTS[:1]))
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
        ([], "points: found none, expected at least one"),
        ([POINTS[0], point(None, 0.9)], r"points\[1\]\.ber: found nothing, expected a bit error"),
    ],
)
def test_what_has_no_place_on_the_axis(points, message):
    with pytest.raises(InputError, match=message):
        accuracy_tables(result(points))


@pytest.mark.parametrize(
    "name", ["$", r"$\frac$.toml", "a$b$c", "two\nlines", "\x00\x1b", "<&>", "\udcff"]
)
def test_odd_names_of_conditions_are_drawn_as_they_are(name):
    pytest.importorskip("matplotlib")
    tables = accuracy_tables(result((point(0.1, 0.9, condition=name),)))
    files = figure_files("accuracy", tables, draw_accuracy)
    assert ElementTree.fromstring(files["accuracy.svg"]).tag.endswith("svg")
