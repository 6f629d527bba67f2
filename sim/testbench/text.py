"""The text of the testbench module while it is put together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TestbenchText:
    """The pieces of the testbench module, in the order of the file."""

    ports: list[str]
    body: list[str]

    def port(self, direction: str, width: int, name: str) -> None:
        """Add a port of the testbench."""
        # Verilator shows VPI only what is marked. What could be written from outside it evaluates
        # anew with everything behind it, every time: outputs are to be read only.
        shown = f"/* verilator public_flat_r{'w' if direction == 'input' else 'd'} */"
        self.ports.append(f"  {direction} logic [{width - 1}:0] {name} {shown}")

    def wire(self, width: int, name: str) -> None:
        """Add an inner wire."""
        self.body.append(f"  logic [{width - 1}:0] {name};")
