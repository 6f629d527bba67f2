"""The crossbar against badcrossbar, closed forms and theory."""

import functools
import logging
import math
import warnings

import numpy as np
import pytest
from support.exact_crossbar import exact_transfer_s

from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.chip.drawn import draw_layer
from popbridge.behav.crossbar import lines as crossbar_lines
from popbridge.behav.crossbar.layer import CrossbarLayer, column_order, tiles_s, unit_siemens
from popbridge.behav.crossbar.lines import fast_transfer_s, ladder_voltages, read_voltages_v
from popbridge.behav.crossbar.read_load import bridge_read_load, read_crossbar
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.crossbar import CrossbarParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig

SEED = 7
Z_99 = 2.575829
WIRES_OHM = [(1.0, 1.0), (0.5, 3.0), (0.0, 2.0), (2.0, 0.0), (0.0, 0.0)]
SHAPES = [(32, 32), (17, 8), (6, 20), (5, 1), (1, 4)]


@pytest.fixture(scope="module")
def badcrossbar():
    """An independent solver; it warns that its drawings lack cairo, and logs to standard output."""
    # Recorded and not ignored: its import asks for every ImportWarning again.
    with warnings.catch_warnings(record=True) as caught:
        module = pytest.importorskip("badcrossbar")
    assert all("cairo" in str(warning.message) for warning in caught)
    level = logging.getLogger("badcrossbar").level
    logging.getLogger("badcrossbar").setLevel(logging.WARNING)
    yield module
    logging.getLogger("badcrossbar").setLevel(level)


def wired(wordline_ohm, bitline_ohm=None):
    return CrossbarParameters(
        access_resistance_ohm=2000.0,
        wordline_wire_ohm=wordline_ohm,
        bitline_wire_ohm=wordline_ohm if bitline_ohm is None else bitline_ohm,
    )


def random_cells_s(word_lines, bit_lines):
    """Half of them low, half high, with the default spreads."""
    draw = np.random.default_rng(SEED)
    devices, shape = DeviceParameters(), (word_lines, bit_lines)
    low_ohm = devices.lrs_median_ohm * np.exp(devices.lrs_sigma_ln * draw.standard_normal(shape))
    high_ohm = devices.hrs_median_ohm * np.exp(devices.hrs_sigma_ln * draw.standard_normal(shape))
    return 1 / (np.where(draw.integers(0, 2, shape) == 1, low_ohm, high_ohm) + 2000)


def random_signs(*shape):
    return np.random.default_rng(SEED + 1).choice([-1.0, 1.0], shape)


@pytest.mark.parametrize("wires_ohm", WIRES_OHM)
@pytest.mark.parametrize("shape", SHAPES)
def test_exact_solution_and_voltages_are_those_of_badcrossbar(shape, wires_ohm, badcrossbar):
    parameters, cells_s = wired(*wires_ohm), random_cells_s(*shape)
    inputs = random_signs(shape[0])
    applied_v = parameters.read_v * inputs
    expected = badcrossbar.compute(
        applied_v[:, np.newaxis], 1 / cells_s, r_i_word_line=wires_ohm[0], r_i_bit_line=wires_ohm[1]
    )
    output_a = expected.currents.output.ravel()
    scale_a = abs(output_a).max()
    found_a = applied_v @ exact_transfer_s(cells_s, parameters)
    assert found_a == pytest.approx(output_a, rel=1e-9, abs=1e-12 * scale_a)
    found = read_voltages_v(cells_s, inputs, parameters)
    for ours_v, theirs_v in zip(found, expected.voltages, strict=True):
        assert np.abs(ours_v - theirs_v).max() < 1e-9 * parameters.read_v
    load, currents_a = read_crossbar(cells_s, inputs, parameters)
    assert currents_a == pytest.approx(output_a, rel=1e-6, abs=1e-9 * scale_a)
    driver_a = np.abs(expected.currents.device.sum(axis=1)).sum()
    assert load.access_a == pytest.approx(driver_a, rel=1e-6)
    assert load.neuron_a == pytest.approx(driver_a / (shape[1] / 2), rel=1e-6)
    lost_v = np.abs(applied_v[:, np.newaxis] - expected.voltages.word_line).max()
    assert load.wordline_drop == pytest.approx(lost_v / parameters.read_v, abs=1e-9)
    lifted_v = np.abs(expected.voltages.bit_line).max()
    assert load.bitline_drop == pytest.approx(lifted_v / parameters.read_v, abs=1e-9)


