"""The C header: a compiler reads it, and no two names can be taken for one another."""

import re
import shutil
import subprocess

import pytest
from support.flow_networks import KINDS

from popbridge.flow.emit.register_files import register_header
from popbridge.hdl.controller.control_registers import control_registers

SIGNIFICANT = 63
"""Characters of a macro's name that a C99 compiler must tell apart [ISO C99, 5.2.4.1]."""
STRICT = ["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


@pytest.fixture(params=KINDS)
def registers(request):
    return control_registers(KINDS[request.param])


@pytest.fixture
def names(registers):
    return re.findall(r"^#define (\w+) ", register_header(registers), re.MULTILINE)


def test_no_address_reads_as_a_field(names):
    """`X_OFFSET` beside `X_OFFSET_MASK` would read as the value of the field that it masks."""
    fields = {name.removesuffix("_MASK") for name in names if name.endswith("_MASK")}
    fields |= {name.removesuffix("_SHIFT") for name in names if name.endswith("_SHIFT")}
    assert len(fields) > 20 and not fields & set(names)


def test_names_differ_where_a_compiler_looks(names):
    assert len({name[:SIGNIFICANT] for name in names}) == len(names) > 100


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
    subprocess.run([*STRICT, "-o", "show", "show.c"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "show"], check=True, capture_output=True, text=True)
    assert [int(line) for line in done.stdout.split()] == expected
