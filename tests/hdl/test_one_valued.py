"""Options that are harmless one by one and leave a signal one value together are built."""

from support.jobs import make_network

from popbridge.bnn.mapping import map_network
from popbridge.flow.emit.controller import CONTROLLER, controller_verilog
from popbridge.flow.tools.verilator import lint
from popbridge.hdl.config import MacroConfig, ProgrammingConfig

PULSES = ("form_cycles", "set_cycles", "reset_cycles", "setup_cycles", "hold_cycles")


def test_pulses_of_one_cycle_are_built(tmp_path):
    programming = ProgrammingConfig(**dict.fromkeys(PULSES, 1), verify_settle_cycles=1)
    macro = MacroConfig(rows=2, columns=8, programmable=True, programming=programming)
    config = map_network(make_network((3, 2)), macro).config
    (tmp_path / "controller.sv").write_text(controller_verilog(config), encoding="utf-8")
    lint([tmp_path / "controller.sv"], CONTROLLER)
