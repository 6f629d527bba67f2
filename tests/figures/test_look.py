"""The common look: told apart in greyscale, whatever the user's own settings."""

import itertools

import pytest

from popbridge.figures.look import PAGE_MM, look, new_figure, series_styles


def luminance(colour):
    """Relative luminance of sRGB, WCAG 2."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_series_differ_in_greyscale_and_without_any_shade(count):
    styles = series_styles(count)
    shades = [luminance(style.colour) for style in styles]
    assert all(light > dark for dark, light in itertools.pairwise(shades))
    # WCAG 2.1, criterion 1.4.11: 3 to 1 to white.
    assert all(1.05 / (shade + 0.05) >= 3 for shade in shades)
    assert len({(style.dashes, style.marker) for style in styles}) == count


def test_user_settings_do_not_show():
    import matplotlib

    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "pink", "svg.hashsalt": None}):
        with look():
            assert matplotlib.rcParams["font.size"] == 7
            assert matplotlib.rcParams["axes.facecolor"] == "white"
            assert matplotlib.rcParams["svg.hashsalt"] == "popbridge"
        assert matplotlib.rcParams["font.size"] == 30


def test_figures_are_as_wide_as_a_page():
    assert new_figure(PAGE_MM, 50).get_size_inches() * 25.4 == pytest.approx([183, 50])
