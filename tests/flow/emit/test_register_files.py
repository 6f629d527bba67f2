"""The register map's files, read back by a C compiler, an XML parser, and by eye."""

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from popbridge.bnn.catalog import find_network
from popbridge.bnn.mapping import map_network
from popbridge.flow.emit.register_files import (
    register_description,
    register_header,
    register_markdown,
    register_svd,
)
from popbridge.hdl.config import MACROS
from popbridge.hdl.controller.control_registers import control_registers

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def registers(config):
    return control_registers(config)


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler: apt-get install gcc")
def test_a_c_program_sees_offsets_shifts_and_masks(registers, tmp_path):
    expected, prints = [], []
    for address, register in registers:
        name = f"POPBRIDGE_{register.name}"
        expected.append(address)
        prints.append(f"{name}_OFFSET")
        for lowest, field in register.placed_fields:
            expected += [lowest, sum(1 << bit for bit in range(lowest, lowest + field.bits))]
            prints += [f"{name}_{field.name.upper()}_{kind}" for kind in ("SHIFT", "MASK")]
    lines = "\n".join(f'  printf("%u\\n", {name});' for name in prints)
    (tmp_path / "popbridge_registers.h").write_text(register_header(registers), encoding="utf-8")
    # Included twice: the guard is for that.
    include = '#include "popbridge_registers.h"\n' * 2
    program = f"#include <stdio.h>\n{include}int main(void) {{\n{lines}\n  return 0;\n}}\n"
    (tmp_path / "show.c").write_text(program, encoding="utf-8")
    build = ["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", "show", "show.c"]
    subprocess.run(build, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "show"], check=True, capture_output=True, text=True)
    assert [int(line) for line in done.stdout.split()] == expected


# Required or optional, in this order: CMSIS-SVD 1.3's device, peripheral, register and field types.
SVD_ELEMENTS = {
    "device": ("name!", "version!", "description!", "addressUnitBits!", "width!", "size",
               "peripherals!"),
    "peripheral": ("name!", "description", "baseAddress!", "addressBlock", "registers"),
    "addressBlock": ("offset!", "size!", "usage!"),
    "register": ("name!", "description", "addressOffset!", "size", "resetValue", "resetMask",
                 "readAction", "fields"),
    "field": ("name!", "description", "bitOffset!", "bitWidth", "access", "modifiedWriteValues",
              "writeConstraint"),
    "range": ("minimum!", "maximum!"),
}  # fmt: skip
SVD_WORDS = {
    "access": {"read-only", "write-only", "read-write"},
    "modifiedWriteValues": {"oneToClear"},
    "readAction": {"modifyExternal"},
    "usage": {"registers"},
}


def test_the_svd_follows_its_schema(registers):
    device = ElementTree.fromstring(register_svd(registers))
    assert (device.tag, device.get("schemaVersion")) == ("device", "1.3")
    for element in device.iter():
        children = [child.tag for child in element]
        if element.tag in SVD_ELEMENTS:
            order = [name.rstrip("!") for name in SVD_ELEMENTS[element.tag]]
            assert children == sorted(children, key=order.index)
            assert len(children) == len(set(children))
            required = {name[:-1] for name in SVD_ELEMENTS[element.tag] if name.endswith("!")}
            assert required <= set(children)
        elif not children:
            assert element.text
            assert element.text in SVD_WORDS.get(element.tag, {element.text})


def test_the_svd_places_every_field(registers):
    device = ElementTree.fromstring(register_svd(registers))
    assert device.findtext(".//addressBlock/size") == "0x1000"
    found = {
        (
            int(register.findtext("addressOffset"), 0),
            register.findtext("name"),
            int(register.findtext("resetValue"), 0),
            field.findtext("name"),
            int(field.findtext("bitOffset")),
            int(field.findtext("bitWidth")),
        )
        for register in device.iter("register")
        for field in register.iter("field")
    }
    assert found == {
        (address, register.name, register.reset, field.name, lowest, field.bits)
        for address, register in registers
        for lowest, field in register.placed_fields
    }
    [low] = [part for part in device.iter("register") if part.findtext("name") == "CYCLES_LOW"]
    assert low.findtext("readAction") == "modifyExternal"
    least = {int(part.text) for part in device.iter("minimum")}
    assert least == {1}, "no macro here allows dead times of 0"


def test_plain_data_is_complete(registers):
    told = json.loads(json.dumps(register_description(registers)))
    assert told["address_bits"] == 12
    assert [(name, entry["address"]) for name, entry in told["registers"].items()] == [
        (register.name, address) for address, register in registers
    ]
    stop = told["registers"]["CONTROL"]["fields"]["stop"]
    assert (stop["lowest_bit"], stop["bits"], stop["access"]) == (1, 1, "write-1")
    last = [name for name in told["registers"] if name.startswith("LAYER")][-1]
    assert told["registers"][last]["fields"]["cycles"]["minimum"] == 1


def test_the_documented_reference_is_that_of_the_shipped_network():
    """To make it anew: popbridge verilog, then copy build/verilog/popbridge_registers.md."""
    mapped = map_network(find_network("mnist"), MACROS["default"])
    text = register_markdown(control_registers(mapped.config), mapped.network.name)
    assert (REPOSITORY / "docs" / "registers.md").read_text(encoding="utf-8") == text


def test_the_reference_has_a_row_for_every_field(registers):
    lines = register_markdown(registers, "x").splitlines()
    for address, register in registers:
        start = f"| {address:#05x} | {register.name} | "
        [at] = [index for index, line in enumerate(lines) if line.startswith(start)]
        for offset, (lowest, field) in enumerate(register.placed_fields, start=1):
            _, _, _, bits, name, access, *_ = map(str.strip, lines[at + offset].split("|"))
            assert bits.split(":")[-1] == str(lowest)
            assert (name, access) == (field.name, field.access.value)
