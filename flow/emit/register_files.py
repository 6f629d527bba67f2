"""A register map for people, software and debuggers: Markdown, plain data, C, CMSIS-SVD."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from ... import __version__
from ...hdl.bus.registers import WORD_BITS, Access, Field, Register, RegisterMap

PREFIX = "POPBRIDGE"
"""What the names in the C header begin with."""
MADE_BY = f"Made by popbridge {__version__}."

HOW_TO_READ = f"""
Registers have {WORD_BITS} bits; bits above the fields read as 0 and ignore writes. Addresses are in
bytes; the lowest two bits do not count. A write to a register of read-only fields is answered with
SLVERR, as is a value out of its range, which changes nothing; an address without a register with
DECERR. Where a field has a range, the whole word is held against it, as the enabled bytes make it.
"""

ACCESS_MEANINGS = {
    Access.READ_ONLY: "from the hardware; writes leave it alone",
    Access.READ_WRITE: "keeps what is written",
    Access.LOADED: "keeps what is written, or what the hardware found since",
    Access.WRITE_1: "a 1 written is a command; reads as 0",
    Access.WRITE_1_TO_CLEAR: "set by the hardware, kept until a 1 is written",
}


def register_description(registers: RegisterMap) -> dict[str, Any]:
    """The map as plain data for JSON."""
    return {
        "address_bits": registers.address_bits,
        "word_bits": WORD_BITS,
        "registers": {
            register.name: {
                "address": address,
                "reset": register.reset,
                "meaning": register.doc,
                "fields": {
                    field.name: {
                        "lowest_bit": lowest,
                        "bits": field.bits,
                        "access": field.access.value,
                        "reset": field.reset,
                        "minimum": field.minimum,
                        "meaning": field.doc,
                    }
                    for lowest, field in register.placed_fields
                },
            }
            for address, register in registers
        },
    }


def register_markdown(registers: RegisterMap, network: str) -> str:
    """A reference for people; `network` says whose registers they are."""
    lines = [f"# Control registers of {network}", "", MADE_BY, HOW_TO_READ]
    lines += ["| access | meaning |", "|---|---|"]
    used = {field.access for _, register in registers for field in register.fields}
    lines += [
        f"| {access.value} | {meaning} |"
        for access, meaning in ACCESS_MEANINGS.items()
        if access in used
    ]
    for block in registers.blocks:
        lines += [
            "",
            f"## {block.name}",
            "",
            "| address | register | bits | field | access | reset | meaning |",
            "|---|---|---|---|---|---|---|",
        ]
        for register in block.registers:
            address = f"{registers.address(register.name):#05x}"
            lines.append(f"| {address} | {register.name} | | | | | {register.doc} |")
            lines += [_field_row(lowest, field) for lowest, field in register.placed_fields]
    return "\n".join(lines) + "\n"


def _field_row(lowest: int, field: Field) -> str:
    highest = lowest + field.bits - 1
    bits = f"{highest}:{lowest}" if field.bits > 1 else str(lowest)
    reset = str(field.reset) if field.reset < 1 << 16 else f"{field.reset:#x}"
    least = "" if field.minimum is None else f" {field.minimum} to {field.mask}."
    return f"| | | {bits} | {field.name} | {field.access.value} | {reset} | {field.doc}{least} |"


HEADER_TITLE = f"""\
/* {MADE_BY} The control registers, in C99. A register is at the base address that the
   system gives s_axil plus its <register>_OFFSET, in bytes, and takes words of 32 bits. A field's
   _MASK is in place: (word & <register>_<field>_MASK) >> <register>_<field>_SHIFT. */"""


def register_header(registers: RegisterMap) -> str:
    """A C header: each register's offset, each field's shift and its mask in place."""
    guard = f"{PREFIX}_REGISTERS_H"
    lines = [HEADER_TITLE, f"#ifndef {guard}"]
    lines += [f"#define {guard}", ""]
    for address, register in registers:
        lines += [f"/* {register.doc} */", *_definitions(address, register), ""]
    return "\n".join([*lines, f"#endif /* {guard} */"]) + "\n"


def _definitions(address: int, register: Register) -> Iterator[str]:
    name = f"{PREFIX}_{register.name}"
    yield f"#define {name}_OFFSET {address:#x}u"
    for lowest, field in register.placed_fields:
        yield f"#define {name}_{field.name.upper()}_SHIFT {lowest}u"
        yield f"#define {name}_{field.name.upper()}_MASK {field.mask << lowest:#x}u"


SVD_ACCESS = {Access.READ_ONLY: "read-only", Access.WRITE_1: "write-only"}
"""What CMSIS-SVD calls an access; the others are `SVD_READ_WRITE`."""
SVD_READ_WRITE = "read-write"
SVD_WRITTEN = {Access.WRITE_1: "oneToSet", Access.WRITE_1_TO_CLEAR: "oneToClear"}
"""What CMSIS-SVD calls a write that does not simply replace: of a command, a 0 does nothing."""
SVD_RESET_MASK = (1 << WORD_BITS) - 1


def register_svd(registers: RegisterMap) -> str:
    """A CMSIS-SVD 1.3 device of one peripheral, its elements in the order of the schema.

    Its base address is 0: the system's own addresses and interrupt numbers are not known here.
    """
    device = ElementTree.Element("device", {"schemaVersion": "1.3"})
    _texts(
        device,
        name="popbridge",
        version=__version__,
        description="The control registers of a popbridge controller.",
        addressUnitBits=8,
        width=WORD_BITS,
        size=WORD_BITS,
        access=SVD_READ_WRITE,
        resetValue="0x0",
        resetMask=f"{SVD_RESET_MASK:#x}",
    )
    peripheral = ElementTree.SubElement(ElementTree.SubElement(device, "peripherals"), "peripheral")
    _texts(peripheral, name=PREFIX, description=MADE_BY, baseAddress="0x0")
    place = ElementTree.SubElement(peripheral, "addressBlock")
    _texts(place, offset="0x0", size=f"{1 << registers.address_bits:#x}", usage="registers")
    parent = ElementTree.SubElement(peripheral, "registers")
    for address, register in registers:
        _svd_register(parent, address, register)
    ElementTree.indent(device)
    text = ElementTree.tostring(device, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _svd_access(*fields: Field) -> str:
    """What all fields have in common; readers do not derive a register's own from its fields'."""
    found = {SVD_ACCESS.get(field.access, SVD_READ_WRITE) for field in fields}
    return found.pop() if len(found) == 1 else SVD_READ_WRITE


def _texts(parent: ElementTree.Element, **texts: object) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = str(text)


def _svd_register(parent: ElementTree.Element, address: int, register: Register) -> None:
    element = ElementTree.SubElement(parent, "register")
    _texts(
        element,
        name=register.name,
        description=register.doc,
        addressOffset=f"{address:#x}",
        size=WORD_BITS,
        access=_svd_access(*register.fields),
        resetValue=f"{register.reset:#x}",
        resetMask=f"{SVD_RESET_MASK:#x}",
    )
    if register.latches:
        _texts(element, readAction="modifyExternal")
    fields = ElementTree.SubElement(element, "fields")
    for lowest, field in register.placed_fields:
        part = ElementTree.SubElement(fields, "field")
        _texts(part, name=field.name, description=field.doc, bitOffset=lowest, bitWidth=field.bits)
        _texts(part, access=_svd_access(field))
        if field.access in SVD_WRITTEN:
            _texts(part, modifiedWriteValues=SVD_WRITTEN[field.access])
        if field.minimum is not None:
            constraint = ElementTree.SubElement(part, "writeConstraint")
            bounds = ElementTree.SubElement(constraint, "range")
            _texts(bounds, minimum=field.minimum, maximum=field.mask)
