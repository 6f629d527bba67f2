"""The register map as plain data and for people, read back."""

import json
from pathlib import Path

import pytest

from popbridge.bnn.catalog import find_network
from popbridge.bnn.mapping import map_network
from popbridge.flow.emit.register_files import register_description, register_markdown
from popbridge.hdl.config import MACROS
from popbridge.hdl.controller.control_registers import control_registers

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def registers(config):
    return control_registers(config)


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
