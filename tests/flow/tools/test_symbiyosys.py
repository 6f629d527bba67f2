"""SymbiYosys on tiny models: what it finds, and why it stops."""

import shutil

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Assert, Module, Signal

from popbridge.errors import ToolError
from popbridge.flow.tools.symbiyosys import SbyRun, program_path, run_sby

needs_tools = pytest.mark.skipif(
    shutil.which("z3", path=program_path()) is None, reason="popbridge[formal] is missing"
)


def counter_model(limit):
    """Counts up for ever; said never to come to a limit."""
    m = Module()
    count = Signal(4)
    m.d.sync += count.eq(count + 1)
    m.submodules.below = below = Module()
    below.d.comb += Assert(count != limit)
    return rtlil.convert(m, ports=(), platform="formal", name="top")


def run_of(model, depth=6):
    return SbyRun(name="counter", model=model, mode="bmc", depth=depth)


@needs_tools
def test_a_run_passes_as_far_as_it_goes_and_fails_beyond(tmp_path):
    short = run_sby(run_of(counter_model(7)), tmp_path)
    assert short.passed and not short.failed and short.named == {} and short.step is None
    long = run_sby(run_of(counter_model(7), depth=9), tmp_path)
    assert long.failed and not long.passed and long.step == 7
    assert long.named == {"below": "failed assertion"}
    assert (tmp_path / long.trace).exists()


@needs_tools
def test_a_model_that_is_none_stops_it_in_one_line(tmp_path):
    with pytest.raises(ToolError, match=r"^SymbiYosys stopped: .*Parser error in line 1") as caught:
        run_sby(run_of("module top\n  nonsense\nend\n"), tmp_path)
    assert "\n" not in str(caught.value)
