"""Bridge against crossbar: sweeps that must meet what is known without them."""

import dataclasses

import numpy as np
import pytest
from support.exact_crossbar import exact_transfer_s

from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.chip.drawn import draw_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.crossbar.layer import column_order, difference_of_pairs, tiles_s
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.crossbar import CrossbarParameters
from popbridge.bnn import software
from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.progress import silent
from popbridge.study.crossbar.comparison import (
    Comparison,
    fan_in_sweep,
    references,
    spread_sweep,
    value_at_loss,
    wire_sweep,
)
from popbridge.study.crossbar.network import crossbar_classes, crossbar_layers
from popbridge.study.crossbar.neurons import (
    RANDOM_INPUTS,
    SOLVED_INPUTS,
    RandomLayer,
    compare_fan_in,
    read_arrays,
)
from popbridge.study.crossbar.result import of_arrays

SEED = 3
MACRO = MacroConfig(rows=16, columns=64)


@pytest.fixture
def comparison(make_mapped):
    """40 random images of a network 21-12-3, labelled by the network itself."""
    mapped = make_mapped((21, 12, 3))
    images = np.random.default_rng(SEED).integers(0, 2, (40, 21), dtype=np.uint8)
    return Comparison(
        mapped=mapped,
        parameters=CONDITIONS["nominal"],
        images=images,
        labels=software.run(mapped.network, images).classes,
        chips=(1, 2),
        seed=SEED,
        spreads=(0.0, 4.0),
        wires_ohm=(0.0, 1.0, 1000.0),
        fan_ins=(8, 21),
    )


@pytest.fixture
def spreads(comparison):
    return spread_sweep(comparison, references(comparison, silent), silent)


@pytest.fixture
def wires(comparison):
    return wire_sweep(comparison, references(comparison, silent), silent)


def test_value_at_loss_is_linear_between_swept_values():
    assert value_at_loss([0, 1, 2], [0.99, 0.98, 0.90], 0.96) == pytest.approx(1.25)
    assert value_at_loss([0, 1, 2], [0.99, 0.90, 0.99], 0.945) == pytest.approx(0.5)
    assert value_at_loss([0, 1], [0.99, 0.98], 0.98) is None
    assert value_at_loss([0.5, 1], [0.90, 0.80], 0.98) == 0.5


def test_without_variation_both_arrays_are_the_software_network(comparison, spreads):
    found = references(comparison, silent)
    assert (found.software, found.bridge, found.crossbar) == (1, 1, 1)
    still, loud = (of_arrays(point) for point in spreads.points)
    for array, loss_at in of_arrays(spreads.loss_at).items():
        assert (still[array].accuracy, still[array].of_chips) == (1.0, (1.0, 1.0))
        # At a spread of 4 bits are all but random, and there are three classes.
        assert loud[array].accuracy == np.mean(loud[array].of_chips) < 0.8
        lost = (1 - 0.99) / (1 - loud[array].accuracy) * 4
        assert loss_at == pytest.approx(lost)


def test_the_last_layer_counts_in_nominal_weights(comparison):
    """Offsets decide classes only if scores have the software's scale."""
    layers = crossbar_layers(comparison.job(comparison.without_variation(), 1))
    network, config = comparison.mapped.network, comparison.mapped.config
    reference = software.run(network, comparison.images)
    hidden = 2.0 * reference.layer_bits[0] - 1
    bias = np.ones((len(hidden), config.layers[1].bias_columns))
    scores = layers[1].scores(np.concatenate([hidden, bias], axis=1)) + np.array(config.offsets)
    assert scores == pytest.approx(reference.scores, abs=1e-9)
    classes = crossbar_classes(layers, config, comparison.images)
    assert classes.tolist() == reference.classes.tolist()


