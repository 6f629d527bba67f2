"""Reading numbers from simulated signals."""

from typing import Any

from ...sim.outcome import Meter


class Failure(Exception):
    """The hardware did something that it must not."""


def read_number(handle: Any) -> int:
    """The value of a port as an unsigned integer."""
    return int(handle.value)


def read_meter(dut: Any, name: str) -> Meter:
    """What an interval meter has counted."""
    return Meter(
        shortest=read_number(getattr(dut, f"{name}_shortest")),
        longest=read_number(getattr(dut, f"{name}_longest")),
        first=read_number(getattr(dut, f"{name}_first")),
        count=read_number(getattr(dut, f"{name}_count")),
    )
