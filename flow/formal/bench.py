"""What a proof is made of: the hardware with free inputs, properties, lemmas, covers, a fault.

The hardware is the very component that simulates and synthesises: it is elaborated as ever, and
what is proven looks at its ports and, for lemmas, at its inner signals.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Assert, Assume, Cover, Fragment, Module, ResetSignal, Signal, Value

# Private to Amaranth, which has no public way to edit a fragment: a fault redirects assignments.
# What is here may change with any release, so that pyproject.toml pins one.
from amaranth.hdl import _xfrm as transform
from amaranth.hdl._ast import AnyConst, Assign
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from ..tools.symbiyosys import TOP

Signals = Callable[..., Signal]
"""Finds a signal by the names of the submodules down to it, and its own."""
Edit = Callable[[Signal, Signals], Value]


class Task(enum.Enum):
    """What is asked of the solver, each with its own model; first how far a property is proven."""

    INDUCTION = "induction"
    """For every run, however long."""
    BOUNDED = "bounded"
    """For every run of so many cycles from reset."""
    ANY_STATE = "any state"
    """For so many cycles from any state of the hardware's registers, reachable or not."""
    COVER = "cover"
    MUTANT = "mutant"


@dataclass(frozen=True)
class Fault:
    """An edit of the hardware: one signal has another value wherever it is read."""

    meaning: str
    signal: str
    """Names of the submodules down to the one that drives it, then its own, between dots."""
    edit: Edit
    """The new value, of the one that the hardware gives it; the second argument finds other
    signals of the same submodule and below it, and inputs of the hardware."""


def also(name: str) -> Edit:
    """An edit: a signal is high where another one is, too."""
    return lambda true, inner: true | inner(name)


def unless(name: str) -> Edit:
    """An edit: a signal is low where another one is high."""
    return lambda true, inner: true & ~inner(name)


@dataclass(frozen=True)
class Property:
    """What is proven, and the edit that breaks it."""

    name: str
    statement: str
    fault: Fault
    method: Task = Task.INDUCTION


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Properties of one piece of hardware, which share its model."""

    design: str
    scope: str
    """The hardware's size in words."""
    hardware: Callable[[], wiring.Component]
    specify: Callable[[Bench], None]
    """States assumptions, lemmas and properties with a bench's methods."""
    properties: tuple[Property, ...]
    depth: int
    """Cycles of what is bounded and of covers; beyond one whole scan of a layer."""
    induction_depth: int = 2
    reach: str = ""
    """What the depth is to be compared with, in words."""

    @property
    def from_any_state(self) -> bool:
        """Whether the solver chooses the registers' first values."""
        return any(each.method is Task.ANY_STATE for each in self.properties)


class _Renamed(transform.ValueTransformer):
    """Another signal in place of one."""

    def __init__(self, signal: Signal, other: Signal):
        self.signal = signal
        self.other = other

    def on_Signal(self, value: Signal) -> Signal:
        return self.other if value is self.signal else value


class _Redirected(transform.StatementTransformer):
    """Assignments to another signal than one; whoever reads it still does."""

    def __init__(self, signal: Signal, other: Signal):
        self.targets = _Renamed(signal, other)

    def on_Assign(self, stmt: Assign) -> Assign:
        return Assign(self.targets.on_value(stmt.lhs), stmt.rhs)


