"""Bridge layer and all-digital layer: what the proof says, and what its array computes."""

import itertools

import pytest
from amaranth.hdl import Const, Fragment, Module, Signal
from amaranth.sim import Simulator

from popbridge.flow.formal.equivalence import LAYER, EquivalenceMiter, IdealArray
from popbridge.hdl.array_pins import ArraySignature
from popbridge.hdl.config.pins import PinSizes

COLUMNS = 3


def test_the_proof_reaches_the_last_images_result():
    """The proof itself is one of `popbridge formal`."""
    miter = EquivalenceMiter(LAYER)
    Fragment.get(miter, None)
    # Reset, three rows written; twice: draw, take, five cycles for each of two rows, one more.
    assert miter.depth == 1 + 3 + 2 * (2 + 2 * 5 + 1)


@pytest.mark.parametrize("used", [1, COLUMNS])
def test_the_ideal_array_is_the_sign_of_what_its_cells_agree_on(used):
    """All weights, all lines; columns out of use have both lines low."""
    weights = Signal(COLUMNS)
    pins = ArraySignature(PinSizes(rows=2, columns=COLUMNS)).create()
    m = Module()
    m.submodules.array = IdealArray(pins, [weights, Const(0b101, COLUMNS)])

    async def bench(ctx):
        for cells, bits, row in itertools.product(range(8), range(1 << used), (0, 1)):
            ctx.set(weights, cells)
            ctx.set(pins.wl, 1 << row)
            ctx.set(pins.bl, bits)
            ctx.set(pins.blb, ~bits & ((1 << used) - 1))
            ctx.set(pins.strobe, 0)
            await ctx.delay(1e-9)
            assert not ctx.get(pins.sense_p) and not ctx.get(pins.sense_n)
            ctx.set(pins.strobe, 1)
            await ctx.delay(1e-9)
            signs = (cells, 0b101)[row]
            votes = [1 if (bits ^ signs) >> k & 1 == 0 else -1 for k in range(used)]
            assert ctx.get(pins.sense_p) == (sum(votes) > 0)
            assert ctx.get(pins.sense_n) == (sum(votes) < 0)

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
