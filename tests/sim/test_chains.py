"""Layers on chained arrays: whole networks in every simulator, broken wiring, rows in ngspice."""

import numpy as np
import pytest
from amaranth.hdl import Cat, Const
from support.faults import FaultyController, fault, faulty_verilog
from support.jobs import make_job, make_mapped

from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.cell.settling import scan_levels
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.capacitors import layer_volts_per_score, weight_step
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.bnn import software
from popbridge.errors import HardwareFault, SimulationError
from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.sim import cosim
from popbridge.sim.pysim.run import run_in_pysim
from popbridge.sim.simulators import verilog as simulators
from popbridge.sim.spice.check import BOUNDS, RowJob, compare_rows
from popbridge.sim.spice.ngspice import find_ngspice
from popbridge.sim.spice.row import LayerRows
from popbridge.sim.verdict import check_hardware
from popbridge.sim.waves.analog import Probe
from popbridge.sim.waves.traces import read_evaluation

COLUMNS = 12
SIZES = (13, 9, 15, 3)
"""Fan-ins 27, 19 and 15: chains of 3, 2 and 2 arrays, the last of each with an odd number of
columns in use."""


@pytest.fixture
def mapped():
    mapped = make_mapped(SIZES, rows=4, columns=COLUMNS)
    assert [layer.chain for layer in mapped.config.layers] == [3, 2, 2]
    assert [layer.fan_in % COLUMNS for layer in mapped.config.layers] == [3, 7, 3]
    assert mapped.saturated == 0
    return mapped


@pytest.mark.parametrize("way", ["pysim", "bulk", "strict"])
def test_an_ideal_chip_is_the_software_network(mapped, way, request, build_root):
    simulator = "pysim" if way == "pysim" else request.getfixturevalue("icarus")
    job = make_job(mapped, images=6)
    outcome = cosim.simulate(job, simulator=simulator, strict=way == "strict", root=build_root)
    reference = software.run(mapped.network, job.images)
    assert np.array_equal(outcome.results[:, 1:], reference.scores)
    for answers, bits in zip(outcome.answers, reference.layer_bits, strict=False):
        assert np.array_equal(answers, bits)


def wired(wiring):
    """The bit lines of every layer's arrays, after `wiring` has joined them."""

    def edit(true, inner):
        return Cat(wiring([true[k : k + COLUMNS] for k in range(0, len(true), COLUMNS)]))

    layers = [f"layer{index}" for index in range(len(SIZES) - 1)]
    return [fault(each, "bit_lines", line, edit=edit) for each in layers for line in ("bl", "blb")]


WIRINGS = {
    "array 1 has the bit lines of array 0": wired(lambda given: [given[0], given[0], *given[2:]]),
    "arrays 0 and 1 have changed places": wired(lambda given: [given[1], given[0], *given[2:]]),
    "the last array is not driven": wired(lambda given: [*given[:-1], Const(0, COLUMNS)]),
}


@pytest.mark.parametrize("name", WIRINGS)
@pytest.mark.parametrize("way", ["pysim", "bulk"])
def test_wrong_wiring_of_a_chain_fails(mapped, way, name, request, tmp_path):
    job = make_job(mapped, chip=1)
    # What reaches the columns is not what was given, or reaches columns that are not in use.
    message = r"differ from what was given|bias column|found column \d+ driven"
    with pytest.raises((SimulationError, HardwareFault), match=message):
        if way == "pysim":
            controller = FaultyController(job.config, *WIRINGS[name])
            check_hardware(job, run_in_pysim(job, controller=controller))
        else:
            controller = faulty_verilog(job.config, *WIRINGS[name])
            sources = cosim.testbench_sources(job.config, controller, strict=False)
            built = simulators.build(sources, request.getfixturevalue("icarus"), tmp_path)
            check_hardware(job, simulators.run(job, built, "bulk"))


def test_waves_show_columns_of_every_array(mapped, tmp_path):
    job = make_job(mapped, chip=3, images=2)
    path, columns = tmp_path / "waves.vcd", (0, 12, 26)
    probe = Probe(layer=0, macro=1, columns=columns)
    options = cosim.SimulationOptions(probes=[probe])
    outcome = cosim.simulate(job, simulator="pysim", waves=path, options=options)
    config, chip = job.config.layers[0], job.layer_chips()[0]
    unit_v = layer_volts_per_score(config, job.parameters.neuron, job.parameters.bridge)
    allowed_v = config.fan_in * weight_step(config.fan_in) * unit_v + 1e-9
    cells = draw_cells(config, job.weights[0], job.parameters.devices, LayerKey(3))
    levels = list(scan_levels(config, cells, job.parameters.bridge))
    for image in range(2):
        inputs = np.ones(config.fan_in)
        inputs[:13] = 2.0 * job.images[image] - 1
        scores = chip.scores_seen(inputs)
        for row in range(len(config.neurons_of_macro(1))):
            seen = read_evaluation(path, "layer0", 1, row, image)
            strobe_s = seen.pins["strobe"].times_s[np.argmax(seen.pins["strobe"].values)]

            def at_strobe(trace, when_s=strobe_s):
                return trace.values[np.searchsorted(trace.times_s, when_s, side="right") - 1]

            neuron = config.neurons_of_macro(1)[row]
            volts_v = at_strobe(seen.v_p) - at_strobe(seen.v_n)
            assert abs(volts_v - unit_v * scores[neuron]) <= allowed_v
            for column in columns:
                level = levels[row].plus if inputs[column] > 0 else levels[row].minus
                assert at_strobe(seen.sl[column]) == pytest.approx(
                    level.decided_v[1, column], abs=2e-3
                )
    assert np.array_equal(outcome.inputs[0], job.images)


@pytest.mark.skipif(find_ngspice() is None, reason="ngspice is not installed")
def test_a_chained_row_against_ngspice():
    """All 27 columns on the same lines, with the load of three arrays of 12 columns."""
    config = LayerConfig(
        name="fc1", inputs=27, bias_columns=0, neurons=3,
        macro=MacroConfig(rows=4, columns=COLUMNS),
    )  # fmt: skip
    draw = np.random.default_rng(8)
    weights, inputs = (draw.choice(np.array([-1, 1], np.int8), shape) for shape in ((3, 27), (27,)))
    parameters = ChipParameters()
    rows = LayerRows.of(config, weights, parameters, LayerKey(1))
    circuit = rows.circuit(1, inputs)
    # Nine columns without input, and the parasitic of all 36; no mismatch in the mean.
    unit_f = parameters.neuron.unit_capacitor_f
    load = (9 + 36 * parameters.neuron.parasitic_fraction) * unit_f
    assert circuit.macro.load_f(27)[0] == pytest.approx(load, rel=0.02)
    (found,) = compare_rows([RowJob(row=circuit, model=rows.model(1, inputs))])
    for name, bound in BOUNDS.items():
        assert getattr(found, name) <= bound, name
