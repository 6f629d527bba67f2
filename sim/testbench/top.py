"""The simulated top: the controller with drivers and monitors, and the arrays' side.

Two kinds of array side exist. In bulk mode `array_replay` answers for each array from outcomes that
Python computed for the whole image, and checks the pins. In strict mode the arrays' pins are the
testbench's own ports, and Python answers strobe by strobe from them alone.
"""

import textwrap
from collections.abc import Iterable
from importlib import resources
from typing import Any

import jinja2

from ...flow.emit.controller import CONTROLLER, controller_ports
from ...hdl.config import STREAM_BITS, NetworkConfig, PhaseTiming
from ...hdl.config.pins import PinSizes
from ...hdl.controller.control_registers import control_registers
from .ports import (
    LINE_BITS,
    RESET_CYCLES,
    array_names,
    column_pins,
    index_bits,
    packet_beats,
    pins_to_array,
    step_pins,
)
from .violations import Violation

TESTBENCH = "popbridge_testbench"
MODULES = ("drivers.sv", "monitors.sv")
"""Files that are the same for every network."""
BULK_MODULES = ("phase_stepper.sv", "array_replay.sv", "calibration_replay.sv")
"""Those of bulk mode."""


def bus_inputs(config: NetworkConfig) -> list[str]:
    """The controller's inputs from the control bus; all 0 where nobody is on it."""
    return [
        port.name
        for port in controller_ports(config)
        if port.name.startswith("s_axil_") and port.direction == "input"
    ]


def programming_inputs(config: NetworkConfig) -> list[str]:
    """The controller's inputs of programming; all 0 where nothing is programmed."""
    return [
        port.name
        for port in controller_ports(config)
        if (port.name.startswith("w_axis_") and port.direction == "input")
        or port.name.endswith("__sl_q")
    ]


def testbench_files(config: NetworkConfig, *, strict: bool) -> dict[str, str]:
    """File name to text of all modules but the controller, in the order to compile them in."""
    folder = resources.files(__package__)

    def read(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(read),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prefixed"] = lambda names, prefix: [f"{prefix}{name}" for name in names]
    environment.filters["suffixed"] = lambda names, suffix: [f"{name}{suffix}" for name in names]
    environment.filters["wrapped"] = _wrapped
    top = environment.get_template("testbench.sv.j2").render(_context(config, strict=strict))
    files = {name: read(name) for name in MODULES} | {"testbench.sv": top}
    if strict:
        return files
    codes = environment.get_template("codes.sv.j2").render(
        violations=list(Violation),
        phases=dict.fromkeys(name for name, _ in PhaseTiming().phases(trials=2, planes=2)),
    )
    return {"codes.sv": codes} | {name: read(name) for name in BULK_MODULES} | files


def _wrapped(names: Iterable[str]) -> str:
    """A list of names on as many lines as it needs."""
    return textwrap.fill(", ".join(names), 88, subsequent_indent=" " * 6)


def _context(config: NetworkConfig, *, strict: bool) -> dict[str, Any]:
    """What the testbench's template is filled in with."""
    ports = controller_ports(config)
    # In strict mode these are the testbench's own.
    seen = [
        f"{array}__{pin}"
        for layer in config.layers
        for array in array_names(layer)
        for pin in pins_to_array(layer)
    ]
    own = ["clk", "rst", *(seen if strict else [])]
    bus = [port.name.removeprefix("s_axil_") for port in ports if port.name.startswith("s_axil_")]
    return {
        "address_bits": control_registers(config).address_bits,
        "array_names": array_names,
        "array_side": "strict_layer.sv.j2" if strict else "bulk_layer.sv.j2",
        "bus_connections": [f".{name}(s_axil_{name})" for name in bus],
        "bus_inputs": bus_inputs(config),
        "column_pins": column_pins,
        "config": config,
        "controller": CONTROLLER,
        "drivers": lambda layer: PinSizes.of_group(layer).drivers(),
        "index_bits": index_bits,
        "inner_ports": [port for port in ports if port.name not in own],
        "line_bits": LINE_BITS,
        "packet_beats": max(map(packet_beats, config.layers)),
        "pins_to_array": pins_to_array,
        "reset_cycles": RESET_CYCLES,
        "step_pins": step_pins,
        "stream_bits": STREAM_BITS,
        "strict": strict,
        "top": TESTBENCH,
    }
