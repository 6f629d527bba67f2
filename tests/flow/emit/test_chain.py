"""The macro top of a network with chained arrays, read back by Yosys with its stubs."""

import itertools
import re

import pytest
from support.flow_networks import CHAINED
from support.yosys_modules import modules_of

from popbridge.flow.emit.black_boxes import MACRO_TOP, black_box_stubs, macro_top_verilog
from popbridge.hdl.config import Readout

ROWS, COLUMNS = 3, 8
SIZES = ((20, 3, 5), (5, 4, 4), (4, 3, 2))
"""Inputs, bias columns and neurons of `CHAINED`."""
CHAINS = (3, 2, 1)


def with_counts_chained(config):
    """The same with a count read-out on a chain of two arrays."""
    *hidden, last = config.layers
    return config.replace(layers=(*hidden, last.replace(bias_columns=5)))


def read_back(config, folder):
    """Modules of a configuration's macro top, the controller's blocks dissolved into the top."""
    (folder / "top.sv").write_text(macro_top_verilog(config), encoding="utf-8")
    (folder / "stubs.sv").write_text(black_box_stubs(config), encoding="utf-8")
    commands = [f"hierarchy -check -top {MACRO_TOP}", "proc", "check -assert", "flatten"]
    return modules_of(folder, ["top.sv", "stubs.sv"], commands)


def arrays_of(top, layer, macro):
    """Cells of a macro by their number in the chain."""
    pattern = re.compile(rf"{layer}_macro{macro}(?:_array(\d+))?")
    found = {int(match[1] or 0): cell for name, cell in top["cells"].items()
             if (match := pattern.fullmatch(name))}  # fmt: skip
    assert sorted(found) == list(range(len(found)))
    return [found[k] for k in range(len(found))]


def bits_of(top, name):
    return top["netnames"][f"controller.{name}"]["bits"]


def test_every_bit_line_reaches_the_array_of_its_column(tmp_path):
    top = read_back(CHAINED, tmp_path)[MACRO_TOP]
    for (inputs, bias_columns, neurons), layer, chain in zip(
        SIZES, ("fc0", "fc1", "fc2"), CHAINS, strict=True
    ):
        for macro in range(-(-neurons // ROWS)):
            arrays = arrays_of(top, layer, macro)
            assert len(arrays) == chain
            for pin in ("bl", "blb"):
                columns = [bit for cell in arrays for bit in cell["connections"][pin]]
                assert columns == bits_of(top, f"{layer}.bit_lines.{pin}"), (layer, macro, pin)
                # Inputs each have a wire of their own; what is not in use is tied to 0.
                assert len({*columns[:inputs]} - {"0", "1"}) == inputs
                assert columns[inputs + bias_columns :] == ["0"] * (
                    chain * COLUMNS - inputs - bias_columns
                )


def test_arrays_of_a_chain_share_rows_phases_and_lines(tmp_path):
    top = read_back(CHAINED, tmp_path)[MACRO_TOP]
    lines = []
    for layer in ("fc0", "fc1"):
        for macro in range(2):
            head, *others = (cell["connections"] for cell in arrays_of(top, layer, macro))
            for other in others:
                for pin in ("wl", "precharge", "evaluate", "line_p", "line_n"):
                    assert other[pin] == head[pin], (layer, macro, pin)
            lines += head["line_p"] + head["line_n"]
    assert len(set(lines)) == len(lines) == 8
    # Nothing but the arrays of the chain is on a line.
    for bit in lines:
        on_it = [
            (name, pin) for name, cell in top["cells"].items()
            for pin, bits in cell["connections"].items() if bit in bits
        ]  # fmt: skip
        assert len({name.rpartition("_array")[0] for name, _ in on_it}) == 1
        assert len({pin for _, pin in on_it}) == 1 and on_it[0][1] in ("line_p", "line_n")
    assert "line_p" not in arrays_of(top, "fc2", 0)[0]["connections"]


@pytest.mark.parametrize("change", [None, with_counts_chained], ids=["sign", "count"])
def test_one_comparator_and_one_bank_per_chain(tmp_path, change):
    config = change(CHAINED) if change else CHAINED
    modules = read_back(config, tmp_path)
    top = modules[MACRO_TOP]
    senses = []
    for layer in config.layers:
        for macro in range(layer.macros):
            head, *others = arrays_of(top, layer.name, macro)
            own = {"strobe", "sense_p", "sense_n"}
            own |= {"dac_p", "dac_n"} if layer.readout is Readout.COUNT else set()
            assert own <= set(head["connections"])
            for cell in others:
                assert not {"strobe", "sense_p", "sense_n", "dac_p", "dac_n"} & set(
                    cell["connections"]
                )
            for pin in ("sense_p", "sense_n"):
                assert head["connections"][pin] == bits_of(top, f"{layer.name}_macro{macro}__{pin}")
                senses += head["connections"][pin]
    assert len(set(senses)) == len(senses)
    for cell in itertools.chain.from_iterable(
        arrays_of(top, layer.name, macro)
        for layer in config.layers
        for macro in range(layer.macros)
    ):
        stub = modules[cell["type"]]["ports"]
        assert {pin: len(bits) for pin, bits in cell["connections"].items()} == {
            pin: len(port["bits"]) for pin, port in stub.items()
        }
