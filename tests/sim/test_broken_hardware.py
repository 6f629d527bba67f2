"""Hardware broken on purpose: the run fails, and says what is wrong."""

import pytest
from amaranth.hdl import Cat, Const, Mux
from support.faults import FaultyController, fault, faulty_verilog
from support.jobs import make_job, make_mapped

from popbridge.errors import HardwareFault, SimulationError
from popbridge.sim import cosim
from popbridge.sim.pysim.run import run_in_pysim
from popbridge.sim.simulators import verilog as simulators
from popbridge.sim.verdict import check_hardware


def swapped(true, inner):
    return Cat(true[1], true[0], true[2:])


def of_every_layer(*path, edit):
    return [fault(layer, *path, edit=edit) for layer in ("layer0", "layer1")]


def in_the_middle_of_evaluate(inner):
    """Between its first cycle and the strobe, where evaluate takes 3 cycles."""
    early = inner("sequencer", "evaluate") & ~inner("sequencer", "strobe")
    return early & (inner("sequencer", "remaining") == 2)


FAULTS = {
    "rows in reverse order": of_every_layer(
        "word_lines", "wl", edit=lambda true, inner: true[::-1]
    ),
    "two bit lines swapped": [
        fault("layer0", "bit_lines", line, edit=swapped) for line in ("bl", "blb")
    ],
    "bl and blb crossed": [
        *of_every_layer("scan__bl", edit=lambda true, inner: inner("bit_lines", "blb")),
        *of_every_layer("scan__blb", edit=lambda true, inner: inner("bit_lines", "bl")),
    ],
    "strobe one cycle early": of_every_layer(
        "sequencer", "held__evaluate_cycles", edit=lambda true, inner: true - 1
    ),
    # The signs' comparator outputs are taken in the first of two strobe cycles.
    "sample one cycle early": [
        fault(
            "layer0", "sequencer", "sample",
            edit=lambda true, inner: inner("strobe") & (inner("remaining") == 2),
        ),
    ],
    # And not when the bank has to begin to settle.
    "bank code with the strobe": [
        fault(
            "layer1", "periphery0", f"pins__{line}",
            edit=lambda true, inner: Mux(inner("pins__strobe"), true, 0),
        )
        for line in ("dac_p", "dac_n")
    ],
    # One capacitor switches in the second cycle of each strobe.
    "bank moves in a strobe": [
        fault(
            "layer1", "periphery0", "pins__dac_n", edit=lambda true, inner: true ^ inner("sample")
        )
    ],
    # Column 0 is let go.
    "bit line moves in evaluate": [
        fault(
            "layer0", f"scan__{line}",
            edit=lambda true, inner: Mux(in_the_middle_of_evaluate(inner), true & ~1, true),
        )
        for line in ("bl", "blb")
    ],
    "bit lines never released": [
        fault(
            "layer0", "bit_lines", "driving",
            edit=lambda true, inner: true | inner("held").any(),
        )
    ],
    "tlast lost": [fault("score_output", "m_axis_tlast", edit=lambda true, inner: Const(0))],
}  # fmt: skip
MESSAGES = {
    # mutant: what the bulk testbench, and what the array model at the pins, say
    "rows in reverse order": ("word line", "differ from what was given"),
    "two bit lines swapped": ("differ from what was given", "differ from what was given"),
    "bl and blb crossed": ("bias column", "differ from what was given"),
    "strobe one cycle early": ("phase out of order", "evaluate before strobe of 2 cycles"),
    "sample one cycle early": ("unresolved", "unresolved"),
    "bank code with the strobe": ("capacitor bank", "bank's settling before strobe of 0 cycles"),
    "bank moves in a strobe": ("capacitor bank", "the bank changed in a strobe"),
    "bit line moves in evaluate": ("bit lines that changed", "blb? changed in evaluate"),
    "bit lines never released": ("bit lines that changed", "driven for . cycles without a word"),
    "tlast lost": ("wrong length", "wrong length"),
}


@pytest.fixture
def job():
    mapped = make_mapped((7, 6, 3), rows=4, columns=32, evaluate_cycles=3, strobe_cycles=2)
    return make_job(mapped, chip=1)


def run_icarus(job, name, icarus, folder, *, strict):
    controller = faulty_verilog(job.config, *FAULTS[name])
    sources = cosim.testbench_sources(job.config, controller, strict=strict)
    built = simulators.build(sources, icarus, folder)
    check_hardware(job, simulators.run(job, built, "strict" if strict else "bulk"))


@pytest.mark.parametrize("name", FAULTS)
def test_bulk_run_fails(name, job, icarus, tmp_path):
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][0]):
        run_icarus(job, name, icarus, tmp_path, strict=False)


def test_run_in_verilator_fails(job, build_root):
    controller = faulty_verilog(job.config, *FAULTS["strobe one cycle early"])
    sources = cosim.testbench_sources(job.config, controller, strict=False)
    built = simulators.build(sources, "verilator", build_root)
    with pytest.raises(SimulationError, match="phase out of order"):
        simulators.run(job, built, "bulk")


@pytest.mark.parametrize("name", FAULTS)
def test_strict_run_fails(name, job, icarus, tmp_path):
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][1]):
        run_icarus(job, name, icarus, tmp_path, strict=True)


@pytest.mark.parametrize("name", FAULTS)
def test_run_answered_at_the_pins_fails(name, job):
    with pytest.raises((SimulationError, HardwareFault), match=MESSAGES[name][1]):
        check_hardware(
            job, run_in_pysim(job, controller=FaultyController(job.config, *FAULTS[name]))
        )


def test_unbroken_hardware_passes(job):
    check_hardware(job, run_in_pysim(job))
