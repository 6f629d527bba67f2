"""The CMSIS-SVD file, read by an independent reader and held to the published schemas."""

from xml.etree import ElementTree

import pytest
from cmsis_svd.parser import SVD_SCHEMA_VERSIONS, SVDParser
from support.flow_networks import KINDS

from popbridge.flow.emit.register_files import register_svd
from popbridge.hdl.bus.registers import Access, Block, Field, Register, RegisterMap
from popbridge.hdl.controller.control_registers import control_registers

SCHEMAS = [version for version in SVD_SCHEMA_VERSIONS if version.startswith("1.3.")]
COMMON = {frozenset({Access.READ_ONLY}): "read-only", frozenset({Access.WRITE_1}): "write-only"}
"""What a register is, by the accesses of its fields; read-write otherwise."""
WRITTEN = {Access.WRITE_1: "oneToSet", Access.WRITE_1_TO_CLEAR: "oneToClear"}
"""What a write does, where it does not simply replace."""


@pytest.fixture(params=KINDS)
def registers(request):
    return control_registers(KINDS[request.param])


def read_back(registers, folder):
    """The device, as software that is not ours reads it."""
    path = folder / "controller.svd"
    path.write_text(register_svd(registers), encoding="utf-8")
    for version in SCHEMAS:
        valid, why = SVDParser.validate_xml_file(
            path, schema_version=version, schema_version_detection=False
        )
        assert valid, why
    return SVDParser.for_xml_file(path).get_device()


def test_a_reader_finds_every_register_and_field(registers, tmp_path):
    assert len(SCHEMAS) > 5
    device = read_back(registers, tmp_path)
    assert (device.width, device.size, device.access.value) == (32, 32, "read-write")
    (peripheral,) = device.peripherals
    assert (peripheral.name, peripheral.base_address) == ("POPBRIDGE", 0)
    (block,) = peripheral.address_blocks
    assert (block.offset, block.size) == (0, 1 << registers.address_bits)
    expected = {
        (address, register.name, register.reset, field.name, lowest, field.bits)
        for address, register in registers
        for lowest, field in register.placed_fields
    }
    assert expected == {
        (found.address_offset, found.name, found.reset_value, field.name, field.bit_offset,
         field.bit_width)
        for found in peripheral.registers
        for field in found.fields
    }  # fmt: skip
    copied = {found.name for found in peripheral.registers if found.read_action}
    assert copied == {"CYCLES_LOW"}


def test_a_reader_sees_what_may_be_done(registers, tmp_path):
    (peripheral,) = read_back(registers, tmp_path).peripherals
    for found in peripheral.registers:
        register = registers[found.name]
        accesses = frozenset(field.access for field in register.fields)
        assert found.access, found.name
        assert found.access.value == COMMON.get(accesses, "read-write"), found.name
        for part, field in zip(found.fields, register.fields, strict=True):
            assert part.access.value == COMMON.get(frozenset({field.access}), "read-write")
            written = part.modified_write_values
            assert (written and written.value) == WRITTEN.get(field.access), field.name
            assert (part.write_constraint is None) == (field.minimum is None), field.name
    assert peripheral.registers[5].name == "CONTROL"
    assert peripheral.registers[5].access.value == "write-only"


def test_the_range_of_a_phase_time(registers):
    """By a plain XML reader: the other one takes the bounds for truth values."""
    found = {
        (register.findtext("name"), *(int(bound.text) for bound in register.find(".//range")))
        for register in ElementTree.fromstring(register_svd(registers)).iter("register")
        if register.find(".//range") is not None
    }
    expected = {
        (register.name, register.field.minimum, 65535)
        for _, register in registers
        if register.name.endswith("_CYCLES") and register.writable
    }
    assert found == expected and len(found) >= 9


@pytest.mark.parametrize(
    ("accesses", "expected"),
    [
        ([Access.READ_ONLY, Access.WRITE_1], "read-write"),
        ([Access.READ_ONLY, Access.READ_WRITE], "read-write"),
        ([Access.WRITE_1, Access.WRITE_1_TO_CLEAR], "read-write"),
        ([Access.READ_ONLY, Access.READ_ONLY], "read-only"),
        ([Access.WRITE_1], "write-only"),
        ([Access.LOADED], "read-write"),
    ],
)
def test_a_register_of_mixed_fields_is_read_and_written(accesses, expected, tmp_path):
    fields = tuple(
        Field(name=f"part{k}", bits=2, access=access, doc="Some.")
        for k, access in enumerate(accesses)
    )
    register = Register(name="MIXED", fields=fields, doc="Some.")
    device = read_back(RegisterMap((Block(name="B", offset=0, registers=(register,)),)), tmp_path)
    assert device.peripherals[0].registers[0].access.value == expected
