"""Events on the control bus that change nothing."""

import cocotb
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiResp

from ...hdl.bus.registers import WORD_BYTES, Access
from .register_classes import register_classes
from .scoreboard import SHARES, SINK_SHARES, ScenarioBench

KEPT = (Access.READ_WRITE, Access.LOADED)
"""Fields that hold what is written."""


async def no_such_register(bench: ScenarioBench) -> None:
    """Reads and writes, of words and of single bytes, where no register is."""
    known = {address for address, _ in bench.registers}
    for _ in range(3):
        word = bench.draw.randrange(1 << bench.registers.address_bits) & -WORD_BYTES
        if word in known:
            continue
        first = bench.draw.randrange(WORD_BYTES)
        data = bench.draw.randbytes(bench.draw.randint(1, WORD_BYTES - first))
        assert await bench.write_at(word + first, data) == AxiResp.DECERR, hex(word)
        assert await bench.read_at(word) == (0, AxiResp.DECERR), hex(word)


async def read_only_register(bench: ScenarioBench) -> None:
    """Writes, of words and of single bytes, to registers that are only read."""
    read_only = [
        (address, register)
        for address, register in bench.registers
        if all(each.access is Access.READ_ONLY for each in register.fields)
    ]
    for address, register in bench.draw.sample(read_only, 3):
        before = await bench.read_at(address)
        first = bench.draw.randrange(WORD_BYTES)
        data = bench.draw.randbytes(bench.draw.randint(1, WORD_BYTES - first))
        assert await bench.write_at(address + first, data) == AxiResp.SLVERR, register.name
        if register.name != "CYCLES_LOW":
            assert await bench.read_at(address) == before, register.name


async def any_register(bench: ScenarioBench) -> None:
    """Reads, and writes that change nothing, at any time while both ends pause."""
    bench.set_pauses(bench.draw.choice(SHARES), bench.draw.choice(SINK_SHARES))
    indices = [bench.index() for _ in range(bench.draw.randint(2, 6))]
    await bench.send(*indices)
    expecting = cocotb.start_soon(bench.expect(*indices))
    groups: dict[str, list[int]] = {}
    for address, name in register_classes(bench.config).items():
        groups.setdefault(name, []).append(address)
    at = dict(bench.registers)
    groups[""] = [
        address
        for address in range(0, 1 << bench.registers.address_bits, WORD_BYTES)
        if address not in at
    ]
    while not expecting.done():
        name = bench.draw.choice([*groups])
        address = bench.draw.choice(groups[name])
        if not name:
            assert await bench.read_at(address) == (0, AxiResp.DECERR), hex(address)
            assert await bench.write_at(address, b"\1\2\3\4") == AxiResp.DECERR, hex(address)
            continue
        value, response = await bench.read_at(address)
        assert response == AxiResp.OKAY, at[address].name
        if bench.draw.random() < 0.5:
            # 0 is no command, and clears nothing.
            kept = all(field.access in KEPT for field in at[address].fields)
            data = (value if kept else 0).to_bytes(WORD_BYTES, "little")
            expected = AxiResp.OKAY if at[address].writable else AxiResp.SLVERR
            assert await bench.write_at(address, data) == expected, at[address].name
        await ClockCycles(bench.dut.clk, bench.draw.randint(0, 4))
    await expecting
    bench.set_pauses(0, 0)
    await ClockCycles(bench.dut.clk, 2)
