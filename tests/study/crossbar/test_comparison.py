"""Bridge against crossbar: sweeps that must meet what is known without them."""

import dataclasses

import numpy as np
import pytest

from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.chip.drawn import draw_layer
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.crossbar.exact import exact_transfer_s
from popbridge.behav.crossbar.layer import column_order, difference_of_pairs, tiles_s
from popbridge.behav.crossbar.lines import fast_transfer_s
from popbridge.behav.crossbar.read_load import bridge_read_load, read_crossbar
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.crossbar import CrossbarParameters
from popbridge.behav.parameters.devices import LrsLaw
from popbridge.bnn import software
from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.study.crossbar.comparison import Comparison, compare, value_at_loss
from popbridge.study.crossbar.network import crossbar_classes, crossbar_layers
from popbridge.study.crossbar.neurons import (
    RANDOM_INPUTS,
    SOLVED_INPUTS,
    RandomLayer,
    compare_fan_in,
    read_arrays,
)

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


def silent(message):
    pass


def test_value_at_loss_is_linear_between_swept_values():
    assert value_at_loss([0, 1, 2], [0.99, 0.98, 0.90], 0.96) == pytest.approx(1.25)
    assert value_at_loss([0, 1, 2], [0.99, 0.90, 0.99], 0.945) == pytest.approx(0.5)
    assert value_at_loss([0, 1], [0.99, 0.98], 0.98) is None
    assert value_at_loss([0.5, 1], [0.90, 0.80], 0.98) == 0.5


def test_without_variation_both_arrays_are_the_software_network(comparison):
    result = compare(comparison, silent)
    assert result["reference"] == {"software": 1.0, "bridge": 1.0, "crossbar": 1.0}
    still, loud = result["spread"]["points"]
    for array in ("bridge", "crossbar"):
        assert still[array] == {"accuracy": 1.0, "of_chips": [1.0, 1.0]}
        # At a spread of 4 bits are all but random, and there are three classes.
        assert loud[array]["accuracy"] == np.mean(loud[array]["of_chips"]) < 0.8
        lost = (1 - 0.99) / (1 - loud[array]["accuracy"]) * 4
        assert result["spread"]["loss_at"][array] == pytest.approx(lost)


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


def test_wire_points_are_those_of_chips_solved_exactly(comparison):
    """At 1 ohm per cell the fast form decides as the whole network does."""
    _, moderate, ruinous = compare(comparison, silent)["wire"]["points"]
    for chip, accuracy in zip((1, 2), moderate["crossbar"]["of_chips"], strict=True):
        job = comparison.job(comparison.with_wire(1.0), chip)
        layers = crossbar_layers(job, exact_transfer_s)
        classes = crossbar_classes(layers, job.config, job.images)
        assert np.mean(classes == comparison.labels) == accuracy
    assert moderate["fast_form"]["wrong_signs"] == 0
    assert 0 < moderate["fast_form"]["current_error"] < ruinous["fast_form"]["current_error"]
    assert ruinous["crossbar"]["accuracy"] < ruinous["bridge"]["accuracy"]


def test_conditions_of_the_sweeps(comparison):
    nominal = comparison.parameters
    spread = comparison.with_spread(0.7)
    assert spread.devices == nominal.devices.replace(
        lrs_law=LrsLaw.LOG_NORMAL, lrs_sigma_ln=0.7, hrs_sigma_ln=0.7
    )
    assert spread.bridge == nominal.bridge.replace(bitline_wire_ohm=0.0)
    wire = comparison.with_wire(5.0)
    assert wire == nominal.replace(bridge=nominal.bridge.replace(bitline_wire_ohm=5.0))


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
    assert point["evaluations"] == 2 * right.size
    for array, count in wrong.items():
        assert point[array]["wrong"] == count
        assert point[array]["error_rate"] == count / (2 * right.size)


def test_read_arrays_are_the_first_macro_under_the_first_inputs():
    """17 neurons on two macros; whole networks and exact transfer conductances, input by input."""
    config = LayerConfig(
        name="layer", inputs=20, bias_columns=1, neurons=17, macro=MacroConfig(rows=9, columns=21)
    )
    draw = np.random.default_rng(SEED)
    weights = draw.choice(np.array([-1, 1], np.int8), (17, 21))
    inputs = draw.choice([-1.0, 1.0], (7, 21))
    parameters = CONDITIONS["nominal"]
    parameters = parameters.replace(bridge=parameters.bridge.replace(bitline_wire_ohm=20.0))
    drawn = draw_layer(config, weights, parameters, LayerKey(2, 1))
    found = read_arrays(drawn, inputs)
    crossbar = CrossbarParameters.like(parameters.bridge)
    tile = tiles_s(drawn, crossbar)[0]
    driven = inputs[:SOLVED_INPUTS, column_order(21)]
    loads = [read_crossbar(tile, signs, crossbar).load for signs in driven]
    read = found["crossbar"]["read"]
    for name in ("access_a", "neuron_a"):
        assert read[name] == pytest.approx(np.mean([getattr(load, name) for load in loads]))
    for name in ("wordline_drop", "bitline_drop"):
        assert read[name] == pytest.approx(max(getattr(load, name) for load in loads))
    top_ohm, bottom_ohm, _ = draw_cells(config, weights, parameters.devices, LayerKey(2, 1))
    bridge = bridge_read_load(top_ohm[:9], bottom_ohm[:9], parameters.bridge)
    assert found["bridge"]["read"] == dataclasses.asdict(bridge)
    exact, fast = (
        driven @ difference_of_pairs(solve(tile, crossbar))
        for solve in (exact_transfer_s, fast_transfer_s)
    )
    error = np.linalg.norm(fast - exact) / np.linalg.norm(exact)
    assert found["fast_form"]["current_error"] == pytest.approx(error, rel=1e-3)
    assert found["fast_form"]["signs"] == SOLVED_INPUTS * 9
    assert found["fast_form"]["wrong_signs"] == int(((exact > 0) != (fast > 0)).sum())


def test_a_point_does_not_depend_on_the_rest_of_its_sweep(comparison):
    whole = compare(comparison, silent)
    narrow = dataclasses.replace(comparison, spreads=(4.0,), wires_ohm=(1000.0,), fan_ins=(21,))
    part = compare(narrow, silent)
    for sweep in ("spread", "wire", "fan_in"):
        assert part[sweep]["points"] == whole[sweep]["points"][-1:]
