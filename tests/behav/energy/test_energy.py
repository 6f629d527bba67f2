"""Energy against hand-written charge bookkeeping and the physics notes' figures."""

import itertools

import numpy as np
import pytest

from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.chip.drawn import draw_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.energy.causes import CAUSES
from popbridge.behav.energy.layer import (
    layer_energy,
    mean_bridge_siemens,
    network_energy,
    peak_evaluation_j,
)
from popbridge.behav.energy.terms import (
    bridge_energy_j,
    evaluation_units,
    line_energy_units,
    sl_energy_j,
)
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.energy import ENERGY, EnergyParameters
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig, Readout

MACRO = MacroConfig(rows=4, columns=7)


def drawn(weights, config, chip=None):
    """A nominal layer with its devices."""
    return draw_layer(config, weights, ChipParameters(), LayerKey(chip))


def layer_config(readout=Readout.SIGN, neurons=6, inputs=5):
    return LayerConfig(
        name="fc1", inputs=inputs, bias_columns=0, neurons=neurons, readout=readout, macro=MACRO
    )


@pytest.mark.parametrize(
    ("vdd_v", "on_s", "ohm", "expected_j"),
    [
        (1.2, 6e-9, 77e3, 112e-15),
        (1.2, 6e-9, 357e3, 24e-15),
        (1.2, 6e-9, 1e6, 8.6e-15),
        (0.8, 1e-9, 300e3, 2.1e-15),
    ],
)
def test_bridge_figures_of_the_physics_notes(vdd_v, on_s, ohm, expected_j):
    assert bridge_energy_j(ohm, vdd_v, on_s) == pytest.approx(expected_j, rel=0.02, abs=0.0)


def test_peak_bridges_of_the_projection_meet_the_physics_notes():
    siemens = mean_bridge_siemens(drawn(np.ones((6, 5)), layer_config(), chip=1), ENERGY["22nm"])
    causes = peak_evaluation_j(MacroConfig(), ChipParameters(), ENERGY["22nm"], siemens)
    assert causes["bridges"] / 1152 == pytest.approx(2.1e-15, rel=0.02, abs=0.0)


class Line:
    """A floating line, capacitor by capacitor: what the supply gives for each change of plates."""

    def __init__(self, units, parasitic):
        self.units = units
        self.plates = [0.0] * len(units)
        self.total = sum(units) + parasitic
        self.volts = 0.0

    def set(self, plates):
        """New plate voltages, 0 or 1; the energy that plates at 1 take from the supply."""
        charges = [u * (p - self.volts) for u, p in zip(self.units, self.plates, strict=True)]
        charge = -sum(charges) + (self.total - sum(self.units)) * self.volts
        self.volts = (charge + sum(u * p for u, p in zip(self.units, plates, strict=True))) / (
            self.total
        )
        drawn = 0.0
        for unit, plate, before in zip(self.units, plates, charges, strict=True):
            if plate:
                drawn += unit * (plate - self.volts) - before
        self.plates = list(plates)
        return drawn


def test_capacitors_for_every_input_of_a_small_neuron():
    for bits in itertools.product((0, 1), repeat=5):
        unused = [0, 0]
        line_p, line_n = Line([1.0] * 7, 0.35), Line([1.0] * 7, 0.35)
        drawn = line_p.set([*bits, *unused]) + line_n.set([*(1 - b for b in bits), *unused])
        assert evaluation_units(sum(bits), 5, 7.35, 0) == pytest.approx(drawn, rel=1e-12)


def test_trials_of_the_bank_for_every_count():
    bank = [1.0, 2.0, 4.0]
    for plus in range(6):
        line_p, line_n = (Line([*[1.0] * 7, *bank], 0.35) for _ in range(2))
        products = [int(column < plus) for column in range(5)] + [0, 0]
        complements = [int(column >= plus) for column in range(5)] + [0, 0]
        code, drawn = 0, 0.0
        for bit in (4, 2, 1):
            attempt = code + bit
            dac_p, dac_n = 8 - attempt, attempt
            drawn += line_p.set([*products, *(dac_p >> k & 1 for k in range(3))])
            drawn += line_n.set([*complements, *(dac_n >> k & 1 for k in range(3))])
            if line_p.volts > line_n.volts:
                code = attempt
        assert 2 * code + 1 - 8 == 2 * plus - 5  # the search found the score
        assert evaluation_units(plus, 5, 14.35, 3) == pytest.approx(drawn, rel=1e-12)


