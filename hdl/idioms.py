"""Expressions in Amaranth that several components use."""

import functools
import operator
from collections.abc import Iterable, Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring


def sum_of(values: Sequence[Value]) -> Value:
    """The sum as a balanced tree: a chain of thousands nests too deep to convert."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    return sum_of(values[:half]) + sum_of(values[half:])


def bits_of(largest: int) -> int:
    """Width of a signal from 0 to `largest`, at least 1: Verilog has no signals without bits.

    Of any integer, where `range` knows no lengths beyond 63 bits.
    """
    return max(1, largest.bit_length())


def any_of(values: Sequence[Value]) -> Value:
    """All of them ORed, bit by bit: for sources of which at most one is not 0."""
    return functools.reduce(operator.or_, values)


def members_of(interface: wiring.PureInterface) -> dict[str, Value]:
    """The signals of an interface by their names; those of interfaces inside of it left out."""
    paths = interface.signature.flatten(interface)
    return {path[0]: value for path, _, value in paths if len(path) == 1}


def drive(
    m: Module, sinks: wiring.PureInterface, sources: wiring.PureInterface, names: Iterable[str]
) -> None:
    """Have the members of one interface follow those of the same names of another."""
    into, come = members_of(sinks), members_of(sources)
    m.d.comb += [into[name].eq(come[name]) for name in names]


def counted(m: Module, counter: Signal, events: Value) -> Value:
    """A counter that stops at its largest value, once `events` are added."""
    total = Signal(len(counter) + 1, name=f"{counter.name}_total")
    m.d.comb += total.eq(counter + events)
    return Mux(total[-1], (1 << len(counter)) - 1, total)


def unused_states(fsm: Any) -> list[str]:
    """Names of states to add, so that each code of the state register has one.

    A register that is upset to a code without a state would keep it for ever. Called once all
    other states of the machine are there.

    Parameters
    ----------
    fsm : amaranth.hdl.FSM
        What ``with m.FSM() as fsm`` gives.
    """
    states = len(fsm.encoding)
    return [f"UNUSED_{code}" for code in range(states, 1 << (states - 1).bit_length())]
