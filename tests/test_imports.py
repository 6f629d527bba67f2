"""Imports go one way: what `make lint` lets pass, and what it catches."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("importlinter")

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("behav", "bnn", "cli", "figures", "flow", "hdl", "sim", "study", "tb")
FORBIDDEN = {
    "upwards": ("hdl/stray.py", "from popbridge.sim.cosim import simulate"),
    "sideways": ("flow/emit/stray.py", "from ...behav.draws import Domain"),
    "beside": ("study/stray.py", "from popbridge.tb.bench import stream"),
    "hardware from physics": ("behav/cell/stray.py", "from ...hdl.bus import registers"),
    "rooms from the ground": ("popbridge/bits.py", "from .hdl.config import Record"),
    "Amaranth in the configuration": ("hdl/config/stray.py", "import amaranth"),
    "simulator in the physics": ("behav/stray.py", "import cocotb"),
    "command line in the results": ("study/stray.py", "import argparse"),
}


@pytest.fixture
def package(tmp_path):
    """The package as it is installed, as a copy that may be edited."""
    ignored = shutil.ignore_patterns("__pycache__", "*.npz")
    shutil.copytree(REPOSITORY / "popbridge", tmp_path / "popbridge", ignore=ignored)
    for room in ROOMS:
        shutil.copytree(REPOSITORY / room, tmp_path / "popbridge" / room, ignore=ignored)
    return tmp_path / "popbridge"


def lint(package):
    """Run import-linter on a package; gives its exit status and what it says."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as lint; lint()",
    ]
    command += ["--no-cache", str(REPOSITORY / "pyproject.toml")]
    done = subprocess.run(
        command, cwd=package.parent, env={"PYTHONPATH": str(package.parent), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_imports_go_one_way(package):
    status, told = lint(package)
    assert status == 0, told
    assert "0 broken" in told


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_a_forbidden_import_fails_the_lint(package, kind):
    name, line = FORBIDDEN[kind]
    file = package / name.removeprefix("popbridge/")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    file.write_text(f"{text}\n{line}\n", encoding="utf-8")
    status, told = lint(package)
    assert status == 1, told
    assert "1 broken" in told
