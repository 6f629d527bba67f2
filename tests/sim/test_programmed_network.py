"""Programming of a whole network through the controller's ports, then inference on its cells."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from amaranth.hdl import Const
from amaranth.sim import Simulator
from support.faults import FaultyController, fault, faulty_verilog
from support.jobs import make_job, make_network
from support.programmed_layer import program_layer

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.bits import word_of_bits
from popbridge.bnn import software
from popbridge.bnn.mapping import map_network
from popbridge.errors import PhaseError, SimulationError
from popbridge.hdl.config import MacroConfig, ProgrammingConfig, ProgrammingOperation
from popbridge.hdl.controller.controller import NetworkController
from popbridge.hdl.programming.model import packet_of_row
from popbridge.hdl.programming.network import PacketRouter
from popbridge.sim import cosim
from popbridge.sim.cosim import simulate
from popbridge.sim.host.blank_chip import BlankChip
from popbridge.sim.host.programming import pattern_weights
from popbridge.sim.pysim.arrays import BlankArrays
from popbridge.sim.pysim.ports import PysimPorts
from popbridge.sim.pysim.run import run_in_pysim
from popbridge.sim.simulators import verilog as simulators

PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=16, form_cycles=20, set_cycles=6, reset_cycles=6, first_level=17,
    level_step=2, most_retries=4, failure_limit=0, setup_cycles=1, hold_cycles=1,
)  # fmt: skip
MACRO = MacroConfig(rows=8, columns=24, spare_rows=2, programmable=True, programming=PROGRAMMING)
STUCK = DeviceParameters(stuck_lrs_fraction=0.05, stuck_hrs_fraction=0.03)
QUIET = ComparatorParameters(offset_sigma_v=0.0, noise_sigma_v=0.0, regeneration_tau_s=0.0)
CHIP = 3


MAPPED = map_network(make_network((9, 7, 3)), MACRO)


def programmed_job(devices=None, **choices):
    job = make_job(MAPPED, chip=CHIP, images=4)
    parameters = ChipParameters(devices=devices or DeviceParameters(), comparator=QUIET)
    return dataclasses.replace(job, parameters=parameters, program=True, **choices)


def ports_of(ctx, controller, job):
    """The ports of a controller with a blank chip behind its pins."""
    return PysimPorts(ctx, controller, BlankArrays(ctx, controller, BlankChip(job)).cycle)


def expected(job):
    """Per layer what the model of the programmer does to the same cells, without pins."""
    return [
        program_layer(layer, weights, job.parameters, job.key(index)).rows
        for index, (layer, weights) in enumerate(zip(job.config.layers, job.weights, strict=True))
    ]


def test_a_blank_network_is_programmed_and_computes_what_software_does():
    job = programmed_job()
    outcome = simulate(job, simulator="pysim")
    assert outcome.programming_errors == []
    assert [layer["failed_cells"] for layer in outcome.programming] == [0, 0]
    assert all(layer["pulses"] > 0 for layer in outcome.programming)
    reference = software.run(MAPPED.software_view, job.images)
    np.testing.assert_array_equal(outcome.results[:, 0], reference.classes)


def test_registers_tell_what_the_model_does_and_spare_rows_are_used():
    job = programmed_job(STUCK)
    outcome = simulate(job, simulator="pysim")
    for layer, rows in zip(outcome.programming, expected(job), strict=True):
        assert layer == {
            "pulses": sum(row.pulses for row in rows),
            "retries": sum(row.retries for row in rows),
            "failed_cells": sum(row.failures.bit_count() for row in rows),
            "spare_rows_used": sum(row.moves for row in rows),
            "unrepairable_rows": sum(row.unrepairable for row in rows),
            "cycles": sum(row.cycles for row in rows),
            "word_lines": [row.line for row in rows],
            "self_test": {},
            "failing_cells": [],
        }
    lines = [line for layer in outcome.programming for line in layer["word_lines"]]
    moved = any(line >= MACRO.neuron_rows for line in lines)
    assert moved, "the case has no row that moves"
    unrepairable = any(row.unrepairable for rows in expected(job) for row in rows)
    assert outcome.programming_errors == ["unrepairable_row"] * unrepairable


def test_a_chip_beyond_repair_is_told_and_goes_on():
    devices = DeviceParameters(stuck_lrs_fraction=0.2, stuck_hrs_fraction=0.1)
    outcome = simulate(programmed_job(devices), simulator="pysim")
    assert outcome.programming_errors == ["unrepairable_row"]
    assert sum(layer["unrepairable_rows"] for layer in outcome.programming) > 0


def test_the_self_test_counts_stuck_cells():
    """A device stuck low fails where it has to be high: in one of two opposite patterns."""
    devices = DeviceParameters(stuck_lrs_fraction=0.02, lrs_sigma_ln=0.0, hrs_sigma_ln=0.0)
    job = programmed_job(devices, self_test=True)
    table = simulate(job, simulator="pysim").programming
    found = [layer["self_test"] for layer in table]
    assert sum(each["all +1"] + each["all -1"] for each in found) > 0
    for layer in table:
        named = Counter(cell["pattern"] for cell in layer["failing_cells"])
        assert named == Counter(layer["self_test"])
    board = pattern_weights("checkerboard", 3, 4)
    assert board.tolist() == [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]
    np.testing.assert_array_equal(pattern_weights("inverse checkerboard", 3, 4), ~board)


@pytest.mark.parametrize(
    "simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.nightly)]
)
def test_every_simulator_programs_alike(simulator, request):
    if simulator == "icarus":
        request.getfixturevalue("icarus")
    job = programmed_job(STUCK, self_test=True)
    outcome, in_pysim = simulate(job, simulator=simulator), simulate(job, simulator="pysim")
    assert outcome.programming == in_pysim.programming
    assert outcome.programming_errors == in_pysim.programming_errors
    np.testing.assert_array_equal(outcome.results, in_pysim.results)


def test_rows_wait_while_the_controller_runs_and_images_while_it_programs():
    """Running: nothing is driven. Stopped: granted. Started in a row: images wait for its end."""
    job = programmed_job()
    controller = NetworkController(job.config)
    layer = job.config.layers[0]
    packet = [0, *packet_of_row(layer, 0, 0, word_of_bits(job.weights[0][0] > 0), True)]
    registers = controller.registers.registers
    control, status = registers.address("CONTROL"), registers.address("STATUS")

    async def bench(ctx):
        ports = ports_of(ctx, controller, job)
        pins = getattr(controller, f"{layer.name}_macro0")
        await ports.send(packet)
        for _ in range(20):
            assert await ports.read(status) == 0b101  # running, programming waits
            assert ctx.get(pins.wl) == 0
        await ports.write(control, 0b10)
        await ports.read(status)
        assert ctx.get(pins.wl) == 1
        await ports.write(control, 0b01)
        ctx.set(controller.s_axis_tvalid, 1)
        while ctx.get(pins.wl):
            assert not ctx.get(controller.s_axis_tready)
            await ports.interrupt(1)
        await ports.interrupt(5)
        assert ctx.get(controller.s_axis_tready)

    simulator = Simulator(controller)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_an_image_in_a_row_is_caught():
    """Hardware that never waits: its pins break the rules of programming."""
    job = programmed_job()
    hasty = fault("allowed", edit=lambda true, inner: Const(1))
    controller = FaultyController(job.config, hasty)
    layer = job.config.layers[0]

    async def bench(ctx):
        ports = ports_of(ctx, controller, job)
        ctx.set(controller.s_axis_tvalid, 1)
        ctx.set(controller.s_axis_tlast, 1)
        await ports.interrupt(1)
        ctx.set(controller.s_axis_tvalid, 0)
        await ports.send([0, *packet_of_row(layer, 0, 0, 5, True)])
        await ports.interrupt(500)

    simulator = Simulator(controller)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    with pytest.raises(PhaseError):
        simulator.run()


def test_pins_up_of_another_macro_are_caught(tmp_path, icarus):
    """Hardware that programs both macros of a layer alike."""
    job = programmed_job()
    alike = fault("programmer", "layer0_macro1_here", edit=lambda true, inner: Const(1))
    controller = faulty_verilog(job.config, alike)
    sources = cosim.testbench_sources(job.config, controller, strict=False)
    built = simulators.build(sources, icarus, tmp_path)
    with pytest.raises(SimulationError, match="pins up of a macro that is not being programmed"):
        simulators.run(job, built, "bulk")


def test_a_driver_on_in_inference_is_caught():
    job = dataclasses.replace(programmed_job(), program=False)
    name = f"{job.config.layers[0].name}_macro0__prog_op"
    forms = fault(name, edit=lambda true, inner: true | ProgrammingOperation.FORM)
    with pytest.raises(SimulationError, match="program driver"):
        run_in_pysim(job, controller=FaultyController(job.config, forms))


def test_packets_go_where_their_first_beat_says():
    router = PacketRouter(2)
    packets = [[0, 7], [1, 8, 9], [2, 5, 5], [1], [1, 4]]
    got, dropped = {0: [], 1: []}, []

    async def bench(ctx):
        for packet in packets:
            for index, beat in enumerate(packet):
                ctx.set(router.s_axis_tdata, beat)
                ctx.set(router.s_axis_tlast, index == len(packet) - 1)
                ctx.set(router.s_axis_tvalid, 1)
                for sink in got:
                    ctx.set(getattr(router, f"o{sink}_axis_tready"), 1)
                    if ctx.get(getattr(router, f"o{sink}_axis_tvalid")):
                        got[sink].append(ctx.get(getattr(router, f"o{sink}_axis_tdata")))
                assert ctx.get(router.s_axis_tready)
                dropped.append(ctx.get(router.dropped))
                await ctx.tick()

    simulator = Simulator(router)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert got == {0: [7], 1: [8, 9, 4]}
    assert sum(dropped) == sum(router.model(packet) is None for packet in packets) == 2
