"""``popbridge run --program --json``: its figures against counts at the arrays' pins and cells."""

import copy
import json
from collections import defaultdict

import numpy as np
import pytest

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.programming import ProgrammingArray
from popbridge.bnn.mapping import map_network
from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.hdl.config import MacroConfig, ProgrammingConfig

SIZES = (7, 6, 3)
PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=8, form_cycles=8, set_cycles=4, reset_cycles=4, first_level=17,
    level_step=3, most_retries=3, failure_limit=1, setup_cycles=1, hold_cycles=1,
)  # fmt: skip
MACRO = MacroConfig(rows=5, columns=24, spare_rows=1, programmable=True, programming=PROGRAMMING)
CHIP = 23


class Watch:
    """What the pins of all arrays do, change by change."""

    def __init__(self, monkeypatch):
        self.cells = {}
        self.changes = defaultdict(list)
        observe = ProgrammingArray.observe

        def watched(array, time_s, pins):
            config = array.cells.config
            place = config.name, array.cells.macro
            self.cells[place] = array.cells
            cycle = round(time_s / config.macro.timing.clock_period_s)
            self.changes[config.name].append((cycle, place[1], copy.copy(pins)))
            return observe(array, time_s, pins)

        monkeypatch.setattr(ProgrammingArray, "observe", watched)

    def lines(self, layer):
        """Macro, word line, its cycles up, and the level of each pulse in it, in order."""
        found, pulsed = [], False
        for cycle, macro, pins in self.changes[layer]:
            if pins.wl and (not found or found[-1][2] is not None):
                found.append([macro, pins.wl.bit_length() - 1, None, cycle, []])
            if pins.prog_pulse and not pulsed:
                found[-1][4].append(pins.prog_level)
            pulsed = bool(pins.prog_pulse)
            if not pins.wl and found and found[-1][2] is None:
                found[-1][2] = cycle - found[-1][3]
        return [(macro, line, up, levels) for macro, line, up, _, levels in found]


def retries(levels):
    """Attempts after a step's first have amplitudes of their own, one after the other."""
    above = np.array([PROGRAMMING.first_level, *levels])
    return int(np.sum((above[1:] != above[:-1]) & (above[1:] > PROGRAMMING.first_level)))


def failing(cells, line, positive):
    """Columns of a row that do not read as their weight for both inputs."""
    for_plus, for_minus = cells.read(line, 1e-6)
    return int(np.sum((for_plus != positive) | (for_minus == positive)))


@pytest.fixture
def programmed(tmp_path, monkeypatch, make_network):
    """The result of a run, its weights, and what was seen at the pins."""
    monkeypatch.chdir(tmp_path)
    network = make_network(SIZES)
    write_network(network, tmp_path / "small.npz")
    (tmp_path / "macro.toml").write_text(MACRO.to_toml())
    parameters = ChipParameters()
    devices = parameters.devices.replace(stuck_lrs_fraction=0.05)
    (tmp_path / "chip.toml").write_text(parameters.replace(devices=devices).to_toml())
    watch = Watch(monkeypatch)
    words = ["--macro", "macro.toml", "--condition", "chip.toml", "--chip", str(CHIP)]
    words += ["--images", "2", "--sim", "pysim", "--program", "--json", "run.json"]
    assert main(["run", "small.npz", *words]) == 0
    return json.loads((tmp_path / "run.json").read_text()), map_network(network, MACRO), watch


def test_every_figure_is_what_the_pins_and_cells_show(programmed):
    result, mapped, watch = programmed
    assert [layer["name"] for layer in result["programming"]] == ["layer0", "layer1"]
    unrepairable = 0
    for told, layer in zip(result["programming"], mapped.layers, strict=True):
        config, lines = layer.config, watch.lines(told["name"])
        rows = [index for index, (_, line, *_) in enumerate(lines) if line < MACRO.neuron_rows]
        assert len(rows) == config.neurons
        # A row ends where it was tried last.
        ends = [index - 1 for index in [*rows[1:], len(lines)]]
        failed = [
            failing(watch.cells[told["name"], lines[end][0]], lines[end][1], weights > 0)
            for end, weights in zip(ends, layer.weights, strict=True)
        ]
        levels = [each for *_, of_line in lines for each in of_line]
        hopeless = sum(count > PROGRAMMING.failure_limit for count in failed)
        assert told == {
            "name": told["name"],
            "pulses": len(levels),
            "retries": sum(retries(of_line) for *_, of_line in lines),
            "failed_cells": sum(failed),
            "spare_rows_used": len(lines) - len(rows),
            "unrepairable_rows": hopeless,
            # A cycle before each word line; one before the first and one after the last of a row.
            "cycles": sum(up + 1 for _, _, up, _ in lines) + 2 * len(rows),
        }
        unrepairable += hopeless
    counted = ("retries", "failed_cells", "spare_rows_used", "unrepairable_rows")
    assert all(sum(layer[name] for layer in result["programming"]) for name in counted)
    assert result["programming_errors"] == ["unrepairable_row"] * (unrepairable > 0)
