"""What a programmed run reports, against counts at the arrays' pins and cells."""

import copy
from collections import defaultdict

import numpy as np
import pytest
from support.runs import small_request

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.behav.pins.programming import ProgrammingArray
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MacroConfig, ProgrammingConfig
from popbridge.study.run.job import run

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
    """The result of a run, its network as mapped, and what was seen at the pins."""
    network = make_network(SIZES)
    devices = ChipParameters().devices.replace(stuck_lrs_fraction=0.05)
    # So noisy that neurons on good rows differ, too.
    comparator = ComparatorParameters(noise_sigma_v=0.1)
    parameters = ChipParameters(devices=devices, comparator=comparator)
    (tmp_path / "chip.toml").write_text(parameters.to_toml())
    watch = Watch(monkeypatch)
    request = small_request(
        tmp_path, network, MACRO, condition=str(tmp_path / "chip.toml"), chip=CHIP, program=True
    )
    return run(request), map_network(network, MACRO), watch


def word_lines(config, lines):
    """Where each neuron of a layer is in the end: its index in `lines` and its word line."""
    rows = [index for index, (_, line, *_) in enumerate(lines) if line < MACRO.neuron_rows]
    assert len(rows) == config.neurons
    # A row ends where it was tried last.
    ends = [index - 1 for index in [*rows[1:], len(lines)]]
    return [(end, lines[end][1]) for end in ends]


def test_every_count_is_what_the_pins_and_cells_show(programmed):
    result, mapped, watch = programmed
    assert [layer.name for layer in result.programming] == ["layer0", "layer1"]
    unrepairable = 0
    for told, layer in zip(result.programming, mapped.layers, strict=True):
        config, lines = layer.config, watch.lines(told.name)
        failed = [
            failing(watch.cells[told.name, lines[end][0]], line, weights > 0)
            for (end, line), weights in zip(word_lines(config, lines), layer.weights, strict=True)
        ]
        levels = [each for *_, of_line in lines for each in of_line]
        hopeless = sum(count > PROGRAMMING.failure_limit for count in failed)
        assert told.to_dict() == {
            "name": told.name,
            "pulses": len(levels),
            "retries": sum(retries(of_line) for *_, of_line in lines),
            "failed_cells": sum(failed),
            "spare_rows_used": len(lines) - config.neurons,
            "unrepairable_rows": hopeless,
            # A cycle before each word line; one before the first and one after the last of a row.
            "cycles": sum(up + 1 for _, _, up, _ in lines) + 2 * config.neurons,
        }
        unrepairable += hopeless
    for counts in zip(*map(counted, result.programming), strict=True):
        assert sum(counts)
    assert result.programming_errors == ("unrepairable_row",) * (unrepairable > 0)


def counted(layer):
    return layer.retries, layer.failed_cells, layer.spare_rows_used, layer.unrepairable_rows


def test_worst_neurons_are_where_they_were_programmed(programmed):
    result, mapped, watch = programmed
    moved = 0
    for told, layer in zip(result.layers, mapped.layers, strict=True):
        places = word_lines(layer.config, watch.lines(told.name))
        for item in told.worst_neurons:
            assert item.row == places[item.neuron][1]
            moved += item.row >= MACRO.neuron_rows
    assert moved


def test_energy_is_that_of_the_programmed_cells(programmed):
    """VDD^2 t_on / (T' + B') of every cell, the word line up for a whole row."""
    result, mapped, watch = programmed
    parameters = ChipParameters()
    for told, layer in zip(result.energy.layers, mapped.layers, strict=True):
        config, lines = layer.config, watch.lines(told.name)
        access_ohm = 2 * parameters.bridge.access_resistance_ohm
        siemens = []
        for end, line in word_lines(config, lines):
            top_ohm, bottom_ohm = watch.cells[told.name, lines[end][0]].cells_ohm([line])
            siemens.append(1 / (top_ohm + bottom_ohm + access_ohm))
        on_s = config.row_cycles * MACRO.timing.clock_period_s
        joules = config.fan_in * np.mean(siemens) * parameters.bridge.vdd_v**2 * on_s
        assert told.per_evaluation_j["bridges"] == pytest.approx(joules, rel=1e-6, abs=0)
