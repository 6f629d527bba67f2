"""Components in Amaranth's simulator, and what their constructors refuse."""

import gc
import warnings

import pytest
from amaranth.hdl import UnusedElaboratable
from amaranth.sim import Simulator


def simulate(component, bench):
    """Run the coroutine function `bench` to its end, with a clock."""
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def refuses(construct, error, match):
    """As pytest.raises, for constructors: without Amaranth's warning of an unused component."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        with pytest.raises(error, match=match):
            construct()
        gc.collect()
