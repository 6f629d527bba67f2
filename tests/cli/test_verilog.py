"""``popbridge verilog``: which files it writes, and that each says what it is."""

import csv
import dataclasses
import json

import numpy as np
from support.commands import run_json
from support.jobs import make_network

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.flow.tools import verilator


def test_verilog(small, in_folder, capsys):
    result = run_json(capsys, "verilog", small, "--output", "out")
    assert sorted(path.name for path in (in_folder / "out").iterdir()) == [
        "bridge_array_stubs.sv",
        "popbridge_cells.csv",
        "popbridge_controller.json",
        "popbridge_controller.sv",
        "popbridge_controller.svd",
        "popbridge_macro_top.sv",
        "popbridge_registers.h",
        "popbridge_registers.md",
    ]
    description = json.loads((in_folder / "out" / "popbridge_controller.json").read_text())
    assert description["latency_cycles"] == result["latency_cycles"]
    assert description["configuration"]["layers"][0]["inputs"] == 9
    # Each says what it is; the table of cells has its titles in place of that.
    for path in (in_folder / "out").iterdir():
        assert ("made by popbridge" in path.read_text().lower()) == (path.suffix != ".csv"), path


def test_thresholds_that_are_held_are_told(in_folder, capsys):
    """Held against the cells that are written, and neuron by neuron against every sum."""
    inputs, top = 10, 3
    network = make_network((inputs, 6, 3))
    thresholds = np.array([-2, 0, 1, 4, 31, -31], dtype=np.int32)
    first = dataclasses.replace(network.layers[0], thresholds=thresholds)
    network = dataclasses.replace(network, layers=(first, network.layers[1]), bits_per_input=2)
    write_network(network, "several.npz")
    status = main(["verilog", "several.npz", "--macro", "test-chip", "--output", "out"])
    assert status == 0 and "thresholds are not held exactly" in capsys.readouterr().out
    told = json.loads((in_folder / "out" / "popbridge_controller.json").read_text())
    with open(in_folder / "out" / "popbridge_cells.csv", encoding="utf-8") as lines:
        cells = [line["cells"] for line in csv.DictReader(lines) if line["layer"] == "layer0"]
    biases = [sum(2 * int(digit) - 1 for digit in row[inputs:]) for row in cells]
    assert told["thresholds"] == {"layer0": [1 - top * bias for bias in biases]}
    sums = np.arange(-top * inputs, top * inputs + 1, 2)
    differing = [
        ((sums >= held) != (sums >= wanted)).any()
        for held, wanted in zip(told["thresholds"]["layer0"], thresholds, strict=True)
    ]
    assert told["saturated"] == {"layer0": sum(differing), "layer1": 0}
    assert 0 < sum(differing) < len(differing)


def test_verilog_for_old_icarus(small, in_folder, capsys):
    """The bench in tests/integrator runs it; here it is what is not there that counts."""
    run_json(capsys, "verilog", small, "--output", "old", "--icarus-11")
    for name in ("popbridge_controller.sv", "popbridge_macro_top.sv"):
        text = (in_folder / "old" / name).read_text()
        assert "always_comb" not in text and "always @* begin" in text
        assert "made by popbridge" in text.lower()


def test_verilog_without_verilator(small, in_folder, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(in_folder))
    verilator.find_verilator.cache_clear()
    try:
        assert main(["verilog", small, "--output", "out"]) == 0
    finally:
        verilator.find_verilator.cache_clear()
    assert "lint skipped: found no Verilator" in capsys.readouterr().out
    assert (in_folder / "out" / "popbridge_controller.sv").stat().st_size > 0