def test_wire_points_are_those_of_chips_solved_exactly(comparison, wires, monkeypatch):
    """At 1 ohm per cell the fast form decides as the whole network does."""
    _, moderate, ruinous = wires.points
    monkeypatch.setattr("popbridge.behav.crossbar.layer.fast_transfer_s", exact_transfer_s)
    for chip, accuracy in zip((1, 2), moderate.crossbar.of_chips, strict=True):
        job = comparison.job(comparison.with_wire(1.0), chip)
        layers = crossbar_layers(job)
        classes = crossbar_classes(layers, job.config, job.images)
        assert np.mean(classes == comparison.labels) == accuracy
    assert moderate.fast_form.wrong_signs == 0
    assert 0 < moderate.fast_form.current_error < ruinous.fast_form.current_error
    assert ruinous.crossbar.accuracy < ruinous.bridge.accuracy


def test_both_states_have_the_swept_spread(comparison):
    """Of 16,256 devices in each state, within five standard errors; the lines have no wire."""
    swept = comparison.with_spread(0.7)
    assert swept.bridge.series_ohm(1000) == swept.bridge.series_ohm(0)
    macro = MacroConfig(rows=128, columns=128)
    config = LayerConfig(name="layer", inputs=127, bias_columns=0, neurons=128, macro=macro)
    weights = np.ones((128, 127), np.int8)
    for ohms in draw_cells(config, weights, swept.devices, LayerKey(1))[:2]:
        assert abs(np.log(ohms).std() - 0.7) < 5 * 0.7 / np.sqrt(2 * ohms.size)


@pytest.mark.parametrize("inputs", [8, 21])
def test_random_layers_are_a_function_of_their_keys(inputs):
    layer = RandomLayer.draw(inputs, MACRO, SEED)
    assert layer.config.fan_in == inputs + (inputs + 1) % 2
    assert layer.weights.shape == (16, layer.config.fan_in)
    assert layer.inputs.shape == (RANDOM_INPUTS, layer.config.fan_in)
    assert (layer.inputs[:, inputs:] == 1).all()
    again, other = RandomLayer.draw(inputs, MACRO, SEED), RandomLayer.draw(inputs, MACRO, SEED + 1)
    for name in ("weights", "inputs"):
        values = getattr(layer, name)
        assert set(np.unique(values)) == {-1, 1}
        # Half of them +1, within five standard deviations of as many tosses.
        assert abs(values[:, :inputs].sum()) < 5 * np.sqrt(values[:, :inputs].size)
        assert (values == getattr(again, name)).all()
        assert (values != getattr(other, name)).any()


def test_wrong_signs_counted_by_hand():
    """Of the crossbar from the exact network, of a bridge with an ideal periphery from V_SL."""
    nominal = CONDITIONS["weak"]
    ideal = nominal.without_variation()
    parameters = nominal.replace(
        bridge=nominal.bridge.replace(inverter_threshold_sigma_v=0.0, sl_capacitor_f=0.0),
        neuron=ideal.neuron,
        comparator=ideal.comparator,
    )
    point = compare_fan_in(21, MACRO, parameters, (4, 5), SEED)
    layer = RandomLayer.draw(21, MACRO, SEED)
    right = layer.inputs.astype(int) @ layer.weights.T > 0
    crossbar = CrossbarParameters.like(parameters.bridge)
    wrong = {"bridge": 0, "crossbar": 0}
    for chip in (4, 5):
        drawn = draw_layer(layer.config, layer.weights, parameters, LayerKey(chip))
        top_ohm, bottom_ohm, _ = drawn.cells
        # Equal inverters at half the supply: the product is +1 where the smaller resistance is.
        products = np.where(top_ohm < bottom_ohm, 1, -1)
        wrong["bridge"] += int(((layer.inputs.astype(int) @ products.T > 0) != right).sum())
        (tile,) = tiles_s(drawn, crossbar)
        driven = layer.inputs[:, column_order(21)]
        currents = driven @ difference_of_pairs(exact_transfer_s(tile, crossbar))
        wrong["crossbar"] += int(((currents > 0) != right).sum())
    assert wrong["bridge"] > 0 and wrong["crossbar"] > 0
    assert point.evaluations == 2 * right.size
    for array, found in of_arrays(point).items():
        assert found.wrong == wrong[array]
        assert found.error_rate == wrong[array] / (2 * right.size)


