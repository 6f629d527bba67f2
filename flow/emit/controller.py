"""SystemVerilog from Amaranth: the controller, and the macro top around it with its black boxes."""

from typing import Any

from ...hdl.config import NetworkConfig
from ...hdl.controller.control_registers import control_registers
from ...hdl.controller.controller import NetworkController
from ...hdl.controller.signature import NetworkSignature
from .black_boxes import black_boxes
from .convert import Port, ports_of, to_systemverilog
from .register_files import MADE_BY, register_description

CONTROLLER = "popbridge_controller"


def controller_ports(config: NetworkConfig) -> list[Port]:
    """The ports of a network's controller as its Verilog has them, ``clk`` and ``rst`` first."""
    return ports_of(NetworkSignature(config))


def controller_verilog(config: NetworkConfig, *, sources: bool = False) -> str:
    """SystemVerilog of a network's controller; `sources` as of `to_systemverilog`."""
    return to_systemverilog(NetworkController(config), CONTROLLER, sources=sources)


def description(config: NetworkConfig, versions: dict[str, str]) -> dict[str, Any]:
    """What a user of the Verilog needs to know, as plain data for JSON.

    Configuration, ports and registers of the controller, pins of each array, latencies in clock
    cycles, and the versions of the tools that made it.
    """
    return {
        "about": f"{MADE_BY} The controller of a network: its configuration, ports, registers, "
        "arrays and latencies in clock cycles.",
        "module": CONTROLLER,
        "configuration": config.to_dict(),
        "ports": [vars(port) for port in controller_ports(config)],
        "control": register_description(control_registers(config)),
        "black_boxes": {
            name: [vars(port) for port in ports] for name, ports in black_boxes(config).items()
        },
        "latency_cycles": {
            "image": config.latency,
            "interval": config.interval,
            "layers": {layer.name: layer.latency for layer in config.layers},
            "rows": {layer.name: layer.row_cycles for layer in config.layers},
        },
        "versions": versions,
    }
