"""The programmer as SystemVerilog passes Verilator's lint."""

import pytest

from popbridge.errors import InputError
from popbridge.flow.emit.convert import to_systemverilog
from popbridge.flow.tools.verilator import find_verilator, lint
from popbridge.hdl.config import LayerConfig, MacroConfig
from popbridge.hdl.layer.spare_rows import SpareWordLineDriver
from popbridge.hdl.programming.row import RowProgrammer

try:
    find_verilator()
except InputError as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.mark.parametrize(
    ("component", "spare_rows"),
    [(RowProgrammer, 0), (RowProgrammer, 1), (RowProgrammer, 2), (SpareWordLineDriver, 2)],
)
def test_lint(component, spare_rows, tmp_path):
    macro = MacroConfig(rows=5, columns=40, spare_rows=spare_rows)
    config = LayerConfig(name="fc", inputs=37, bias_columns=0, neurons=7, macro=macro)
    path = tmp_path / "top.sv"
    path.write_text(to_systemverilog(component(config), "top"), encoding="utf-8")
    lint([path], "top")
