"""Hardware with a fault: one signal of a controller has another value wherever it is read."""

from amaranth.hdl import Fragment
from amaranth.lib.wiring import In

from popbridge.flow.emit.controller import CONTROLLER
from popbridge.flow.emit.convert import to_systemverilog
from popbridge.flow.formal.bench import Fault, insert_fault
from popbridge.hdl.controller.controller import NetworkController


def fault(*path, edit):
    """At a signal: names of submodules down to it, and its own; see `Fault` for `edit`."""
    return Fault("", ".".join(path), edit)


class FaultyController(NetworkController):
    """A controller that is edited once it is elaborated."""

    def __init__(self, config, *faults):
        super().__init__(config)
        self.faults = faults

    def elaborate(self, platform):
        fragment = Fragment.get(super().elaborate(platform), platform)
        ports = self.signature.flatten(self)
        inputs = [value for _, member, value in ports if member.flow == In]
        for each in self.faults:
            insert_fault(fragment, each, inputs)
        return fragment


def faulty_verilog(config, *faults):
    """SystemVerilog of a `FaultyController`."""
    return to_systemverilog(FaultyController(config, *faults), CONTROLLER)