@functools.cache
def exact_and_fast(word_lines, bit_lines, wire_ohm):
    cells_s, parameters = random_cells_s(word_lines, bit_lines), wired(wire_ohm)
    return exact_transfer_s(cells_s, parameters), fast_transfer_s(cells_s, parameters)


# About twice what was measured on these tiles; docs/crossbar.md has larger ones.
@pytest.mark.parametrize(
    ("shape", "wire_ohm", "bound"),
    [
        ((64, 32), 0.1, 3e-6),
        ((64, 32), 1.0, 3e-4),
        ((64, 32), 4.0, 3e-3),
        ((256, 64), 0.01, 8e-7),
        ((256, 64), 0.1, 6e-5),
        ((256, 64), 1.0, 3e-3),
        ((256, 64), 4.0, 1e-2),
    ],
)
def test_fast_form_is_as_near_as_documented(shape, wire_ohm, bound):
    exact, fast = exact_and_fast(*shape, wire_ohm)
    assert np.linalg.norm(fast - exact) < bound * np.linalg.norm(exact)
    # Inputs drawn at random, as in use: the differences that decide the neurons' signs.
    inputs = random_signs(200, shape[0])
    differences = [inputs @ (matrix[:, 0::2] - matrix[:, 1::2]) for matrix in (exact, fast)]
    error = np.linalg.norm(differences[1] - differences[0]) / np.linalg.norm(differences[0])
    assert error < 2 * bound


def test_fast_form_is_right_to_first_order_in_the_wire():
    """Its error is of second order: half the wire, a quarter of the error."""
    errors = []
    for wire_ohm in (0.02, 0.01):
        exact, fast = exact_and_fast(64, 32, wire_ohm)
        errors.append(np.linalg.norm(fast - exact))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("wires_ohm", [(0.0, 5.0), (5.0, 0.0), (0.0, 0.0)])
def test_fast_form_is_exact_where_one_kind_of_line_has_no_resistance(wires_ohm):
    cells_s, parameters = random_cells_s(40, 12), wired(*wires_ohm)
    expected = exact_transfer_s(cells_s, parameters)
    assert fast_transfer_s(cells_s, parameters) == pytest.approx(expected, rel=1e-10)


def test_uniform_lines_follow_the_closed_form():
    """v_k = cosh(mu (N - k + 1/2)) / cosh(mu (N + 1/2)), cosh mu = 1 + g r / 2."""
    cells, cell_s, wire_ohm = 300, 1e-4, 3.0
    mu = math.acosh(1 + cell_s * wire_ohm / 2)
    places = np.arange(1, cells + 1)
    expected = np.cosh(mu * (cells - places + 0.5)) / math.cosh(mu * (cells + 0.5))
    assert ladder_voltages(np.full((2, cells), cell_s), wire_ohm) == pytest.approx(
        np.array([expected, expected]), rel=1e-10
    )
    # All inputs +1, ideal word lines: a bit line rises away from its read-out, towards V.
    parameters = wired(0.0, wire_ohm)
    uniform_s = np.full((cells, 4), cell_s)
    bit_lines_v = read_voltages_v(uniform_s, np.ones(cells), parameters).bit_lines_v
    drop_v = parameters.read_v * (1 - expected[::-1])
    assert bit_lines_v == pytest.approx(np.tile(drop_v[:, np.newaxis], 4), rel=1e-6)


def drawn(config, weights, devices, key):
    """A layer with these devices."""
    return draw_layer(config, weights, ChipParameters(devices=devices), key)


def two_macros(neurons=6, fan_in=9, rows=4):
    macro = MacroConfig(rows=rows, columns=fan_in)
    return LayerConfig(name="layer", inputs=fan_in, bias_columns=0, neurons=neurons, macro=macro)