def test_at_mid_scale_both_lines_draw_half_of_n_c_vdd_squared():
    both = 2 * line_energy_units(0, 500, 500, 1000)
    assert both == pytest.approx(1000 / 2)


def test_sl_energy_is_the_integral_of_its_exponential():
    top, bottom, vdd, capacitor, start = 9e3, 80e3, 1.2, 50e-15, 0.1
    settled = vdd * bottom / (top + bottom)
    tau = top * bottom / (top + bottom) * capacitor
    time = np.linspace(0, 40 * tau, 400_001)
    sl = settled + (start - settled) * np.exp(-time / tau)
    drawn = vdd * np.trapezoid((vdd - sl) / top, time)
    bridge = bridge_energy_j(top + bottom, vdd, time[-1])
    assert sl_energy_j(start, settled, capacitor) + bridge == pytest.approx(
        drawn, rel=1e-6, abs=0.0
    )


def test_mean_bridge_of_a_chip_is_over_its_own_cells():
    config = layer_config()
    weights = np.where(np.random.default_rng(2).random((6, 5)) < 0.5, 1, -1).astype(np.int8)
    parameters = ChipParameters()
    top, bottom, _ = draw_cells(config, weights, parameters.devices, LayerKey(3))
    expected = sum(1 / (a + b + 4000) for a, b in zip(top.flat, bottom.flat, strict=True)) / 30
    found = mean_bridge_siemens(drawn(weights, config, chip=3), EnergyParameters())
    assert found == pytest.approx(expected)
    ideal = mean_bridge_siemens(drawn(weights, config), EnergyParameters())
    assert ideal == pytest.approx(1 / (6988 + 114.5e3 + 4000))


def test_layer_by_cause():
    """Every cause of six neurons on two macros, counted out by hand."""
    config = layer_config()
    weights = np.ones((6, 5), np.int8)
    weights[1] = -1  # all toggle from row 0 to 1 and from 1 to 2 of macro 0; none in macro 1
    energy = EnergyParameters(bridge_ohm=100e3, sl_capacitor_f=10e-15)
    inputs = np.ones((3, 5), np.uint8)  # m is 5, or 0 in row 1: the same on the other line
    found = layer_energy(drawn(weights, config), inputs, energy)
    square = 1.2**2
    toggles = 2 * 5 + 2 * 2.5
    expected = {
        "bridges": 30 * square * 25e-9 / 100e3,
        "capacitors": 6 * (5 - 25 / 7.35) * 2e-15 * square,
        "sl_and_inverters": toggles / 2 * (10e-15 + 3 * 0.5e-15) * square,
        "bit_lines": 2 * 5 * 4 * 0.5e-15 * square,
        "word_lines": 6 * 7 * 1e-15 * square,
        "switches": 6 * 7 * 4 * 0.3e-15 * square,
        "comparators": 6 * 100e-15,
    }
    assert list(expected) == list(CAUSES)
    # Joules are far below the absolute tolerance that approx has by default.
    assert found.causes_j == pytest.approx(expected, rel=1e-9, abs=0.0)
    assert found.per_image_j == pytest.approx(sum(expected.values()), rel=1e-9, abs=0.0)
    assert found.operations == 2 * 5 * 6


class SharedLine(Line):
    """A line with a holding capacitor as large as itself behind a switch."""

    def __init__(self, units, parasitic):
        super().__init__(units, parasitic)
        self.held = 0.0

    def precharge(self):
        self.plates = [0.0] * len(self.units)
        self.volts = 0.0

    def share(self):
        """Close the switch for a while; the energy that plates at 1 take from the supply."""
        loose = self.total - sum(self.units)
        charge = sum(u * (self.volts - p) for u, p in zip(self.units, self.plates, strict=True))
        charge += loose * self.volts + self.total * self.held
        raised = sum(u * p for u, p in zip(self.units, self.plates, strict=True))
        volts = (charge + raised) / (2 * self.total)
        drawn = sum(
            u * (self.volts - volts) * p for u, p in zip(self.units, self.plates, strict=True)
        )
        self.volts = self.held = volts
        return drawn


