"""Configuration that is upset: whichever bit flips, whatever the other registers hold, it is told.

Configuration is what stays until a master changes it: registers that are written, whether the
controller runs, the tables of spare rows. Each part of it has a bit of odd parity.
"""

from amaranth.hdl import Cat, ResetSignal, Signal, Value

from ...hdl.controller.control_registers import ControlRegisters
from ...hdl.controller.controller import NetworkController
from .bench import Bench, Fault, Proof, Property, Task
from .layer_monitor import implies
from .recovery import NETWORK, cycle_number

TOLD_CYCLES = 3
"""Cycles from an upset to its bit in ERRORS."""

TOLD = "errors_configuration_upset_kept"


def configuration(bench: Bench) -> list[Value]:
    """Each part of the configuration with its parity: an odd number of its bits is 1."""
    inner, programmable = bench.inner, NETWORK.programmable
    parts: list[Value] = [Cat(inner("running"), inner("stopped"))]
    for _, register in ControlRegisters(NETWORK).map:
        if register.kept_mask:
            fields = [inner("registers", register.port(field)) for field in register.fields]
            parts.append(Cat(*fields, inner("registers", f"{register.name.lower()}_parity")))
    for layer in NETWORK.layers if programmable else ():
        spares = ("programmer", f"{layer.name}_rows", "spares")
        taken = [inner(*spares, f"taken_{macro}") for macro in range(layer.macros)]
        parts.append(Cat(inner(*spares, "parity"), taken, inner(*spares, "moves")))
    return parts


def _no_upset(bench: Bench) -> None:
    odd = [part.xor() for part in configuration(bench)]
    signs = ("registers", "upset"), ("configuration_upset",), ("registers", TOLD)
    told = Cat(bench.inner(*sign) for sign in signs)
    bench.prove("configuration_keeps_its_parity", told == 0, ~bench.inner("running"))
    for each in odd:
        bench.lemma(each)


def _upset(bench: Bench) -> None:
    cycle = cycle_number(bench, TOLD_CYCLES)
    bench.assume(~ResetSignal("sync"))
    bench.assume(~bench.inner("registers", "control_soft_reset"))
    odd = Cat(part.xor() for part in configuration(bench))
    bench.assume(implies(cycle == 0, ~odd.all()))
    told = bench.inner("registers", TOLD)
    before = Signal()
    bench.m.d.sync += before.eq((cycle != 0) & (told | before))
    ends = cycle == TOLD_CYCLES
    bench.prove("configuration_upset_is_told", implies(ends, told | before), ends)


def configuration_proofs() -> list[Proof]:
    """Parity stays as it is without an upset, and tells of every one."""
    scope = "two programmable layers with spare rows and trims"
    return [
        Proof(
            design="configuration",
            scope=scope,
            hardware=lambda: NetworkController(NETWORK),
            specify=_no_upset,
            depth=6,
            properties=(
                Property(
                    "configuration_keeps_its_parity",
                    "Whatever is written, calibrated or programmed, each register of "
                    "configuration and each table of spare rows has its parity, and "
                    "`configuration_upset` is 0.",
                    Fault(
                        "the parity of a time counts its lower byte twice",
                        "registers.layer0_evaluate_cycles_held_parity",
                        lambda true, inner: Cat(true[0], true[0], true[2:]),
                    ),
                ),
            ),
        ),
        Proof(
            design="upset configuration",
            scope=scope,
            hardware=lambda: NetworkController(NETWORK),
            specify=_upset,
            depth=TOLD_CYCLES + 1,
            reach="complete: from every state with one upset, or more, to its flag",
            properties=(
                Property(
                    "configuration_upset_is_told",
                    "Whatever bit of configuration flips, whatever state the other registers are "
                    "in and whatever is written meanwhile, `configuration_upset` is 1 within "
                    f"{TOLD_CYCLES} cycles, unless a soft reset clears it.",
                    Fault(
                        "the upper byte of a time is left out of its check",
                        "registers.layer0_evaluate_cycles_held_parity",
                        lambda true, inner: true & 1,
                    ),
                    Task.ANY_STATE,
                ),
            ),
        ),
    ]
