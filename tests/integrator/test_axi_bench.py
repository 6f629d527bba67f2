"""Networks are emitted by the command line, and an integrator's bench is run on them in Icarus.

Nothing here imports the package: what the bench knows is in the documents and the emitted files.
"""

import ast
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
from integrator.network import write_network

HERE = Path(__file__).parent
SIZES = (37, 7, 5, 3)
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
    thresholds = [draw.integers(-4, 5, m) for m in SIZES[1:-1]]
    if "bits" in kind:
        # Bias columns of inputs of two bits are worth 3: thresholds that they hold exactly.
        thresholds[0] = 1 - 3 * (2 * draw.integers(-2, 3, SIZES[1]))
    write_network(
        folder / "network.npz", [SIZES[0]], kind, weights, thresholds, draw.integers(-5, 6, 3)
    )
    # As TOML has them, booleans are written as in JSON.
    lines = [f"{name} = {json.dumps(value)}" for name, value in macro.items()]
    (folder / "macro.toml").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "popbridge", "verilog", "network.npz", "--macro", "macro.toml"]
    subprocess.run([*command, "--output", ".", "--icarus-11"], cwd=folder, check=True)


@pytest.mark.parametrize("case", CASES)
def test_the_bench_of_an_integrator(case, icarus, tmp_path):
    emit(tmp_path, *CASES[case])
    (tmp_path / "stuck.json").write_text(json.dumps(STUCK.get(case, {})))
    runner = get_runner(icarus)
    runner.build(
        sources=[tmp_path / "popbridge_controller.sv"],
        hdl_toplevel="popbridge_controller",
        build_dir=tmp_path / "build",
        timescale=("1ns", "1ps"),
    )
    results = runner.test(
        test_module="integrator.axi_bench",
        hdl_toplevel="popbridge_controller",
        hdl_toplevel_lang="verilog",
        build_dir=tmp_path / "build",
        test_dir=tmp_path,
        results_xml=str(tmp_path / "results.xml"),
        extra_env={
            "INTEGRATOR_FOLDER": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path]),
        },
    )
    assert get_results(results) == (9, 0)


def test_the_bench_knows_the_documents_only():
    """No import of the package, nor of what the other tests share, which does import it."""
    allowed = {"cocotb", "cocotb_tools", "integrator", "numpy", "pytest", *sys.stdlib_module_names}
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path
