"""The controller's SystemVerilog, by the import path that users have."""

from .emit.controller import CONTROLLER, controller_verilog

__all__ = ["CONTROLLER", "controller_verilog"]