def test_tiles_hold_the_devices_of_the_bridges():
    config = two_macros()
    devices = DeviceParameters(open_fraction=0.1)
    weights = random_signs(6, 9).astype(np.int8)
    top_ohm, bottom_ohm, _ = draw_cells(config, weights, devices, LayerKey(3, 1))
    assert np.isinf(top_ohm).any()
    tiles = tiles_s(drawn(config, weights, devices, LayerKey(3, 1)), wired(1.0))
    assert [tile.shape for tile in tiles] == [(9, 6), (9, 6)]
    for neuron in range(6):
        macro, row = divmod(neuron, 3)
        for word_line, column in enumerate(column_order(9)):
            plus_s, minus_s = tiles[macro][word_line, 2 * row : 2 * row + 2]
            assert plus_s == pytest.approx(1 / (top_ohm[neuron, column] + 2000))
            assert minus_s == pytest.approx(1 / (bottom_ohm[neuron, column] + 2000))


@pytest.mark.parametrize("fan_in", [1, 23, 1127])
def test_neighbouring_columns_lie_evenly_along_the_bit_lines(fan_in):
    order = column_order(fan_in)
    assert sorted(order) == list(range(fan_in))
    places = np.argsort(order)
    for group in (places[-fan_in // 10 :], places[: fan_in // 4], places[fan_in // 3 :]):
        for part in np.linspace(0.1, 1, 10):
            share = (group < part * fan_in).sum()
            # Golden-ratio multiples stray from even shares by a few, however many they are.
            assert abs(share - part * len(group)) < 3


def test_without_wires_scores_are_sums_over_the_devices():
    config, devices = two_macros(), DeviceParameters()
    weights = random_signs(6, 9).astype(np.int8)
    parameters, inputs = wired(0.0), random_signs(20, 9)
    layer = CrossbarLayer(drawn(config, weights, devices, LayerKey(5)), parameters)
    top_ohm, bottom_ohm, _ = draw_cells(config, weights, devices, LayerKey(5))
    unit_s = 1 / (devices.lrs_median_ohm + 2000) - 1 / (devices.hrs_median_ohm + 2000)
    for image, scores in zip(inputs, layer.scores(inputs), strict=True):
        for neuron in range(6):
            current = sum(
                value * (1 / (top + 2000) - 1 / (bottom + 2000))
                for value, top, bottom in zip(
                    image, top_ohm[neuron], bottom_ohm[neuron], strict=True
                )
            )
            assert scores[neuron] == pytest.approx(current / unit_s, rel=1e-9)
    assert (layer.signs(inputs) == (layer.scores(inputs) > 0)).all()
    ideal = devices.without_variation()
    even = drawn(config, weights, ideal, LayerKey(5))
    sums = CrossbarLayer(even, parameters).scores(inputs)
    assert sums == pytest.approx(inputs @ weights.T, rel=1e-9)


def test_error_of_current_has_the_moments_of_log_normal_devices():
    """Conductances of spread sigma: mean exp(sigma^2 / 2) / R, variance
    exp(sigma^2) (exp(sigma^2) - 1) / R^2; a score adds n independent pairs."""
    neurons, fan_in, sigma_ln = 4000, 101, 0.5
    config = two_macros(neurons, fan_in, rows=neurons)
    devices = DeviceParameters(lrs_sigma_ln=sigma_ln, hrs_sigma_ln=sigma_ln)
    parameters = wired(0.0).replace(access_resistance_ohm=0.0)
    weights = random_signs(neurons, fan_in).astype(np.int8)
    layer = CrossbarLayer(drawn(config, weights, devices, LayerKey(2)), parameters)
    inputs = random_signs(fan_in)
    low_s, high_s = 1 / devices.lrs_median_ohm, 1 / devices.hrs_median_ohm
    growth = math.exp(sigma_ln**2 / 2)
    variance = growth**2 * (growth**2 - 1) * (low_s**2 + high_s**2) / (low_s - high_s) ** 2
    spread = math.sqrt(fan_in * variance)
    errors = layer.scores(inputs) - growth * (weights @ inputs)
    assert abs(errors.mean()) < Z_99 * spread / math.sqrt(neurons)
    # A sum of 101 pairs is near enough to normal for the spread of its standard deviation.
    assert abs(errors.std() / spread - 1) < Z_99 / math.sqrt(2 * neurons)


@pytest.mark.parametrize("wires_ohm", [(0.0, 5.0), (5.0, 0.0)])
def test_scores_come_back_in_the_order_of_the_columns(wires_ohm, badcrossbar):
    config, devices, parameters = two_macros(), DeviceParameters(), wired(*wires_ohm)
    weights, inputs = random_signs(6, 9).astype(np.int8), random_signs(9)
    layer = drawn(config, weights, devices, LayerKey(5))
    scores = CrossbarLayer(layer, parameters).scores(inputs)
    for macro, tile in enumerate(tiles_s(layer, parameters)):
        solved = badcrossbar.compute(
            inputs[column_order(9)][:, np.newaxis],
            1 / tile,
            r_i_word_line=wires_ohm[0],
            r_i_bit_line=wires_ohm[1],
        )
        plus, minus = solved.currents.output.reshape(3, 2).T
        expected = (plus - minus) / unit_siemens(devices, parameters)
        assert scores[3 * macro : 3 * macro + 3] == pytest.approx(expected, rel=1e-9)


def test_bridge_load_is_that_of_one_cell_per_bit_line():
    bridge = BridgeParameters(bitline_wire_ohm=50.0)
    top_ohm, bottom_ohm = 1 / random_cells_s(5, 3), 1 / random_cells_s(3, 5).T
    load = bridge_read_load(top_ohm, bottom_ohm, bridge)
    row_a, drops = [], []
    for row in range(5):
        # BL, k wires, transistor, both devices, transistor, k wires, BLb.
        path_ohm = 50.0 * row * 2 + 2000.0 * 2 + top_ohm[row] + bottom_ohm[row]
        row_a.append((1.2 / path_ohm).sum())
        drops.append((50.0 * row / path_ohm).max())
    assert load.access_a == load.neuron_a == pytest.approx(np.mean(row_a))
    assert load.bitline_drop == pytest.approx(max(drops))
    assert load.wordline_drop == 0


def test_a_crossbar_takes_its_figures_from_the_bridge():
    bridge = BridgeParameters(access_resistance_ohm=1234.0, bitline_wire_ohm=0.5)
    like = CrossbarParameters.like(bridge)
    assert (like.access_resistance_ohm, like.wordline_wire_ohm, like.bitline_wire_ohm) == (
        1234.0, 0.5, 0.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("read_v", 0.0, "read_v: found 0.0, expected a finite number from 0.001 to 20"),
        (
            "wordline_wire_ohm", -1.0,
            "wordline_wire_ohm: found -1.0, expected a finite number from 0 to 10000",
        ),
        (
            "bitline_wire_ohm", math.inf,
            "bitline_wire_ohm: found inf, expected a finite number from 0 to 10000",
        ),
    ],
)  # fmt: skip
def test_parameters_out_of_range(field, value, message):
    with pytest.raises(InputError) as raised:
        wired(1.0).replace(**{field: value})
    assert str(raised.value) == message


def test_a_search_that_does_not_end_is_told(monkeypatch):
    monkeypatch.setattr(crossbar_lines, "_MOST_ROUNDS", 2)
    with pytest.raises(InputError, match="bitline_wire_ohm: found 50, expected a wire of less"):
        read_voltages_v(random_cells_s(30, 30), random_signs(30), wired(50.0))


def test_devices_without_contrast_and_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="hrs_median_ohm: found 6000, expected above"):
        unit_siemens(DeviceParameters(hrs_median_ohm=6000.0), wired(1.0))
    config, devices = two_macros(), DeviceParameters()
    layer = CrossbarLayer(drawn(config, np.ones((6, 9)), devices, LayerKey(1)), wired(1.0))
    with pytest.raises(InputError, match=r"inputs: found shape \(8,\), expected \(\.\.\., 9\)"):
        layer.scores(np.ones(8))
