"""nextpnr: place and route on an FPGA."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .packaged import PackagedTool

NEXTPNR = {
    family: PackagedTool(
        f"yowasp_nextpnr_{family}",
        f"sys.exit(yowasp_nextpnr_{family}.run_nextpnr_{family}(sys.argv[1:]))",
        "fpga",
    )
    for family in ("ice40", "ecp5")
}
DEVICES: dict[str, Sequence[str]] = {
    "ice40": ("--hx8k", "--package", "ct256"),
    "ecp5": ("--85k", "--package", "CABGA756", "--speed", "6", "--lpf-allow-unconstrained"),
}
"""Family to the options that choose its device: the largest. Pins go anywhere."""


def run_nextpnr(family: str, design: str, period_ps: float, folder: Path) -> dict[str, Any]:
    """The report on a design of `folder`, Yosys's JSON of it, placed and routed.

    Raises
    ------
    InputError
        It is not installed.
    ToolError
        The design does not fit the device, or nextpnr stops.
    """
    arguments = [*DEVICES[family], "--json", design, "--report", "report.json"]
    arguments += ["--freq", f"{1e6 / period_ps:.3f}", "--timing-allow-fail", "--seed", "1"]
    log = "nextpnr.log"
    NEXTPNR[family].run([*arguments, "--quiet", "--log", log], folder, log)
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report
