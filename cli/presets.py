"""``popbridge presets``: what can be chosen by name."""

import argparse
from typing import Any, TextIO

from ..behav.cell.bit_errors import bit_error_rate
from ..behav.conditions import CONDITIONS
from ..bnn.catalog import SHIPPED_NETWORKS, find_network
from ..errors import InputError
from ..hdl.config import MACROS
from .show.output import table

DESCRIPTION = (
    "Lists what can be chosen by name. With NAME, prints that macro or condition "
    "as TOML, to be changed and given to --macro or --condition as a file."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.formatter_class = argparse.HelpFormatter  # no option has a default
    parser.add_argument("name", nargs="?", metavar="NAME", help="a macro's or condition's name")


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """List the presets, or print one."""
    presets = {**MACROS, **CONDITIONS}
    if arguments.name is not None:
        if arguments.name not in presets:
            raise InputError(
                f"{arguments.name}: found no such preset, expected one of: {', '.join(presets)}"
            )
        print(presets[arguments.name].to_toml(), end="", file=out)
        return presets[arguments.name].to_dict(), 0
    print(_lists(), file=out)
    lists = {
        "networks": list(SHIPPED_NETWORKS),
        "macros": {name: macro.to_dict() for name, macro in MACROS.items()},
        "conditions": {name: condition.to_dict() for name, condition in CONDITIONS.items()},
    }
    return lists, 0


def _lists() -> str:
    networks = []
    for name in SHIPPED_NETWORKS:
        network = find_network(name)
        sizes = [network.inputs, *(layer.outputs for layer in network.layers)]
        networks.append([name, network.bits_per_input, "-".join(map(str, sizes))])
    macros = [
        [name, macro.rows, macro.columns, f"{macro.timing.clock_period_s * 1e9:g} ns",
         macro.slot_cycles(1), f"{macro.slot_s(1) * 1e9:g} ns"]
        for name, macro in MACROS.items()
    ]  # fmt: skip
    conditions = []
    for name, condition in CONDITIONS.items():
        law = condition.comparator
        decision = (
            f"error law {law.error_law_clock_s * 1e9:g} ns" if law.error_law
            else f"offset {law.offset_sigma_v * 1e3:g} mV, noise {law.noise_sigma_v * 1e3:g} mV"
        )  # fmt: skip
        rate = bit_error_rate(condition.devices, condition.bridge)
        conditions.append(
            [name, f"{condition.devices.hrs_median_ohm / 1e3:g} kohm", f"{rate:.3%}", decision]
        )
    return "\n\n".join(
        [
            table(["network", "bits per input", "layers"], networks),
            table(["macro", "rows", "columns", "clock", "cycles per row", "row"], macros),
            table(["condition", "HRS median", "XNOR bit error rate", "comparator"], conditions),
        ]
    )
