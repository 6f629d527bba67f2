"""Energies of the figure against a few written out by hand."""

import numpy as np
import pytest

from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.parameters.energy import ENERGY
from popbridge.bnn.mapping import map_network
from popbridge.figures.energy import draw_energy, energy_tables
from popbridge.figures.tables import rows_where


@pytest.fixture
def table(make_network):
    network = make_network((40, 20, 12, 3))
    bits = np.random.default_rng(2).integers(0, 2, (5, 40), dtype=np.uint8)
    mapped = map_network(network)
    return energy_tables(mapped, bits, CONDITIONS["nominal"], ENERGY, None)["causes"]


def test_energies_by_hand(table):
    """The second layer: 20 inputs and 21 bias columns on a macro of 1,152, 12 rows, one strobe."""

    def per_row_pj(technology, cause):
        rows = rows_where(table, technology=technology, layer="layer1", cause=cause)
        assert rows["rows_per_image"] == [12]
        assert rows["per_image_nj"][0] == pytest.approx(12 * rows["per_row_pj"][0] / 1000)
        return rows["per_row_pj"][0]

    # 22 nm: 0.8 V over 300 kohm for 1 ns, 2.13 fJ per column.
    assert per_row_pj("22nm", "bridges") == pytest.approx(41 * 0.8**2 / 300e3 * 1e-9 * 1e12)
    assert per_row_pj("22nm", "comparators") == pytest.approx(5e-3)
    assert per_row_pj("22nm", "word_lines") == pytest.approx(1152 * 0.2e-15 * 0.64 * 1e12)
    # 130 nm, medians: 1.2 V over 6,988 + 114,500 + 2 x 2,000 ohm for five phases of 5 ns.
    assert per_row_pj("130nm", "bridges") == pytest.approx(41 * 1.44 / 125_488 * 25e-9 * 1e12)
    assert per_row_pj("130nm", "comparators") == pytest.approx(0.1)


def test_figure_shows_its_table(table, draw_figure, require_readable):
    figure = draw_figure(draw_energy, {"causes": table})
    for axes, technology in zip(figure.axes, ("130nm", "22nm"), strict=True):
        layers = axes.get_lines()[:3]
        for line, layer in zip(layers, ("layer0", "layer1", "layer2"), strict=True):
            rows = rows_where(table, technology=technology, layer=layer)
            *causes, together = line.get_xdata()
            assert causes == rows["per_row_pj"]
            assert together == pytest.approx(sum(rows["per_row_pj"]))
            # All on the axis.
            low, high = axes.get_xlim()
            assert low < min(causes) and together < high
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["bridges", "capacitors", "SL and inverters", "bit lines", "word lines",
                     "switches", "comparators", "all"]  # fmt: skip
    require_readable(figure)
