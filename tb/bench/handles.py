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
    counts = ("shortest", "longest", "first", "count")
    return Meter(**{count: read_number(getattr(dut, f"{name}_{count}")) for count in counts})
