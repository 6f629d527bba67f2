"""Networks are emitted by the command line, and an integrator's bench is run on them in Icarus.

Nothing here imports the package: what the bench knows is in the documents and the emitted files.
"""

import ast
import functools
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner
from integrator.network import read_network, write_network

HERE = Path(__file__).parent
SIZES = (37, 10, 7, 4)
"""Macros of four rows for neurons hold 4, 4 and 2 of the first layer, 4 and 3 of the second."""
CASES = {
    # Chains of arrays, two macros in the first layer.
    "one bit": ({"threshold": 100}, {"rows": 4, "columns": 32}),
    "two bits": ({"bits": 2}, {"rows": 4, "columns": 128}),
    "votes, overlapping rows": (
        {"threshold": 128}, {"rows": 8, "columns": 96, "votes": 3, "pipelined": True},
    ),
    "programmable": (
        {"threshold": 128},
        {"rows": 5, "spare_rows": 1, "columns": 96, "programmable": True,
         "programming.form_cycles": 4, "programming.set_cycles": 3, "programming.reset_cycles": 3,
         "programming.most_retries": 1},
    ),
}  # fmt: skip
STUCK = {"programmable": {"layer0_macro1": [[1, column] for column in range(20)]}}
"""Word line and column of cells whose top device never forms: more than a row may have."""


def emit(folder, kind, macro):
    """Write a network and have the command line write its hardware."""
    draw = np.random.default_rng(7)
    weights = [draw.choice([-1, 1], (m, n)) for n, m in itertools.pairwise(SIZES)]
    thresholds = [draw.integers(-1, 2, m) for m in SIZES[1:-1]]
    if "bits" in kind:
        # Bias columns of inputs of two bits are worth 3: thresholds that they hold exactly.
        thresholds[0] = 1 - 3 * (2 * draw.integers(-1, 2, SIZES[1]))
    else:
        thresholds[0][3:5] = -1000, 1000  # of constant neurons, beyond the reach of any column
    write_network(
        folder / "network.npz",
        [SIZES[0]],
        kind,
        weights,
        thresholds,
        draw.integers(-2, 3, SIZES[-1]),
    )
    # As TOML has them, booleans are written as in JSON.
    lines = [f"{name} = {json.dumps(value)}" for name, value in macro.items()]
    (folder / "macro.toml").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "popbridge", "verilog", "network.npz", "--macro", "macro.toml"]
    subprocess.run([*command, "--output", ".", "--icarus-11"], cwd=folder, check=True)


@pytest.fixture(scope="module")
def emitted(tmp_path_factory):
    """The folder of a case, emitted once."""

    @functools.cache
    def folder_of(case):
        folder = tmp_path_factory.mktemp("emitted")
        emit(folder, *CASES[case])
        (folder / "stuck.json").write_text(json.dumps(STUCK.get(case, {})))
        return folder

    return folder_of


def run_bench(folder, top, *sources, only=None, **environment):
    """Build a top module in Icarus and run the bench on it: tests run, tests failed."""
    runner = get_runner("icarus")
    runner.build(
        sources=[folder / name for name in sources],
        hdl_toplevel=top,
        build_dir=folder / top,
        timescale=("1ns", "1ps"),
    )
    results = runner.test(
        test_module="integrator.axi_bench",
        hdl_toplevel=top,
        hdl_toplevel_lang="verilog",
        build_dir=folder / top,
        test_dir=folder,
        test_filter=only,
        results_xml=str(folder / f"{top}.xml"),
        extra_env={
            "INTEGRATOR_FOLDER": str(folder),
            "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path]),
            **environment,
        },
    )
    return get_results(results)


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("case", CASES)
def test_the_bench_of_an_integrator(case, emitted):
    top = "popbridge_controller"
    assert run_bench(emitted(case), top, f"{top}.sv") == (9, 0)


def model_of(name, pins):
    """A module of an array's name and pins around the model of an array."""
    width = {pin["name"]: pin["width"] for pin in pins}
    ports = [f"{pin['direction']} [{pin['width'] - 1}:0] {pin['name']}" for pin in pins]
    sizes = f".ROWS({width['wl']}), .COLUMNS({width['bl']}), .BANK({width.get('dac_p', 1)})"
    ends = {"dac_p": "1'b0", "dac_n": "1'b0"} | {pin: pin for pin in width}
    joined = ", ".join(f".{pin}({end})" for pin, end in ends.items())
    inside = f"bridge_model #({sizes}) model({joined});"
    return f"module {name}({', '.join(ports)});\n  {inside}\nendmodule\n"


@pytest.mark.usefixtures("icarus")
def test_models_in_place_of_the_black_boxes(emitted):
    """The macro top with arrays in plain SystemVerilog; the bench has the two buses only."""
    folder, top = emitted("votes, overlapping rows"), "popbridge_macro_top"
    boxes = json.loads((folder / "popbridge_controller.json").read_text())["black_boxes"]
    models = [model_of(name, pins) for name, pins in boxes.items()]
    (folder / "models.sv").write_text("\n".join(models))
    sources = f"{top}.sv", "models.sv", HERE / "bridge_model.sv"
    images = {"only": "images_in_a_row", "INTEGRATOR_ARRAYS": "inside"}
    assert run_bench(folder, top, *sources, **images) == (1, 0)


@pytest.mark.parametrize("case", ["one bit", "two bits"])
def test_the_table_of_cells_is_what_the_document_says(case, emitted):
    """Places by formula, weights as in the network file, bias columns made of the thresholds."""
    folder, rows = emitted(case), CASES[case][1]["rows"]
    network = read_network(folder / "network.npz")
    expected = []
    for index, weights in enumerate(network.weights):
        neurons, inputs = weights.shape
        macros = -(-neurons // rows)
        steps = -(-neurons // macros)
        told = json.loads((folder / "popbridge_controller.json").read_text())
        n_b = told["configuration"]["layers"][index]["bias_columns"]
        top = 2**network.bits - 1 if index == 0 else 1
        for neuron, signs in enumerate(weights):
            plus = n_b
            if index < len(network.thresholds):
                t = int(network.thresholds[index][neuron])
                t = min(max(t + (t - inputs) % 2, -top * inputs), top * inputs + 2)
                reachable = range(-n_b, n_b + 1, 2)
                plus = (n_b + min(reachable, key=lambda b, t=t: abs(b * top - (1 - t)))) // 2
            digits = "".join(str(int(sign > 0)) for sign in signs) + "1" * plus + "0" * (n_b - plus)
            place = f"layer{index},{neuron // steps},{neuron % steps},{neuron}"
            expected.append(f"{place},{digits}")
    found = (folder / "popbridge_cells.csv").read_text().splitlines()
    assert found == ["layer,macro,row,neuron,cells", *expected]


def test_the_bench_knows_the_documents_only():
    """No import of the package, nor of what the other tests share, which does import it."""
    allowed = {"cocotb", "cocotb_tools", "integrator", "numpy", "pytest", *sys.stdlib_module_names}
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path
