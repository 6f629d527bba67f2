"""What scenarios meet, as it is counted: every bin of a cross once, and what kind registers are."""

import json

import pytest

from popbridge.hdl.controller.control_registers import control_registers
from popbridge.study.designs import DESIGNS
from popbridge.tb.bench.register_classes import register_classes
from popbridge.tb.suites.scenario_plan import states_of


@pytest.fixture(scope="module")
def config():
    return DESIGNS["bit planes, pipelined"].job().config


def test_samples_are_counted_in_their_bins(config, tmp_path):
    pytest.importorskip("cocotb_coverage")
    functional = pytest.importorskip("popbridge.tb.bench.functional_coverage")
    bins = functional.Bins(config)
    for _ in range(2):
        bins.sample("event, stall", "start", "input")
    bins.sample("at resets, phases of layers 0 and 1", "SHARE", "IDLE")
    bins.write(tmp_path / "met.json")
    found = {
        name: {tuple(values): hits for values, hits in each}
        for name, each in json.loads((tmp_path / "met.json").read_text()).items()
    }
    stalls = found["event, stall"]
    assert len(stalls) == len(functional.EVENTS) * 4
    assert {values: hits for values, hits in stalls.items() if hits} == {("start", "input"): 2}
    first, second = map(states_of, config.layers)
    pairs = found["at resets, phases of layers 0 and 1"]
    assert set(pairs) == {(a, b) for a in first for b in second}
    assert sum(pairs.values()) == pairs["SHARE", "IDLE"] == 1
    assert not any(found["reset, stall, phase of layer 0"].values())


@pytest.mark.parametrize(
    ("design", "register", "expected"),
    [
        ("votes", "CONTROL", "commands"),
        ("votes", "CYCLES_HIGH", "counters"),
        ("votes", "INTERRUPT_STATUS", "events"),
        ("votes", "IDENTITY", "constants"),
        ("votes", "LAYER1_NEURONS", "constants"),
        ("votes", "LAYER1_SHARE_CYCLES", "times"),
        ("trims", "LAYER0_TRIM1", "trims"),
        ("programmable", "LAYER0_PULSES", "programming"),
        ("programmable", "DROPPED_ROWS", "counters"),
    ],
)
def test_the_class_of_a_register(design, register, expected):
    config = DESIGNS[design].job().config
    assert register_classes(config)[control_registers(config).address(register)] == expected
