"""Options with which a signal has one value, or a comparison one answer, are built, too."""

import pytest
from support.jobs import make_network

from popbridge.bnn.mapping import map_network
from popbridge.flow.emit.controller import CONTROLLER, controller_verilog
from popbridge.flow.emit.convert import to_systemverilog
from popbridge.flow.tools.verilator import lint
from popbridge.hdl.config import DigitalLayerConfig, MacroConfig, ProgrammingConfig
from popbridge.hdl.digital.layer import DigitalLayer, PopcountLayer


@pytest.mark.parametrize(
    "macro",
    [
        {"zero_dead_time_allowed": True},
        {"programming": {"verify_settle_cycles": 1}},
        dict.fromkeys(("form_cycles", "set_cycles", "reset_cycles", "setup_cycles"), 1)
        | {"hold_cycles": 1},
        # The counts of failing columns of both layers, 5 and 3 in use, have three bits and two.
        {"failure_limit": 7},
        {"failure_limit": 3},
        {"columns_per_pulse": 2**64 - 1},
    ],
    ids=lambda macro: "-".join(macro),
)
def test_a_controller_is_built(macro, tmp_path):
    if not macro.keys() <= {"zero_dead_time_allowed", "programming"}:
        macro = {"programming": macro}
    programmable = "programming" in macro
    if programmable:
        macro = macro | {"programming": ProgrammingConfig(**macro["programming"])}
    config = map_network(
        make_network((4, 3, 2)),
        MacroConfig(rows=2, columns=8, programmable=programmable, **macro),
        bias_columns={"layer0": 1},
    ).config
    (tmp_path / "controller.sv").write_text(controller_verilog(config), encoding="utf-8")
    lint([tmp_path / "controller.sv"], CONTROLLER)


@pytest.mark.parametrize("kind", [PopcountLayer, DigitalLayer])
@pytest.mark.parametrize("inputs", [1, 2])
def test_a_digital_layer_of_one_neuron_is_built(kind, inputs, tmp_path):
    text = to_systemverilog(kind(DigitalLayerConfig(inputs=inputs, neurons=1)), "layer")
    (tmp_path / "layer.sv").write_text(text, encoding="utf-8")
    lint([tmp_path / "layer.sv"], "layer")
