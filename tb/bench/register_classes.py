"""What kind of register each is."""

from ...hdl.config import NetworkConfig
from ...hdl.controller.control_registers import ControlRegisters


def register_classes(config: NetworkConfig) -> dict[int, str]:
    """The class of the register at each address."""
    registers = ControlRegisters(config)
    classes = {
        "CONTROL": "commands", "STATUS": "state", "ERRORS": "events",
        "INTERRUPT_ENABLE": "events", "INTERRUPT_STATUS": "events",
        "CYCLES_LOW": "counters", "CYCLES_HIGH": "counters",
    }  # fmt: skip
    classes |= dict.fromkeys(registers.counters, "counters")
    for layer in registers.layers:
        programming = layer.programming.registers if layer.programming else ()
        groups = {"times": layer.phases.values(), "trims": layer.trims, "programming": programming}
        for name, members in groups.items():
            classes |= {register.name: name for register in members}
    return {address: classes.get(register.name, "constants") for address, register in registers.map}
