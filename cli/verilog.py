"""``popbridge verilog``: the generated hardware as files."""

import argparse
import json
from pathlib import Path
from typing import Any, TextIO

from ..bnn.mapping import MappedNetwork
from ..errors import InputError
from ..flow.emit.black_boxes import MACRO_TOP, black_box_stubs, macro_top_verilog
from ..flow.emit.cells import cells_csv
from ..flow.emit.controller import CONTROLLER, controller_verilog, description
from ..flow.emit.register_files import MADE_BY, register_header, register_markdown, register_svd
from ..flow.tools.icarus import without_always_comb
from ..flow.tools.verilator import lint
from ..hdl.controller.control_registers import control_registers
from ..sim.cosim import BUILD_FOLDER, simulator_versions
from ..study.request import NetworkRequest
from ..whole_file import made_folder
from .options.selection import add_network_options, request_of
from .show.output import add_cache_option, progress, require_writable, write_text

DESCRIPTION = (
    "Writes the network's controller, the macro top (controller and bridge_array "
    "black boxes), the black boxes' stubs, a JSON file that describes them, the control "
    "registers as Markdown, C header and CMSIS-SVD, and what each cell has to hold as CSV; then "
    "has Verilator check the hardware. docs/hardware.md says what all of it means."
)
STUBS = "bridge_array_stubs.sv"
_MADE = f"// {MADE_BY} SystemVerilog (IEEE 1800-2005)"
HEADS = {
    f"{CONTROLLER}.sv": f"{_MADE}: the controller, top module {CONTROLLER}.\n"
    "// The arrays' pins are among its ports: put models of them there to simulate it.\n",
    f"{MACRO_TOP}.sv": f"{_MADE}: the controller beside its arrays, top module\n"
    f"// {MACRO_TOP}. It is complete: read it without {CONTROLLER}.sv, but with {STUBS},\n"
    "// or with models of the arrays in their place.\n",
    STUBS: f"{_MADE}: the arrays as empty modules, for synthesis, lint\n"
    f"// and floorplan, to be read with {MACRO_TOP}.sv. They do nothing in simulation.\n",
}
"""What stands above the hardware: what it is, and how it is used."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_network_options(parser)
    parser.add_argument(
        "--output", type=Path, default=BUILD_FOLDER / "verilog", metavar="FOLDER",
        help="where the files go",
    )  # fmt: skip
    parser.add_argument(
        "--icarus-11", action="store_true",
        help="write the hardware for Icarus Verilog up to 11, whose always_comb blocks can wake "
        "each other for ever, as in controllers of programmable macros",
    )  # fmt: skip
    add_cache_option(parser)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Write and check the files."""
    mapped = request_of(NetworkRequest, arguments).mapped()
    config = mapped.config
    folder = made_folder(arguments.output)
    require_writable(folder / f"{CONTROLLER}.sv")
    try:
        versions, missing = simulator_versions("verilator"), None
    except InputError as error:
        versions, missing = simulator_versions(None), error
    progress("converting")
    made = description(config, versions) | _thresholds(mapped)
    registers = control_registers(config)
    hardware = {
        f"{CONTROLLER}.sv": controller_verilog(config),
        f"{MACRO_TOP}.sv": macro_top_verilog(config),
    }
    texts = {
        **{name: HEADS[name] + text for name, text in hardware.items()},
        STUBS: HEADS[STUBS] + black_box_stubs(config),
        f"{CONTROLLER}.json": json.dumps(made, indent=2) + "\n",
        f"{CONTROLLER}.svd": register_svd(registers),
        "popbridge_registers.h": register_header(registers),
        "popbridge_registers.md": register_markdown(registers, mapped.network.name),
        "popbridge_cells.csv": cells_csv(config, mapped.weights),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    if missing is None:
        progress("checking")
        lint([folder / f"{CONTROLLER}.sv"], CONTROLLER)
        # Checks each black box's port names and widths against its stub, too.
        lint([folder / f"{MACRO_TOP}.sv", folder / STUBS], MACRO_TOP)
    if arguments.icarus_11:
        for name in hardware:
            write_text(folder / name, without_always_comb(texts[name]))
    progress("")
    for name in texts:
        print(folder / name, file=out)
    if mapped.saturated:
        print(
            f"{mapped.saturated} thresholds are not held exactly: {CONTROLLER}.json has those that "
            "are, docs/hardware.md says why",
            file=out,
        )
    verdict = "Verilator's lint finds nothing beyond the waivers of popbridge.flow.tools.verilator"
    print(verdict if missing is None else f"lint skipped: {missing}", file=out)
    return {"files": [str(folder / name) for name in texts], **made}, 0


def _thresholds(mapped: MappedNetwork) -> dict[str, Any]:
    """What bias columns hold: thresholds of the hidden layers, and how many neurons differ."""
    return {
        "thresholds": {
            layer.config.name: layer.thresholds.tolist()
            for layer in mapped.layers
            if layer.thresholds is not None
        },
        "saturated": {layer.config.name: layer.saturated for layer in mapped.layers},
    }
