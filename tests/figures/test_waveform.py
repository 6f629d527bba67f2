"""One evaluation in time."""

import itertools

import numpy as np
import pytest

from popbridge.figures.waveform import draw_waveform, high_times, waveform_tables
from popbridge.hdl.config import InputError

PIN_TIMES_NS = [0, 5, 10, 20, 25, 30]
PINS = {
    "word_line": [1, 1, 1, 1, 0, 0],
    "precharge": [1, 0, 0, 0, 0, 0],
    "evaluate": [0, 0, 1, 1, 0, 0],
    "strobe": [0, 0, 0, 1, 0, 0],
    "sense_p": [0, 0, 0, 1, 0, 0],
    "sense_n": [0, 0, 0, 0, 0, 0],
}
TIMES_NS = np.linspace(0, 30, 61).tolist()
RISE_V = [1.2 * (1 - np.exp(-time)) for time in TIMES_NS]
FLAT_V = [0.5] * 61


def tables(**changes):
    given = {
        "pin_times_ns": PIN_TIMES_NS, "pins": PINS, "times_ns": TIMES_NS, "line_p_v": FLAT_V,
        "line_n_v": RISE_V, "source_lines_v": {0: RISE_V, 17: FLAT_V},
    }  # fmt: skip
    return waveform_tables(**given | changes)


def test_tables_have_units_and_signals():
    made = tables()
    assert list(made["pins"]) == ["time_ns", *PINS]
    assert list(made["voltages"]) == ["time_ns", "v_p_v", "v_n_v", "sl_0_v", "sl_17_v"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pins": {**PINS, "strobe": [0, 1]}}, "strobe: found 2 values, expected 6, one per time"),
        ({"line_n_v": FLAT_V[:-1]}, "v_n_v: found 60 values, expected 61"),
        ({"source_lines_v": {3: [0.0]}}, "sl_3_v: found 1 values, expected 61"),
    ],
)
def test_signals_of_other_lengths(changes, message):
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
    pins, lines, source_lines = figure.axes
    for line, name in zip(pins.get_lines(), PINS, strict=True):
        levels = line.get_ydata()
        assert (levels - levels[-1]).tolist() == pytest.approx(PINS[name])
        assert line.get_drawstyle() == "steps-post"
    labels = [label.get_text() for label in pins.get_yticklabels()]
    assert labels == ["word line", "precharge", "evaluate", "strobe", "sense p", "sense n"]
    assert list(lines.get_lines()[1].get_ydata()) == RISE_V
    assert [line.get_label() for line in source_lines.get_lines()] == ["SL 0", "SL 17"]
    assert figure.axes[0].get_xlim() == figure.axes[2].get_xlim() == (0, 30)
    require_readable(figure)
