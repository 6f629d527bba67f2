"""``popbridge synth``: what the hardware costs, and with which clock it runs."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ..bnn.catalog import find_network
from ..bnn.mapping import map_network
from ..errors import InputError
from ..flow.emit.controller import CONTROLLER
from ..flow.synthesis.designs import block_of_controller, one_macro_network
from ..flow.synthesis.synthesise import TARGETS, SynthResult, require_target, synthesise
from ..hdl.config import MACROS, MacroConfig, NetworkConfig
from ..hdl.controller.controller import NetworkController
from ..sim.cosim import BUILD_FOLDER
from .options.selection import find_preset
from .output import (
    add_cache_option,
    add_json_option,
    progress,
    require_writable,
    table,
    text_stream,
    write_json,
)
from .synth_compare import add_compare_option, run_comparison


def add_parser(commands: Any) -> None:
    """Add the subparser ``synth`` to `commands`."""
    targets = "; ".join(f"{name}: {meaning}" for name, meaning in TARGETS.items())
    parser = commands.add_parser(
        "synth",
        description="Synthesises the controller with Yosys, and finds the clock it reaches: on an "
        "FPGA placed and routed by nextpnr, in a cell library by OpenSTA before layout, wires "
        f"taken to be without load. Targets: {targets}.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "network", nargs="?", metavar="NETWORK",
        help="a shipped network's name or a network file; without it, one layer that fills one "
        "macro",
    )  # fmt: skip
    parser.add_argument(
        "--macro", default="default", metavar="NAME",
        help="the macro: a preset's name or a TOML file (see popbridge presets)",
    )  # fmt: skip
    parser.add_argument("--target", default="generic", choices=TARGETS, help="what it is made of")
    parser.add_argument(
        "--liberty", type=Path, metavar="FILE",
        help="the library of target liberty; without it, an installed one",
    )  # fmt: skip
    parser.add_argument(
        "--clock-mhz", type=_clock_mhz, metavar="MHZ",
        help="the clock to aim at; without it, the macro's own",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=BUILD_FOLDER / "synth", metavar="FOLDER",
        help="where netlist, constraints and logs go, in a folder for each target",
    )  # fmt: skip
    add_compare_option(parser)
    add_cache_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def _clock_mhz(text: str) -> float:
    try:
        clock = float(text)
    except ValueError:
        clock = math.nan
    if not 0 < clock < math.inf:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number of MHz above 0")
    return clock


def run(arguments: argparse.Namespace) -> int:
    """Synthesise, and print what came out."""
    if arguments.compare is not None:
        return run_comparison(arguments)
    require_writable(arguments.json)
    if arguments.liberty is not None and arguments.target != "liberty":
        raise InputError(
            f"--liberty: found target {arguments.target}, expected --target liberty with it"
        )
    require_target(arguments.target, arguments.liberty)
    config, design = _selected(arguments)
    folder = arguments.output / arguments.target
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: found {error.strerror}, expected a folder") from None
    require_writable(folder / f"{CONTROLLER}.v")
    clock_mhz = arguments.clock_mhz
    result = synthesise(
        NetworkController(config),
        CONTROLLER,
        arguments.target,
        folder,
        clock_period_ps=1e6 / clock_mhz if clock_mhz else config.clock_period_ps,
        liberty=arguments.liberty,
        block_of=block_of_controller(config),
        progress=progress,
    )
    progress("")
    print("\n".join(_report(design, result)), file=text_stream(arguments.json))
    write_json(arguments.json, {"design": design, **result.to_dict()})
    return 0


def _selected(arguments: argparse.Namespace) -> tuple[NetworkConfig, str]:
    """What is synthesised, and what it is called."""
    macro = find_preset(arguments.macro, MACROS, MacroConfig)
    size = f"{macro.rows} x {macro.columns}"
    if arguments.network is None:
        return one_macro_network(macro), f"controller of one full macro, {size}"
    mapped = map_network(find_network(arguments.network), macro)
    return mapped.config, f"controller of {mapped.network.name}, macros {size}"


def _report(design: str, result: SynthResult) -> list[str]:
    """Lines for people."""
    lines = [f"{design}; target {result.target}: {TARGETS[result.target]}", ""]
    figures: dict[str, object] = {"cells": result.cells, "flip-flops": result.flip_flops}
    if result.transistors is not None:
        figures["transistors"] = result.transistors
    if result.area is not None:
        figures["area, unit of the library"] = f"{result.area:.0f}"
    if result.depth is not None:
        figures["logic depth, cells"] = result.depth
    if result.fmax_hz is not None:
        figures["clock, MHz"] = f"{result.fmax_hz / 1e6:.1f}"
    lines.append(table(("", "found"), list(figures.items())))
    if result.blocks is not None:
        lines += ["", _block_table(result)]
    lines += ["", *_clock_lines(result), *result.files]
    return lines


def _block_table(result: SynthResult) -> str:
    assert result.blocks is not None
    measure = next(name for name in ("area", "transistors", "cells") if getattr(result, name))
    total = sum(getattr(block, measure) for block in result.blocks.values())
    rows = [
        (
            name,
            block.cells,
            block.flip_flops,
            *((f"{getattr(block, measure):.0f}",) if measure != "cells" else ()),
            f"{100 * getattr(block, measure) / total:.1f} %",
        )
        for name, block in result.blocks.items()
    ]
    measured = (measure,) if measure != "cells" else ()
    return table(("block by itself", "cells", "flip-flops", *measured, "share"), rows)


def _clock_lines(result: SynthResult) -> list[str]:
    if result.without_clock:
        return [f"no clock: {result.without_clock}"]
    if result.fmax_hz is None:
        return []
    verdict = "closes" if result.closes else "does not close"
    return [f"{verdict} {result.clock_hz / 1e6:g} MHz; worst path {result.worst_path}"]