class Bench:
    """The hardware of one proof, and around it what one task of the solver needs.

    With `only`, all properties but the one of this name are left out; a mutant has its fault.
    """

    def __init__(self, proof: Proof, task: Task, only: str | None = None):
        self.proof = proof
        self.task = task
        self.only = only
        self.m = Module()
        self.hardware: Any = proof.hardware()
        self.fragment = Fragment.get(self.hardware, "formal")
        self.m.submodules.hardware = self.fragment
        self._driven: set[int] = set()
        self._lemmas = 0
        if task is Task.MUTANT:
            (fault,) = (each.fault for each in proof.properties if each.name == only)
            insert_fault(self.fragment, fault, self._ports())
        proof.specify(self)
        if self.example and not proof.from_any_state:
            self.assume(~ResetSignal("sync"))

    @property
    def example(self) -> bool:
        """Whether one run is looked for, not all: what is free may then be narrowed."""
        return self.task in (Task.COVER, Task.MUTANT)

    @property
    def finite(self) -> bool:
        """Whether the task goes cycle by cycle from reset, so that lengths are to be fixed."""
        return self.task is not Task.INDUCTION

    def drive(self, port: Signal, value: Value) -> None:
        """Give an input of the hardware a value; inputs without one are free in every cycle."""
        self._driven.add(id(port))
        self.m.d.comb += port.eq(value)

    def any(self, count: int, name: str) -> Signal:
        """A number below `count` that the solver chooses, once for the whole run."""
        chosen = Signal(range(max(2, count)), name=name)
        self.m.d.comb += chosen.eq(AnyConst(chosen.shape()))
        self.assume(chosen < count)
        return chosen

    def assume(self, condition: Value) -> None:
        """Look only at runs in which the condition holds in every cycle."""
        self.m.d.comb += Assume(condition)

    def prove(self, name: str, condition: Value, occurs: Value) -> None:
        """What a property says holds in every cycle; `occurs` is covered: it must be reachable,
        lest the property say nothing."""
        (stated,) = (each for each in self.proof.properties if each.name == name)
        if self.only not in (None, name):
            return
        if self.task is Task.COVER:
            self._check(name, Cover(occurs, src_loc_at=1))
        elif self.task in (stated.method, Task.MUTANT):
            self._check(name, Assert(condition, src_loc_at=1))

    def lemma(self, condition: Value) -> None:
        """A condition that is proven, too, so that others follow from it by induction."""
        if self.task is Task.INDUCTION:
            self._check(f"lemma_{self._lemmas}", Assert(condition, src_loc_at=1))
            self._lemmas += 1

    def inner(self, *path: str) -> Signal:
        """A signal inside the hardware: submodules' names down to it, and its own."""
        *modules, name = path
        signals = driven_signals(_module(self.fragment, modules))
        if name not in signals:
            raise LookupError(f"{'.'.join(path)}: found {', '.join(sorted(signals))}")
        return signals[name]

    def rtlil(self) -> str:
        """The model, for Yosys."""
        ports = [port for port in self._ports() if id(port) not in self._driven]
        return rtlil.convert(self.m, ports=ports, platform="formal", name=TOP)

    def _ports(self) -> list[Signal]:
        """The inputs of the hardware."""
        members = self.hardware.signature.flatten(self.hardware)
        return [value for _, member, value in members if member.flow == In]

    def _check(self, name: str, statement: object) -> None:
        # One module each: the solver names what fails by its module.
        self.m.submodules[name] = checked = Module()
        checked.d.comb += statement


def insert_fault(fragment: Fragment, fault: Fault, inputs: Iterable[Signal]) -> None:
    """Edit elaborated hardware; `inputs` are its own, for the fault to read."""
    *path, driven = fault.signal.split(".")
    module = _module(fragment, path)
    signal = driven_signals(module)[driven]
    true = Signal.like(signal, name=f"true_{signal.name}")
    redirected = _Redirected(signal, true)
    for domain, statements in module.statements.items():
        module.statements[domain] = redirected.on_statement(statements)
    given = {value.name: value for value in inputs}

    def inner(*path: str) -> Signal:
        *modules, name = path
        found = driven_signals(_module(module, modules))
        return found[name] if modules or name in found else given[name]

    module.add_statements("comb", signal.eq(fault.edit(true, inner)))


def _module(fragment: Fragment, path: Iterable[str]) -> Fragment:
    for name in path:
        fragment = fragment.find_subfragment(name)
    return fragment


def driven_signals(fragment: Fragment) -> dict[str, Signal]:
    """The signals that a module drives, by name; of those of the same name, the first."""
    signals: dict[str, Signal] = {}
    for statements in fragment.statements.values():
        for statement in statements:
            for signal in statement._lhs_signals():
                signals.setdefault(signal.name, signal)
    return signals