@pytest.fixture
def two_macros():
    """17 neurons of 21 columns on macros of 9 rows, and seven random inputs."""
    config = LayerConfig(
        name="layer", inputs=20, bias_columns=1, neurons=17, macro=MacroConfig(rows=9, columns=21)
    )
    draw = np.random.default_rng(SEED)
    weights = draw.choice(np.array([-1, 1], np.int8), (17, 21))
    return config, weights, draw.choice([-1.0, 1.0], (7, 21))


def test_reads_on_lines_without_wire_are_ohms_law(two_macros):
    """Cell by cell: 1.2 V over a bridge's two devices, 0.2 V over each device of the crossbar."""
    config, weights, inputs = two_macros
    parameters = CONDITIONS["nominal"]
    parameters = parameters.replace(bridge=parameters.bridge.replace(bitline_wire_ohm=0.0))
    found = read_arrays(draw_layer(config, weights, parameters, LayerKey(2, 1)), inputs)
    top_ohm, bottom_ohm, _ = draw_cells(config, weights, parameters.devices, LayerKey(2, 1))
    cells = [(top_ohm[row, c], bottom_ohm[row, c]) for row in range(9) for c in range(21)]
    # 2 kohm of access transistor in series with each device.
    bridge_a = sum(1.2 / (top + bottom + 4000) for top, bottom in cells) / 9
    crossbar_a = sum(0.2 / (top + 2000) + 0.2 / (bottom + 2000) for top, bottom in cells)
    assert found.bridge.access_a == found.bridge.neuron_a == pytest.approx(bridge_a)
    # A word line feeds all its cells; its currents add up whatever the inputs' signs are.
    assert found.crossbar.access_a == pytest.approx(crossbar_a)
    assert found.crossbar.neuron_a == pytest.approx(crossbar_a / 9)
    for load in (found.bridge, found.crossbar):
        assert (load.wordline_drop, load.bitline_drop) == pytest.approx((0, 0), abs=1e-9)
    assert found.fast_form.current_error < 1e-9
    assert (found.fast_form.signs, found.fast_form.wrong_signs) == (SOLVED_INPUTS * 9, 0)


def test_reads_are_of_the_first_macro_under_the_first_inputs(two_macros):
    """With wire: what belongs to other neurons or later inputs changes nothing, the rest does."""
    config, weights, inputs = two_macros
    parameters = CONDITIONS["nominal"]
    parameters = parameters.replace(bridge=parameters.bridge.replace(bitline_wire_ohm=20.0))

    def read(weights=weights, inputs=inputs):
        return read_arrays(draw_layer(config, weights, parameters, LayerKey(2, 1)), inputs)

    found = read()
    assert found.bridge.bitline_drop > 0 and found.crossbar.wordline_drop > 0
    assert 0 < found.fast_form.current_error < 0.2
    second_macro, later = weights.copy(), inputs.copy()
    second_macro[list(config.neurons_of_macro(1))] *= -1
    later[SOLVED_INPUTS:] *= -1
    assert read(weights=second_macro) == read(inputs=later) == found
    assert read(weights=-weights).bridge != found.bridge
    assert read(inputs=inputs[1:]).crossbar != found.crossbar


def test_a_point_does_not_depend_on_the_rest_of_its_sweep(comparison, spreads, wires):
    narrow = dataclasses.replace(comparison, spreads=(4.0,), wires_ohm=(1000.0,), fan_ins=(21,))
    without = references(narrow, silent)
    assert spread_sweep(narrow, without, silent).points == spreads.points[-1:]
    assert wire_sweep(narrow, without, silent).points == wires.points[-1:]
    sizes = fan_in_sweep(comparison, silent).points
    assert fan_in_sweep(narrow, silent).points == sizes[-1:]
