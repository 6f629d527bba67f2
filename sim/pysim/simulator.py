"""Amaranth's simulator, for signals of any width.

It writes the hardware as Python text and compiles that: a wide word becomes a decimal number, and
one that is put together from parts an expression as deep as there are parts. The interpreter
limits both, at 4,300 digits (14,285 bits) and at about 3,000 parts, against text from outside; this
is our own, no wider than `hdl.config` lets a bus be.
"""

import sys
import threading

from amaranth.hdl import Elaboratable
from amaranth.sim import Simulator

STACK_BYTES = 256 << 20
"""Of the thread that compiles: several times what 65,535 parts take."""
DEEPEST = 1_000_000
"""More than any expression here: the stack is what counts."""


def make_simulator(hardware: Elaboratable) -> Simulator:
    """A simulator of the hardware, without clock and testbench."""
    made: list[Simulator] = []
    errors: list[BaseException] = []

    def make() -> None:
        limits = sys.get_int_max_str_digits(), sys.getrecursionlimit()
        sys.set_int_max_str_digits(0)
        sys.setrecursionlimit(DEEPEST)
        try:
            made.append(Simulator(hardware))
        except BaseException as error:  # raised again below, in the caller's thread
            errors.append(error)
        finally:
            sys.set_int_max_str_digits(limits[0])
            sys.setrecursionlimit(limits[1])

    before = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=make)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if errors:
        raise errors[0]
    return made[0]
