"""Bridge beside crossbar: from ``compare --json`` to the figure."""

import copy

import pytest

from popbridge.errors import InputError
from popbridge.figures.compare import compare_tables, draw_compare
from popbridge.study.crossbar.result import CompareResult

SPREADS = [0.0, 0.5, 1.0, 2.0]
WIRES = [0.0, 0.01, 1.0, 100.0]
FAN_INS = [23, 1127]


def accuracy(mean, chips=(-0.01, 0.01)):
    return {"accuracy": mean, "of_chips": [mean + part for part in chips]}


def read(scale):
    return {"read": {"access_a": 1e-3 * scale, "neuron_a": 1e-4 * scale, "wordline_drop": 0.3,
                     "bitline_drop": 0.1}}  # fmt: skip


def bridge_read(scale):
    return {"read": {"access_a": 1e-4 * scale, "neuron_a": 1e-4 * scale, "wordline_drop": 0.0,
                     "bitline_drop": 1e-5 * scale}}  # fmt: skip


FAST_FORM = {"current_error": 1e-3, "signs": 8, "wrong_signs": 0}


def tables_of(result):
    return compare_tables(CompareResult.from_dict(result))


@pytest.fixture
def result():
    """As the command writes it, with numbers made up."""
    return {
        "network": "net", "images": 10, "data": "random", "labels": "software",
        "condition": "nominal", "macro": "default", "chips": [1, 2], "seed": 1,
        "lost": 0.01,
        "reference": {"software": 0.985, "bridge": 0.98, "crossbar": 0.975},
        "spread": {
            "points": [
                {"sigma_ln": spread, "bridge": accuracy(0.98 - 0.01 * spread),
                 "crossbar": accuracy(0.97 - 0.1 * spread)}
                for spread in SPREADS
            ],
            "loss_at": {"bridge": 1.02, "crossbar": 1.0},
        },
        "wire": {
            "points": [
                {"wire_ohm": ohm, "bridge": accuracy(0.98) | bridge_read(ohm),
                 "crossbar": accuracy(max(0, 0.97 - 0.009 * ohm), (0, 0)) | read(1 + ohm),
                 "fast_form": FAST_FORM}
                for ohm in WIRES
            ],
            "loss_at": {"bridge": None, "crossbar": 0.5},
        },
        "fan_in": {
            "points": [
                {"inputs": count, "fan_in": count, "evaluations": 100,
                 "bridge": {"wrong": 0, "error_rate": 0.0} | bridge_read(count),
                 "crossbar": {"wrong": 10, "error_rate": 0.1} | read(count),
                 "fast_form": FAST_FORM}
                for count in FAN_INS
            ],
        },
    }  # fmt: skip


def test_tables_are_the_results_numbers(result):
    tables = tables_of(result)
    assert tables["spread"]["array"] == ["bridge"] * 4 + ["crossbar"] * 4
    assert tables["spread"]["sigma_ln"] == SPREADS * 2
    expected = [98 - spread for spread in SPREADS] + [97 - 10 * spread for spread in SPREADS]
    for name, shift in {"mean_percent": 0, "smallest_percent": -1, "largest_percent": 1}.items():
        shifted = [mean + shift for mean in expected]
        assert tables["spread"][name] == pytest.approx(shifted)
    assert set(tables["wire"]["chips"]) == {2}
    # The larger of both lines' drops: the bridge's bit lines, the crossbar's word lines.
    assert tables["wire"]["drop_percent"] == pytest.approx([0, 1e-5, 1e-3, 0.1, 30, 30, 30, 30])
    assert tables["fan_in"]["wrong_percent"] == pytest.approx([0, 0, 10, 10])
    assert tables["fan_in"]["access_ma"] == pytest.approx([2.3, 112.7, 23, 1127])
    assert tables["fan_in"]["neuron_ma"] == pytest.approx([2.3, 112.7, 2.3, 112.7])
    assert tables["losses"] == {
        "sweep": ["spread", "spread", "wire", "wire"],
        "array": ["bridge", "crossbar"] * 2,
        "reference_percent": pytest.approx([98, 97.5] * 2),
        "lost_percent": [1.0] * 4,
        "lost_at": [1.02, 1.0, None, 0.5],
    }


