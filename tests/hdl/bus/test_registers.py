"""Registers as data: places and addresses by hand, and what may not be declared."""

import re

import pytest
from support.layers import small_network

from popbridge import __version__
from popbridge.hdl.bus.registers import (
    Access,
    Block,
    Field,
    Register,
    RegisterMap,
    RegisterModel,
    Response,
)
from popbridge.hdl.config import PHASE_NAMES
from popbridge.hdl.controller.control_registers import control_registers


def field(name="level", bits=4, access=Access.READ_WRITE, **more):
    return Field(name=name, bits=bits, access=access, doc="A field.", **more)


def register(name="LEVEL", *fields, **more):
    return Register(name=name, fields=fields or (field(),), doc="A register.", **more)


def block(offset, *registers, name="BLOCK"):
    return Block(name=name, offset=offset, registers=registers)


WRONG = {
    "field name": (lambda: field("Level"), "field: found 'Level', expected a name"),
    "no bits": (lambda: field(bits=0), "level: found 0 bits, expected 1 to 32"),
    "wide field": (lambda: field(bits=33), "level: found 33 bits, expected 1 to 32"),
    "reset": (lambda: field(reset=16), "level: found reset 16, expected 4 bits"),
    "minimum": (lambda: field(minimum=2, reset=1), "level: found minimum 2, expected 0 to 1"),
    "minimum of a constant": (
        lambda: field(access=Access.READ_ONLY, minimum=0),
        "level: found minimum 0, expected 0 to 0 in a read-write field",
    ),
    "register name": (lambda: register("level"), "register: found 'level', expected a name"),
    "field twice": (lambda: register("A", field(), field()), "A: found fields ['level', 'level']"),
    "no field": (lambda: Register(name="A", fields=(), doc=""), "A: found fields [], expected at"),
    "wide register": (
        lambda: register("A", field("a", 30), field("b", 3)),
        "A: found 33 bits, expected at most 32",
    ),
    "range of one among two": (
        lambda: register("A", field("a", minimum=0), field("b")),
        "A: found fields ['a', 'b'], expected one: its range counts",
    ),
    "overlap": (
        lambda: RegisterMap((block(0, register("A"), register("B")), block(4, register("C")))),
        "BLOCK: found offset 0x4, expected a multiple of 4 of at least 0x8",
    ),
    "between words": (
        lambda: RegisterMap((block(2, register()),)),
        "BLOCK: found offset 0x2, expected a multiple of 4 of at least 0x0",
    ),
    "register twice": (
        lambda: RegisterMap((block(0, register("A"), register("A")),)),
        "registers: found ['A', 'A'], expected each name once",
    ),
    "nothing to copy": (
        lambda: RegisterMap((block(0, register("A", latches="B")),)),
        "A: found no B to copy",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_refuses(case):
    construct, message = WRONG[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        construct()


def test_places_and_addresses():
    wide = register("WIDE", field("a", 3), field("b", 16, reset=0x8001), field("c", 13, reset=1))
    registers = RegisterMap((block(0x10, register("FIRST"), wide), block(0x40, register("LAST"))))
    assert [(lowest, part.name) for lowest, part in wide.placed_fields] == [
        (0, "a"),
        (3, "b"),
        (19, "c"),
    ]
    assert wide.reset == 0x8001 << 3 | 1 << 19
    found = {address: each.name for address, each in registers}
    assert found == {0x10: "FIRST", 0x14: "WIDE", 0x40: "LAST"}
    assert (registers["WIDE"], registers.address("WIDE")) == (wide, 0x14)
    assert registers.address_bits == 12
    assert RegisterMap((block(0x1000, register()),)).address_bits == 13
    assert RegisterMap((block(0xFFC, register()),)).address_bits == 12


def test_the_map_of_a_network():
    config = small_network(33, 5, 3, rows=3, evaluate_cycles=7, dead_after_strobe_cycles=0)
    registers = control_registers(config)
    held = {each.name: (address, each.reset) for address, each in registers}
    major, minor, patch = map(int, re.findall(r"\d+", __version__)[:3])
    assert held["IDENTITY"] == (0, 0x47524250)  # "PBRG", P lowest
    assert held["VERSION"] == (4, major << 16 | minor << 8 | patch)
    assert held["NETWORK"] == (8, 3 << 16 | 2)
    assert held["IMAGE"] == (12, 2 << 16 | 33)
    assert held["LAYER_BLOCKS"] == (16, 0x40 << 16 | 0x100)
    assert held["STATUS"][1] == 1
    # Two macros of 3 rows; the last layer counts 5 inputs in 3 bits on one macro.
    expected = [
        ("INPUTS", 33, 5 | 0 << 16),
        ("NEURONS", 5 | 2 << 16, 3 | 1 << 16),
        ("ARRAY", 3 | 35 << 16, 3 | 7 << 16),
        ("SCAN", 3 | 1 << 16, 3 | 3 << 16),
        ("READOUT", 0, 1),
        *((name.upper(), 1, 1) for name in PHASE_NAMES[:2]),
        ("EVALUATE_CYCLES", 7, 7),
        *((name.upper(), 1, 1) for name in PHASE_NAMES[3:5]),
        ("DEAD_AFTER_STROBE_CYCLES", 0, 0),
        *((name.upper(), 1, 1) for name in PHASE_NAMES[6:]),
    ]
    for layer in (0, 1):
        for index, (name, *values) in enumerate(expected):
            at = 0x100 + 0x40 * layer + 4 * index
            assert held[f"LAYER{layer}_{name}"] == (at, values[layer])
    assert len(held) == 17 + 2 * 14


@pytest.mark.parametrize("allowed", [False, True])
def test_least_phase_times(allowed):
    zero = {"dead_before_evaluate_cycles": 0} if allowed else {}
    registers = control_registers(small_network(5, 3, **zero))
    least = {name: registers[f"LAYER0_{name.upper()}"].fields[0].minimum for name in PHASE_NAMES}
    dead = {
        "dead_before_evaluate_cycles", "dead_after_strobe_cycles", "dead_after_share_cycles",
    }  # fmt: skip
    assert {name for name, minimum in least.items() if minimum == 0} == (dead if allowed else set())
    assert set(least.values()) <= {0, 1}


def test_the_model_by_hand():
    low = register("LOW", field("count", 32, Access.READ_ONLY), latches="HIGH")
    high = register("HIGH", field("count", 32, Access.READ_ONLY))
    flags = register("FLAGS", field("kept", 2, Access.WRITE_1_TO_CLEAR), field("held", 3))
    pulses = register("PULSES", field("go", 1, Access.WRITE_1), field("halt", 1, Access.WRITE_1))
    time = register("TIME", field("cycles", 16, reset=5, minimum=2))
    model = RegisterModel(RegisterMap((block(0, low, high, flags, pulses, time),)))

    model.values["HIGH", "count"] = 7
    assert model.read(4) == (0, Response.OKAY)  # nothing copied yet
    assert model.read(2) == (0, Response.OKAY)  # LOW: the lowest two bits do not count
    model.values["HIGH", "count"] = 8
    assert model.read(4) == (7, Response.OKAY)
    assert model.write(0, 1) is Response.SLVERR
    assert model.read(0x14) == (0, Response.DECERR)
    assert model.write(0x14, 1) is Response.DECERR

    model.values["FLAGS", "kept"] = 3
    assert model.write(8, 0b10110) is Response.OKAY
    assert model.read(8) == (0b10101, Response.OKAY)

    assert model.write(12, 0b10) is Response.OKAY
    assert model.pulses == {("PULSES", "halt")}
    assert model.read(12) == (0, Response.OKAY)

    for data, strobes, answer, left in [
        (0x1234, 0b1111, Response.OKAY, 0x1234),
        (0x1, 0b1111, Response.SLVERR, 0x1234),
        (0x10003, 0b1111, Response.SLVERR, 0x1234),
        (0x10003, 0b0011, Response.OKAY, 0x3),
        (0xAB00, 0b0010, Response.OKAY, 0xAB03),
        (0x0, 0b0000, Response.OKAY, 0xAB03),
        (0x1, 0b0001, Response.OKAY, 0xAB01),
        (0x0, 0b0010, Response.SLVERR, 0xAB01),
    ]:
        assert model.write(16, data, strobes) is answer
        assert model.read(16) == (left, Response.OKAY)
