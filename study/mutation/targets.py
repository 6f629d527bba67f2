"""Designs that get faults, and what each of them meets. A design that is added here joins."""

import ast
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.hdl import Elaboratable, Fragment

from ... import hdl
from ...flow.emit.controller import CONTROLLER
from ...flow.emit.convert import rtlil_of, systemverilog_of
from ...flow.formal.netlist_faults import prepared_design
from ...hdl.config import DigitalLayerConfig
from ...hdl.controller.controller import NetworkController
from ...hdl.digital.layer import DigitalLayer
from ..designs import DESIGNS, Design
from . import attacks
from .source_faults import HARDWARE

Attack = Callable[[str, Path], str | None]
"""Of SystemVerilog, in a folder of its own: why the hardware fails, None if it passes."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A design, and what finds its faults."""

    name: str
    component: Callable[[], Elaboratable]
    quick: dict[str, Attack]
    """Cheapest first."""
    slow: dict[str, Attack]
    """Between the quick ones and these, a faulty design is held against the one without a fault:
    what is equal needs no further attack."""

    def rtlil(self) -> str:
        """The design as its Amaranth source has it."""
        return rtlil_of(self.component(), CONTROLLER)

    @functools.cached_property
    def original(self) -> str:
        """`rtlil` without a fault."""
        return self.rtlil()

    @functools.cached_property
    def prepared(self) -> str:
        """The design without a fault, as faults are put into it and compared with it."""
        return prepared_design(systemverilog_of(self.original), CONTROLLER)

    @functools.cached_property
    def modules(self) -> dict[str, str]:
        """Of each module of the netlist, the module of Python that describes it."""
        described = dict(_described(Fragment.get(self.component(), None), CONTROLLER))
        # A submodule that is called like a signal beside it has a number behind its name.
        plain = {
            name: re.sub(r"\$\d+", "", name)
            for name in re.findall(r"^module \\(\S+)", self.prepared, flags=re.MULTILINE)
        }
        return {name: described[of] for name, of in plain.items() if of in described}


def _described(fragment: Any, name: str) -> Iterator[tuple[str, str]]:
    for origin in fragment.origins or ():
        if type(origin).__module__.startswith(HARDWARE):
            yield name, type(origin).__module__
    for inner, inner_name, *_ in fragment.subfragments:
        yield from _described(inner, f"{name}_{inner_name}")


def network_target(name: str, design: Design) -> Target:
    """The controller of a small network."""
    job = design.job()
    return Target(
        name=name,
        component=lambda: NetworkController(job.config),
        quick={
            "images": functools.partial(attacks.images, job),
            "bits": functools.partial(attacks.bits, job),
        },
        slow={
            "counters": functools.partial(attacks.counters, job),
            "buses": functools.partial(attacks.buses, job),
            "long": functools.partial(attacks.long, job),
        },
    )


def digital_target(name: str, config: DigitalLayerConfig) -> Target:
    """A layer of the all-digital alternative."""
    return Target(
        name=name,
        component=lambda: DigitalLayer(config),
        quick={"words": functools.partial(attacks.words, config)},
        slow={},
    )


ATTACKS = ("elaboration", "images", "words", "bits", "counters", "buses", "long")
"""What can find a fault, from cheap to dear."""
DIGITAL = {
    "digital": DigitalLayerConfig(inputs=6, neurons=3, adder_levels_per_stage=1),
    "digital, one stage": DigitalLayerConfig(inputs=5, neurons=2, adder_levels_per_stage=9),
}


@functools.cache
def targets() -> dict[str, Target]:
    """All of them, by name."""
    networks = {name: network_target(name, design) for name, design in DESIGNS.items()}
    return networks | {name: digital_target(name, config) for name, config in DIGITAL.items()}


def components() -> list[str]:
    """Every module of the hardware in which a component is elaborated, found in its folders."""
    folder = Path(hdl.__path__[0])
    found = []
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(getattr(node, "name", "") == "elaborate" for node in ast.walk(tree)):
            found.append(HARDWARE + ".".join(path.relative_to(folder).with_suffix("").parts))
    return found