def test_figure_shows_its_tables(result, draw_figure, require_readable):
    tables = tables_of(result)
    figure = draw_figure(draw_compare, tables)
    spread, wire, drop, wrong, current, _ = figure.axes
    for axes, table, column in (
        (spread, "spread", "mean_percent"), (wire, "wire", "mean_percent"),
        (drop, "wire", "drop_percent"), (wrong, "fan_in", "wrong_percent"),
        (current, "fan_in", "access_ma"),
    ):  # fmt: skip
        shown = [y for line in axes.get_lines() if line.get_marker() not in ("None", "")
                 for y in line.get_ydata()]  # fmt: skip
        assert shown == tables[table][column]
    assert [line.get_label() for line in current.get_lines()][2:] == ["crossbar, per neuron"]
    assert wire.get_xlim()[0] < 0 < 100 <= wire.get_xlim()[1]
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert legend.get_title().get_text() == "accuracy: mean and range, chips: 2"
    require_readable(figure)


@pytest.mark.parametrize("crossbar", [1.02, 0.0, None])
def test_marks_stand_at_the_losses_of_the_result(crossbar, result, draw_figure, require_readable):
    """Wherever they are: labels of marks at one place are apart, and within the figure."""
    result["spread"]["loss_at"]["crossbar"] = crossbar
    figure = draw_figure(draw_compare, tables_of(result))
    spread = figure.axes[0]
    marked = [1.02] if crossbar is None else [1.02, crossbar]
    assert [float(text.get_text()) for text in spread.texts] == [float(f"{x:.2g}") for x in marked]
    uprights = [line for line in spread.get_lines() if line.get_transform() != spread.transData]
    places = [
        x for line in uprights for x in line.get_xdata()[:1] if list(line.get_ydata()) == [0, 1]
    ]
    assert places == marked
    levels = [
        y for line in uprights for y in line.get_ydata()[:1] if list(line.get_xdata()) == [0, 1]
    ]
    assert levels == pytest.approx([97, 96.5])
    require_readable(figure)


def test_one_chip_and_a_sweep_without_zero(result, draw_figure, require_readable):
    result["chips"] = [1]
    for point in result["spread"]["points"] + result["wire"]["points"]:
        for array in ("bridge", "crossbar"):
            point[array]["of_chips"] = [point[array]["accuracy"]]
    del result["wire"]["points"][0]
    figure = draw_figure(draw_compare, tables_of(result))
    assert figure.axes[1].get_xscale() == "log"
    require_readable(figure)


def test_single_points(result, draw_figure, require_readable):
    """Of which the only wire has no resistance: no drop is on a logarithmic axis."""
    for sweep in ("spread", "wire", "fan_in"):
        del result[sweep]["points"][1:]
    for array in ("bridge", "crossbar"):
        result["wire"]["points"][0][array]["read"] |= {"wordline_drop": 0.0, "bitline_drop": 0.0}
    require_readable(draw_figure(draw_compare, tables_of(result)))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["lost"], None, "lost: found None, expected a finite number from 0 to 1"),
        (["spread", "points"], [], "spread.points: found none, expected at least one"),
        (["wire", "points"], "a", "wire.points: found 'a', expected a list"),
        (["wire", "loss_at"], {}, "wire.loss_at.bridge: found nothing, expected a value"),
        (["fan_in", "points", 0, "fan_in"], 0, "fan_in.points[0].fan_in: found 0, expected an"),
        (
            ["spread", "points", 0, "bridge", "of_chips"],
            [0.9, 1.1],
            "spread.points[0].bridge.of_chips[1]: found 1.1, expected a finite number from 0 to 1",
        ),
        (
            ["wire", "points", 2, "crossbar", "read", "bitline_drop"],
            float("nan"),
            "wire.points[2].crossbar.read.bitline_drop: found nan, expected a finite number",
        ),
    ],
)
def test_wrong_results(place, value, message, result):
    changed = copy.deepcopy(result)
    owner = changed
    for step in place[:-1]:
        owner = owner[step]
    owner[place[-1]] = value
    with pytest.raises(InputError) as error:
        tables_of(changed)
    assert str(error.value).startswith(message)
