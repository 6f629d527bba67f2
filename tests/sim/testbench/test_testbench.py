"""The testbench's text: what Verilator's lint says of it, its ports, the numbers it shares."""

import re

import pytest
from support.jobs import make_network

from popbridge.bnn.mapping import map_network
from popbridge.errors import InputError
from popbridge.flow.emit.controller import controller_verilog
from popbridge.flow.tools.verilator import find_verilator, lint
from popbridge.hdl.config import MacroConfig, PhaseTiming, ProgrammingConfig
from popbridge.sim.testbench import top
from popbridge.sim.testbench.violations import Violation

MACROS = {
    "plain": {},
    "votes": {"votes": 3},
    "pipelined": {"pipelined": True, "timing": PhaseTiming(bridge_cycles=7)},
    "trimmed and programmable": {
        "trim_bits": 4, "programmable": True, "spare_rows": 1, "programming": ProgrammingConfig(),
    },
}  # fmt: skip


def make_config(**macro):
    return map_network(
        make_network((9, 7, 3)), MacroConfig(rows=4, columns=24).replace(**macro)
    ).config


@pytest.mark.parametrize("strict", [False, True], ids=["bulk", "strict"])
@pytest.mark.parametrize("macro", MACROS.values(), ids=MACROS.keys())
def test_lint(macro, strict, tmp_path):
    try:
        find_verilator()
    except InputError as error:
        pytest.skip(str(error))
    config = make_config(**macro)
    files = {"controller.sv": controller_verilog(config)}
    files |= top.testbench_files(config, strict=strict)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        if name != "controller.sv":
            assert max(map(len, text.splitlines())) <= 120, name
    lint([tmp_path / name for name in files], top.TESTBENCH)


def test_every_pin_that_an_array_sees_wakes_python_in_strict_mode():
    config = make_config(trim_bits=4, programmable=True, spare_rows=1)
    text = top.testbench_files(config, strict=True)["testbench.sv"]
    for layer in config.layers:
        for macro in layer.macro_names:
            name = f"{layer.name}_{macro}"
            controller = controller_verilog(config)
            driven = set(re.findall(rf"output (?:\[\d+:0\] )?{name}__(\w+);", controller))
            assert {"wl", "bl", "dac_p", "prog_pulse"} <= driven
            vector = re.search(rf"assign {name}_pins =\s*{{([^}}]*)}}", text)[1]
            assert set(re.findall(r"__(\w+)", vector)) == driven


def test_the_phases_are_those_of_the_configuration():
    timing = PhaseTiming(
        precharge_cycles=2, dead_before_evaluate_cycles=3, evaluate_cycles=4, strobe_cycles=5,
        settle_cycles=6, dead_after_strobe_cycles=7,
    )  # fmt: skip
    text = top.testbench_files(make_config(votes=3, timing=timing), strict=False)["testbench.sv"]
    first = text[text.index("array_replay #(") :]
    order, lengths = (
        re.split(r",\s*", re.search(rf"\.{name}\({{([^}}]*)}}\)", first)[1])
        for name in ("ORDER", "LENGTHS")
    )
    # The last one first, as the lowest bits are the first phase.
    settled = [("STROBE", 5), ("SETTLE", 6)]
    expected = [("DEAD_AFTER_STROBE", 7), *settled, *settled, ("STROBE", 5)]
    expected += [("EVALUATE", 4), ("DEAD_BEFORE_EVALUATE", 3), ("PRECHARGE", 2)]
    assert list(zip(order, lengths, strict=True)) == [(name, f"16'd{n}") for name, n in expected]


def test_violations_have_the_numbers_of_the_testbench():
    config = make_config(trim_bits=4, programmable=True, spare_rows=1)
    files = top.testbench_files(config, strict=False)
    numbers = dict(re.findall(r"localparam logic \[3:0\] (\w+) = (\d+);", files["codes.sv"]))
    text = "\n".join(files.values())
    for violation in Violation:
        assert int(numbers[violation.name]) == violation
        # Declared once, and told somewhere.
        assert len(re.findall(rf"\b{violation.name}\b", text)) > 1
    told = re.findall(r"violation <= ([A-Z_]+);", text)
    assert set(told) == {"WRONG_PHASE", "WRONG_WORD_LINE", "WRONG_CODE"}
