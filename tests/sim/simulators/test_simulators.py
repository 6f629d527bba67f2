"""Finding simulators, building once, and failing in one line."""

import importlib.util
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.jobs import make_job, make_mapped

from popbridge.bits import bits_of_word, word_of_bits
from popbridge.errors import InputError, SimulationError
from popbridge.flow.tools import verilator
from popbridge.sim import cosim
from popbridge.sim.job import Job
from popbridge.sim.outcome import Outcome
from popbridge.sim.simulators import verilog as simulators
from popbridge.sim.simulators.job_folder import JOB_MODULES


@pytest.fixture
def job():
    return make_job(make_mapped((5, 4, 2), rows=2, columns=12), chip=1)


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    verilator.find_verilator.cache_clear()
    yield
    verilator.find_verilator.cache_clear()


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_missing_simulator_is_one_line(simulator, nothing_installed):
    with pytest.raises(InputError, match=r"apt-get install|pip install") as caught:
        simulators.simulator_version(simulator)
    assert "\n" not in str(caught.value)


def test_missing_compiler_is_one_line(nothing_installed):
    with pytest.raises(InputError, match="apt-get install"):
        verilator.require_compiler()


def test_built_once(job, icarus, tmp_path):
    cosim.simulate(job, simulator=icarus, root=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.vvp")}
    cosim.simulate(job, simulator=icarus, root=tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.vvp")}
    assert len(before) == 1
    sources = cosim.testbench_sources(job.config, "// another controller", strict=False)
    with pytest.raises(SimulationError, match="did not build") as found:
        simulators.build(sources, icarus, tmp_path)
    assert "\n" not in str(found.value)
    stays, log = sorted(tmp_path.glob("icarus-*"), key=lambda path: path.suffix)
    assert stays.is_dir() and str(found.value).endswith(str(log))  # no folder of the failed build


def test_verilators_library_is_compiled_once(job, build_root):
    """The second build takes the objects of the first, if that one did not find them there."""
    controller = cosim.controller_source(job.config, build_root)
    logs = []
    for strict in (False, True):
        sources = cosim.testbench_sources(job.config, controller, strict=strict)
        built = simulators.build(sources, "verilator", build_root)
        logs.append((built.folder / "build.log").read_text())
    assert all("-o Vtop__ALL.o" in log for log in logs)
    assert "-o verilated.o" not in logs[1]


@pytest.mark.parametrize("lost", ["sim.vvp.sha256", "sim.vvp"])
def test_a_damaged_build_is_made_anew(lost, job, icarus, tmp_path):
    cosim.simulate(job, simulator=icarus, root=tmp_path)
    (folder,) = tmp_path.glob("icarus-*")
    (folder / lost).unlink()
    (controller,) = tmp_path.glob("verilog/*.sv")
    whole = controller.read_text()
    for damaged in ("", whole[: len(whole) // 2]):
        controller.write_text(damaged)
        cosim.simulate(job, simulator=icarus, root=tmp_path)
        assert controller.read_text() == whole
    assert (folder / lost).is_file()


def test_the_key_holds_the_timescale(job, icarus, tmp_path, monkeypatch):
    controller = cosim.controller_source(job.config, tmp_path)
    sources = cosim.testbench_sources(job.config, controller, strict=False)
    simulators.build(sources, icarus, tmp_path)
    monkeypatch.setattr(simulators, "TIMESCALE", ("1ns", "1ps"))
    simulators.build(sources, icarus, tmp_path)
    assert len(list(tmp_path.glob("icarus-*"))) == 2


def test_lost_results_end_the_run(job, icarus, tmp_path):
    """A controller that never answers is reported within its declared time."""
    controller = cosim.controller_source(job.config, tmp_path)
    stuck = controller.replace("assign m_axis_tvalid", "assign m_axis_tvalid = 0; //")
    stuck = stuck.replace("m_axis_tvalid = 1'h1", "m_axis_tvalid = 1'h0")
    assert stuck != controller
    sources = cosim.testbench_sources(job.config, stuck, strict=False)
    built = simulators.build(sources, icarus, tmp_path)
    with pytest.raises(SimulationError, match="0 of 4 results came within the declared"):
        simulators.run(job, built, "bulk", tmp_path / "waves.vcd")
    assert (tmp_path / "waves.vcd").stat().st_size > 0


def test_waves_need_their_folder(job, tmp_path):
    with pytest.raises(InputError, match="found no folder"):
        cosim.simulate(job, simulator="pysim", waves=tmp_path / "no" / "waves.vcd")


def test_job_and_outcome_survive_their_files(job, tmp_path):
    path = tmp_path / "job.npz"
    job.write(path)
    again = Job.read(path)
    assert (again.config, again.parameters) == (job.config, job.parameters)
    assert (again.chip, again.seed) == (job.chip, job.seed)
    assert np.array_equal(again.images, job.images)
    outcome = cosim.simulate(job, simulator="pysim")
    outcome.write(tmp_path / "outcome.npz")
    back = Outcome.read(tmp_path / "outcome.npz")
    assert np.array_equal(back.results, outcome.results)
    assert (back.scans, back.seconds) == (outcome.scans, outcome.seconds)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 863])
def test_words_and_bits(width):
    bits = np.random.default_rng(width).integers(0, 2, width, dtype=np.uint8)
    word = word_of_bits(bits)
    assert word == sum(int(bit) << index for index, bit in enumerate(bits))
    assert np.array_equal(bits_of_word(word, width), bits)
    assert np.array_equal(bits_of_word(word | 1 << width, width), bits)


def test_two_jobs_run_side_by_side_in_threads(icarus, tmp_path):
    """Different networks in different simulators at once: both right, the process unchanged."""
    small = make_job(make_mapped((5, 4, 2), rows=2, columns=12), chip=1)
    other = make_job(make_mapped((9, 6, 3), rows=3, columns=20), chip=2, images=7)
    alone = {job: cosim.simulate(job, simulator="pysim") for job in (small, other)}
    environment, level = dict(os.environ), logging.root.manager.disable
    seen = []
    logging.getLogger("host").addHandler(handler := logging.Handler())
    handler.emit = lambda record: seen.append((record.getMessage(), dict(os.environ)))
    with ThreadPoolExecutor(4) as pool:
        runs = [
            (job, pool.submit(cosim.simulate, job, simulator=name, root=tmp_path))
            for job, name in ((small, icarus), (other, icarus), (other, "verilator"))
        ]
        while not all(run.done() for _, run in runs):
            logging.getLogger("host").error("still here")
            time.sleep(0.05)
            assert seen.pop() == ("still here", environment)
    assert (dict(os.environ), logging.root.manager.disable) == (environment, level)
    for job, run in runs:
        for found, expected in zip(run.result().answers, alone[job].answers, strict=True):
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(run.result().results, alone[job].results)
        assert run.result().scans == alone[job].scans


def test_the_modules_that_run_a_job_are_there():
    for name in JOB_MODULES.values():
        assert importlib.util.find_spec(name), name
