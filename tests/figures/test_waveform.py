"""One evaluation in time."""

import itertools

import numpy as np
import pytest

from popbridge.errors import InputError
from popbridge.figures.waveform import draw_waveform, high_times, waveform_tables

PIN_TIMES_NS = [0, 5, 10, 20, 25, 30]
PINS = {
    "word_line": [1, 1, 1, 1, 0, 0],
    "precharge": [1, 0, 0, 0, 0, 0],
    "evaluate": [0, 0, 1, 1, 0, 0],
    "strobe": [0, 0, 0, 1, 0, 0],
    "sense_p": [0, 0, 0, 1, 0, 0],
    "sense_n": [0, 0, 0, 0, 0, 0],
}
TIMES_NS = np.linspace(0, 30, 61)
RISE_V = 1.2 * (1 - np.exp(-TIMES_NS))


def tables(**changes):
    given = {
        "pins": {name: (PIN_TIMES_NS, levels) for name, levels in PINS.items()},
        "line_p_v": ([0, 30], [0.5, 0.5]),
        "line_n_v": (TIMES_NS, RISE_V),
        "source_lines_v": {0: (TIMES_NS, RISE_V), 17: ([0, 15.25, 30], [0, 0.61, 0.61])},
    }
    return waveform_tables(**given | changes)


def test_tables_have_units_and_signals():
    made = tables()
    assert list(made["pins"]) == ["time_ns", *PINS]
    assert {name: made["pins"][name] for name in PINS} == PINS
    names = ["time_ns", "v_p_v", "v_n_v", "sl_0_v", "sl_17_v", "difference_mv"]
    assert list(made["voltages"]) == names


def test_signals_of_different_times_share_an_axis():
    made = tables()["voltages"]
    assert made["time_ns"] == sorted({*TIMES_NS, 15.25})
    # Straight from sample to sample, and the samples as they were.
    for time_ns, level_v in zip(made["time_ns"], made["sl_17_v"], strict=True):
        assert level_v == pytest.approx(0.04 * min(time_ns, 15.25))
    kept = [made["sl_0_v"][made["time_ns"].index(time_ns)] for time_ns in TIMES_NS]
    assert kept == RISE_V.tolist()
    for v_p, v_n, difference_mv in zip(
        made["v_p_v"], made["v_n_v"], made["difference_mv"], strict=True
    ):
        assert difference_mv == pytest.approx(1000 * (v_p - v_n))
    pins = tables(pins={"strobe": ([0, 4, 9], [0, 1, 1]), "sense_p": ([3, 5], [1, 0])})["pins"]
    assert pins == {"time_ns": [0, 3, 4, 5, 9], "strobe": [0, 0, 1, 1, 1],
                    "sense_p": [0, 1, 1, 0, 0]}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pins": {"strobe": ([0, 1, 2], [0, 1])}}, "strobe: found 2 values, expected 3, one per"),
        ({"line_n_v": ([0], [0.1, 0.2])}, "v_n_v: found 2 values, expected 1"),
        ({"source_lines_v": {3: ([0, 1, 1], [0, 0, 0])}}, "sl_3_v: found times that do not rise"),
    ],
)
def test_wrong_signals(changes, message):
    with pytest.raises(InputError, match=message):
        tables(**changes)


@pytest.mark.parametrize("seed", range(5))
def test_intervals_cover_just_what_is_high(seed):
    random = np.random.default_rng(seed)
    times = np.cumsum(random.integers(1, 4, 12)).tolist()
    levels = random.integers(0, 2, 12).tolist()
    intervals = high_times(times, levels)
    for instant in np.arange(times[0], times[-1], 0.25):
        level = levels[max(index for index, time in enumerate(times) if time <= instant)]
        assert any(start <= instant < end for start, end in intervals) == bool(level)
    # Apart from one another, so that no shade is laid on twice.
    assert all(one[1] < other[0] for one, other in itertools.pairwise(intervals))


def test_figure_shows_its_tables(draw_figure, require_readable):
    made = tables()
    figure = draw_figure(draw_waveform, made)
    pins, lines, difference, source_lines = figure.axes
    for line, name in zip(pins.get_lines(), PINS, strict=False):
        levels = line.get_ydata()
        assert (levels - levels[-1]).tolist() == pytest.approx(PINS[name])
        assert line.get_drawstyle() == "steps-post"
    labels = [label.get_text() for label in pins.get_yticklabels()]
    assert labels == ["word line", "precharge", "evaluate", "strobe", "sense p", "sense n"]
    assert list(lines.get_lines()[1].get_ydata()) == made["voltages"]["v_n_v"]
    assert list(difference.get_lines()[0].get_ydata()) == made["voltages"]["difference_mv"]
    shown = [line.get_label() for line in source_lines.get_legend().get_lines()]
    assert shown == ["SL 0", "SL 17"]
    for axes in figure.axes:
        assert axes.get_xlim() == (0, 30)
        # The strobe's rise, at 20 ns, in every panel.
        assert list(axes.get_lines()[-1].get_xdata()) == [20, 20]
    require_readable(figure)