def test_bit_planes_by_cause():
    """Two images of 3-bit inputs on two macros, column by column, row by row, plane by plane."""
    config = LayerConfig(
        name="fc1", inputs=4, bias_columns=1, neurons=5, bits_per_input=3, macro=MACRO
    )
    draw = np.random.default_rng(12)
    weights = draw.choice(np.array([-1, 1], np.int8), (5, 5))
    images = draw.integers(0, 8, (2, 4), dtype=np.uint8)
    energy = EnergyParameters(bridge_ohm=100e3, sl_capacitor_f=10e-15)
    units = toggles = rises = 0.0
    for image in images.tolist():
        for rows in ((0, 1, 2), (3, 4)):
            lines, products = None, None
            for step in range(3):
                line_p, line_n = (SharedLine([1.0] * 7, 0.35) for _ in range(2))
                for plane in range(3):
                    bits = [value >> plane & 1 for value in image] + [1]
                    rises += 5 if lines is None else sum(map(int.__ne__, lines, bits))
                    lines = bits
                    if step == len(rows):  # the other macro's third row: only bit lines move
                        continue
                    row = weights[rows[step]].tolist()
                    now = [int(bit == (w > 0)) for bit, w in zip(bits, row, strict=True)]
                    toggles += 2.5 if products is None else sum(map(int.__ne__, products, now))
                    products = now
                    for line, plates in ((line_p, now), (line_n, [1 - x for x in now])):
                        line.precharge()
                        units += line.set([*plates, 0, 0]) + line.share()
    found = layer_energy(drawn(weights, config), images, energy)
    square = 1.2**2
    # A plane: precharge, dead time, evaluate, share; two dead times; settle, strobe, dead time.
    row_s = (3 * 4 + 2 + 3) * 5e-9
    expected = {
        "bridges": 5 * 5 * square * row_s / 100e3,
        "capacitors": units / 2 * 2e-15 * square,
        "sl_and_inverters": toggles / 2 / 2 * (10e-15 + 3 * 0.5e-15) * square,
        "bit_lines": rises / 2 * 4 * 0.5e-15 * square,
        "word_lines": 5 * 7 * 1e-15 * square,
        "switches": 3 * 5 * 7 * 4 * 0.3e-15 * square,
        "comparators": 5 * 100e-15,
    }
    assert found.causes_j == pytest.approx(expected, rel=1e-9, abs=0.0)


def test_a_pipelined_macro_scans_bit_planes_row_after_row():
    """Its bridges conduct for as long as those of the same macro without latches."""
    found = []
    for pipelined in (False, True):
        macro = MACRO.replace(pipelined=pipelined)
        config = LayerConfig(
            name="fc1", inputs=5, bias_columns=0, neurons=6, bits_per_input=2, macro=macro
        )
        inputs = np.full((1, 5), 2, np.uint8)
        weights = np.ones((6, 5), np.int8)
        found.append(layer_energy(drawn(weights, config), inputs, ENERGY["130nm"]))
    assert found[0] == found[1]


def test_network_counts_products_of_its_inputs():
    last = layer_config(Readout.COUNT, neurons=2)
    weights = np.array([[1, 1, 1, -1, -1], [-1, -1, 1, 1, 1]], np.int8)
    bits = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 1, 1]], np.uint8)
    (found,) = network_energy([drawn(weights, last)], [bits], ENERGY["130nm"])
    plus = np.array([[3, 3], [0, 4]])
    units = evaluation_units(plus, 5, 7 * 1.05 + 7, 3).sum(axis=1).mean()
    assert found.causes_j["capacitors"] == pytest.approx(units * 2e-15 * 1.44, rel=1e-9, abs=0.0)
    assert found.causes_j["comparators"] == pytest.approx(2 * 3 * 100e-15, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("value", [-1e-15, float("nan"), float("inf"), True, "much"])
def test_energy_parameters_out_of_range(value):
    message = f"comparator_j: found {value!r}, expected a finite number from 0 to 1e-06"
    with pytest.raises(InputError) as caught:
        EnergyParameters(comparator_j=value)
    assert str(caught.value) == message


def test_presets_survive_toml(tmp_path):
    for name, preset in ENERGY.items():
        path = tmp_path / f"{name}.toml"
        path.write_text(preset.to_toml())
        assert EnergyParameters.from_toml(path) == preset
