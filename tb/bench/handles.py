"""Reading numbers from simulated signals."""

from __future__ import annotations

from typing import Any

from ...sim.outcome import Meter
from ...sim.testbench.top import (
    METERS,
)


class Failure(Exception):
    """The hardware did something that it must not."""


def read_number(handle: Any) -> int:
    """The value of a port as an unsigned integer."""
    return int(handle.value)


def read_meter(dut: Any, name: str) -> Meter:
    """The figures of an interval meter."""
    return Meter(**{figure: read_number(getattr(dut, f"{name}_{figure}")) for figure in METERS})
