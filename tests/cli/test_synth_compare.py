"""What ``popbridge synth --compare`` refuses, and what it prints."""

import json
import re
from pathlib import Path

import pytest

from popbridge.cli import synth
from popbridge.cli.main import main
from popbridge.hdl.config import DigitalLayerConfig
from popbridge.study.digital.comparison import FAN_INS
from popbridge.study.digital.result import DigitalResult

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mnist", "--compare"], "NETWORK: found mnist, expected none with --compare"),
        (["--compare", "--macro", "pipelined"], "--macro: found pipelined, expected default with"),
        (["--compare", "--target", "ecp5"], "--target: found ecp5, expected generic or liberty"),
        (["--compare", "--clock-mhz", "9"], "--clock-mhz: found 9.0, expected none with"),
        (["--compare", "0"], "fan_ins[0]: found 0, expected an integer from 1 to 4096"),
        (
            ["--compare", "128", "5000"],
            "fan_ins[1]: found 5000, expected an integer from 1 to 4096",
        ),
        (["--compare", "--liberty", "no.lib"], "no.lib: found no such file"),
    ],
)
def test_wrong_input_takes_one_line(words, message, capsys):
    assert main(["synth", *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def point(fan_in):
    """A point whose every number is told from the others."""
    side = {
        "cells": 10,
        "flip_flops": 20,
        "transistors": None,
        "area": 30.4,
        "depth": 40,
        "fmax_hz": 50e6,
        "worst_path": "a to b",
        "cycles_per_neuron": 6.125,
        "switching_j": {"clock_j": 1e-12, "gated_clock_j": 2e-12, "logic_j": 3e-12},
    }
    joules = {"logic": 7e-12, "clock": 8e-12, "gated_clock": 9e-12}
    bridge = side | {"per_evaluation_j": joules | {"array": 1.1e-11}, "bias_columns": 2}
    storage = {"bits": 12, "flip_flops_area": 13.0, "sram_cells_area_um2": 14.0}
    digital = side | {"per_evaluation_j": joules | {"memory": 1.5e-11}, "storage": storage}
    return {"fan_in": fan_in, "neurons": 128, "bridge": bridge, "digital": digital}


@pytest.fixture
def compared(monkeypatch, tmp_path):
    """Runs the command on made-up points; gives the requests."""
    asked = []

    def compare(request, progress):
        asked.append(request)
        points = [point(fan_in) for fan_in in request.fan_ins]
        return DigitalResult.from_dict({"library": "some.lib", "seed": 1, "points": points})

    monkeypatch.setattr(synth, "compare_with_digital", compare)
    monkeypatch.chdir(tmp_path)
    return asked


def test_tables_and_json(compared, capsys, tmp_path):
    assert main(["synth", "--compare", "9", "--json", "out.json"]) == 0
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines()]
    for name in ("bridge", "digital"):
        assert ["9,", name, "10", "20", "30", "40", "50", "6.12"] in rows
    assert ["9,", "digital", "12", "13", "14"] in rows
    assert ["9,", "bridge", "7.0", "9.0", "8.0", "11.0"] in rows
    assert ["9,", "digital", "7.0", "9.0", "8.0", "15.0"] in rows
    written = json.loads((tmp_path / "out.json").read_text())
    assert written == {
        "schema_version": 1, "library": "some.lib", "seed": 1, "points": [point(9)]
    }  # fmt: skip


def test_the_fan_ins_of_the_documentation_are_the_default(compared, capsys):
    assert main(["synth", "--compare"]) == 0
    assert [request.fan_ins for request in compared] == [(128, 512, 1127)]
    assert "1127, digital" in capsys.readouterr().out


def test_the_sizes_in_the_documentation_are_those_of_the_layer():
    rows = [
        [int(cell) for cell in line.strip("| ").split(" | ")]
        for line in (REPOSITORY / "docs" / "digital.md").read_text().splitlines()
        if re.fullmatch(r"\|( \d+ \|)+", line)
    ]
    for fan_in in FAN_INS:
        config = DigitalLayerConfig(inputs=fan_in, neurons=128)
        # A full adder takes one bit away.
        full_adders = sum(config.column_heights[0]) - sum(config.column_heights[-1])
        tree = [full_adders, config.adder_levels, config.tree_stages, config.latency]
        assert [fan_in, *tree] in rows
        assert [fan_in, 128 * config.word_bits] in [row[:2] for row in rows]
