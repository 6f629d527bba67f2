"""One table of pins: emitted ports, black boxes and models all agree with it."""

import re

import pytest

from popbridge.flow.emit.black_boxes import black_box_ports
from popbridge.flow.emit.controller import controller_verilog
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from popbridge.hdl.config.pins import PINS, PinSizes, ProgrammingPins

COLUMNS, ROWS = 7, 3
LINES = {"wl": ROWS, "bl": COLUMNS, "blb": COLUMNS}
EVALUATION = {"precharge": 1, "evaluate": 1, "strobe": 1}
SENSE = {"sense_p": 1, "sense_n": 1}
PROGRAMMING = {
    "prog_op": 2, "prog_device": 1, "prog_level": 5, "prog_mask": COLUMNS, "prog_pulse": 1,
    "sl_q": COLUMNS,
}  # fmt: skip
IN_TO_CONTROLLER = {"sense_p", "sense_n", "sl_q"}
CASES = {
    "sign": ({}, {}, LINES | EVALUATION | SENSE),
    "count": (
        {"readout": Readout.COUNT}, {}, LINES | EVALUATION | {"dac_p": 3, "dac_n": 3} | SENSE,
    ),
    "planes": (
        {"bits_per_input": 2}, {}, LINES | EVALUATION | {"share": 1, "acc_reset": 1} | SENSE,
    ),
    "trim": ({}, {"trim_bits": 2}, LINES | EVALUATION | {"dac_p": 2, "dac_n": 2} | SENSE),
    "programmable": (
        {}, {"programmable": True}, LINES | EVALUATION | PROGRAMMING | SENSE,
    ),
}  # fmt: skip
"""Choices of the layer and of its macro, and the ports of an array, written out by hand."""


def group(layer=None, macro=None, columns=COLUMNS):
    macro = MacroConfig(rows=ROWS, columns=columns, **(macro or {}))
    return LayerConfig(
        name="first", inputs=COLUMNS, bias_columns=0, neurons=3, macro=macro, **(layer or {})
    )


def emitted_ports(first):
    """Direction and width of each pin of the first array, parsed from the controller's text."""
    last = LayerConfig(
        name="last", inputs=first.neurons, bias_columns=0, neurons=2, readout=Readout.COUNT,
        macro=first.macro,
    )  # fmt: skip
    layers = (first,) if first.readout is Readout.COUNT else (first, last)
    offsets = (0,) * layers[-1].neurons
    text = controller_verilog(NetworkConfig(layers=layers, offsets=offsets))
    top = text[text.index("module popbridge_controller(") :]
    top = top[: top.index("endmodule")]
    found = re.findall(r"\b(input|output) (?:\[(\d+):0\] )?first_macro0__(\w+);", top)
    return {pin: (direction, int(high or 0) + 1) for direction, high, pin in found}


@pytest.mark.parametrize(("layer", "macro", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_emitted_is_what_is_written_here(layer, macro, expected):
    config = group(layer, macro)
    assert emitted_ports(config) == {
        pin: ("input" if pin in IN_TO_CONTROLLER else "output", width)
        for pin, width in expected.items()
    }
    assert {
        pin.name: width for pin, width in PinSizes.of_group(config).widths().items()
    } == expected
    of_array = {port.name: (port.direction, port.width) for port in black_box_ports(config)}
    assert of_array == {
        pin: ("output" if pin in IN_TO_CONTROLLER else "input", width)
        for pin, width in expected.items()
    }


def test_an_extension_of_a_chain_has_neither_comparator_nor_bank():
    config = group({}, {"programmable": True, "trim_bits": 2}, columns=4)
    assert config.chain == 2
    extension = {port.name: port.width for port in black_box_ports(config, 1)}
    expected = LINES | PROGRAMMING | {"precharge": 1, "evaluate": 1, "line_p": 1, "line_n": 1}
    own = {"bl": 4, "blb": 4, "prog_mask": 4, "sl_q": 4}
    assert extension == expected | own


def test_models_see_every_pin_at_rest():
    """A pin that the table gains is a field of what models and drivers see."""
    assert [pin.name for pin in PINS if pin.to_array] == list(ProgrammingPins.__dataclass_fields__)
    assert {pin.name for pin in PINS if not pin.to_array} == IN_TO_CONTROLLER
    assert len({pin.name for pin in PINS}) == len(PINS)
    at_rest = ProgrammingPins()
    assert not any(getattr(at_rest, pin.name) for pin in PINS if pin.to_array)


def test_what_inference_drives_is_apart_from_programming():
    sizes = PinSizes.of_group(group({}, {"programmable": True, "trim_bits": 2}))
    assert sizes.inference_inputs() == [*LINES, *EVALUATION, "dac_p", "dac_n"]
    assert sizes.drivers() == ["prog_op", "prog_pulse"]
