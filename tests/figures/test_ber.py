"""Bit error rates of the figure: published rates, and cells drawn here."""

import math

import numpy as np
import pytest

from popbridge.figures.ber import condition_table, draw_ber, supply_table, time_table
from popbridge.figures.tables import rows_where

SEED = 617
CELLS = 400_000


def percent_of_cells(hrs_median_ohm, vdd_v, time_ns):
    """Wrong products of random cells after a time, SL starting at a random rail; and a bound.

    Constants are those of the documented default chip.
    """
    random = np.random.default_rng(SEED)
    low = 6988.0 * np.exp(random.normal(0, 381.7 / 6988, CELLS)) + 2000.0
    high = hrs_median_ohm * np.exp(random.normal(0, 1.0, CELLS)) + 2000.0
    threshold = random.normal(vdd_v / 2, 0.02, CELLS)
    old = hrs_median_ohm * np.exp(random.normal(0, 1.0, CELLS)) + 2000.0
    down = 8988.0 / (8988.0 + old)
    start = vdd_v * np.where(random.random(CELLS) < 0.5, down, 1 - down)
    settled = vdd_v * high / (low + high)
    decay = np.exp(-time_ns * 1e-9 * (1 / low + 1 / high) / 50e-15)
    wrong = np.mean(settled + (start - settled) * decay <= threshold)
    return 100 * wrong, 100 * 2.576 * math.sqrt(wrong * (1 - wrong) / CELLS)


def test_presets_have_the_published_rates():
    table = condition_table()
    assert len(table["condition"]) == len(set(table["condition"])) == 17
    formula, measured = table["formula_ber_percent"], table["measured_ber_percent"]
    assert formula == pytest.approx(measured, abs=0.6e-6)
    assert max(measured) == 7.811594 and min(measured) == 0.007246


@pytest.mark.parametrize(("name", "ohm"), [("nominal", 114.5e3), ("weak", 51e3)])
@pytest.mark.parametrize("time_ns", [0.3, 0.4, 1.0])
def test_rates_in_time_are_those_of_cells(name, ohm, time_ns):
    rows = rows_where(time_table([0.3, 0.4, 1.0]), condition=name, time_ns=time_ns)
    percent, bound = percent_of_cells(ohm, 1.2, time_ns)
    assert abs(rows["ber_percent"][0] - percent) < bound


@pytest.mark.parametrize(("time_ns", "really_ns"), [(math.inf, 1e6), (0.4, 0.4)])
def test_rates_at_a_low_supply_are_those_of_cells(time_ns, really_ns):
    table = supply_table([0.6, 1.2], [math.inf, 0.4])
    (found,) = rows_where(table, condition="weak", time_ns=time_ns, supply_v=0.6)["ber_percent"]
    percent, bound = percent_of_cells(51e3, 0.6, really_ns)
    assert abs(found - percent) < bound


def test_figure_shows_its_tables(draw_figure, require_readable):
    tables = {
        "condition": condition_table(),
        "time": time_table(np.geomspace(0.1, 20, 12).tolist()),
        "supply": supply_table([0.6, 1.2, 1.8], [math.inf, 0.4]),
    }
    figure = draw_figure(draw_ber, tables)
    programming, times, supplies = figure.axes
    formula, measured = programming.get_lines()
    assert list(formula.get_ydata()) == tables["condition"]["formula_ber_percent"]
    assert list(measured.get_ydata()) == tables["condition"]["measured_ber_percent"]
    drawn = [y for line in times.get_lines()[:2] for y in line.get_ydata()]
    assert drawn == tables["time"]["ber_percent"]
    drawn = [y for line in supplies.get_lines() for y in line.get_ydata()]
    assert drawn == tables["supply"]["ber_percent"]
    for axes, table in ((times, "time"), (supplies, "supply"), (programming, "condition")):
        bottom, top = axes.get_ylim()
        for name, column in tables[table].items():
            if name.endswith("ber_percent"):
                assert bottom < min(column) and max(column) < top
    require_readable(figure)
